"""What a conversation's floor forbids, each with the sentence that says what to do instead.

Commands refuse with these sentences after their lock; screens show them beside what is closed.
"""

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.grants.rights import may
from conversations.modes.floor import Floor, Joining, Mode
from conversations.threads.models import Conversation, Participant
from helpdesk.core.refusals import Conflict, NotAllowed
from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act
from permissions.approvals.gate import ApprovalNeeded, approval_of
from permissions.approvals.registry import operation
from permissions.approvals.rules import Rule

Sentence = str | Promise
JOIN = "conversation.join"  # the operation a colleague may have to approve

NOBODY_LEADS = _("Nobody is responsible here yet: take the conversation, then answer.")
OFF = _("Working together is switched off: %(name)s answers here, and you can read along.")
LEAD = _("%(name)s leads and answers the customer. Suggest them a reply or advise them in a note.")
SOLO = _("%(name)s answers the customer alone here. You can watch, and write a note.")
ASK_TO_BE_INVITED = _("One takes part here by invitation: ask somebody who is in it.")
ASK_TO_BE_LET_IN = _("Joining this conversation needs an approval: press Join to ask for it.")
NOT_CHOSEN = _("Only certain teams and roles take part in these conversations; you can read along.")
THEY_ARE_NOT_CHOSEN = _("%(name)s is in none of the teams and roles that may take part here.")
FULL = _("%(most)s people take part, and more may not: somebody has to leave first.")
NOTES_OFF = _("Internal messages are switched off. What was written stays here to be read.")
SENSITIVE_OFF = _("Sensitive notes are switched off. Write a routine one.")
ONE_AT_A_TIME = _("Working together is switched off: one agent at a time has the conversation.")


def why_no_reply(found: Conversation, agent: Agent, *, takes_part: bool) -> Sentence | None:
    """Why this agent's reply would not go out; None if it would."""
    if found.assignee_id == agent.pk:
        return None
    floor = found.floor
    if floor.is_led:
        if found.assignee is None:
            return NOBODY_LEADS
        sentence = (SOLO if floor.mode == Mode.SOLO else LEAD) if floor.enabled else OFF
        return sentence % {"name": str(found.assignee)}
    return None if takes_part else why_no_joining(found, agent)


def why_no_note(found: Conversation, agent: Agent) -> Sentence | None:
    """Why this agent cannot write a note; None if they can."""
    return why_no_advice(found, agent) if found.floor.notes else NOTES_OFF


def why_no_advice(found: Conversation, agent: Agent) -> Sentence | None:
    """Why this agent cannot help whoever is responsible, by a note or a suggestion."""
    if found.floor.enabled or found.assignee_id == agent.pk or found.assignee is None:
        return None
    return OFF % {"name": str(found.assignee)}


def why_no_sensitive_note(found: Conversation, agent: Agent) -> Sentence | None:
    """Why this agent cannot write a note in confidence; None if they can."""
    off = None if found.floor.sensitive_notes else SENSITIVE_OFF
    return why_no_note(found, agent) or off


def why_no_joining(found: Conversation, agent: Agent) -> Sentence | None:
    """Why an agent who does not take part cannot come in by themselves; None if they can."""
    floor = found.floor
    if not floor.enabled:
        return ONE_AT_A_TIME
    if not is_chosen(floor, agent):
        return NOT_CHOSEN
    if floor.asks_for_invitation:
        return ASK_TO_BE_INVITED
    if floor.asks_for_approval:
        return ASK_TO_BE_LET_IN
    return why_no_room(found)


def may_try_to_join(found: Conversation, agent: Agent) -> bool:
    """Whether a button makes sense: they can come in, or ask to be let in."""
    why = why_no_joining(found, agent)
    return why is None or why is ASK_TO_BE_LET_IN


def why_no_room(found: Conversation) -> Sentence | None:
    most = found.floor.most
    if not most or _there(found).count() < most:
        return None
    return FULL % {"most": most}


def is_chosen(floor: Floor, agent: Agent) -> bool:
    """Whether the agent is among those who may take part, if only some may."""
    if floor.joining != Joining.CHOSEN:
        return True
    return agent.groups.filter(pk__in=floor.groups).exists()


def watches_unseen(found: Conversation, agent: Agent, *, takes_part: bool) -> bool | None:
    """Whether colleagues do not see that a supervisor watches; None for who supervises nothing
    here, or is in the conversation anyway."""
    if takes_part or found.assignee_id == agent.pk or not may(agent, Act.SUPERVISE, found):
        return None
    return found.floor.unseen_supervisors


def approval_is_offered() -> bool:
    """Whether somebody can ask to be let in."""
    return operation(JOIN) is not None


def offered_modes() -> list[Mode]:
    return [mode for mode in Mode if mode != Mode.APPROVED or approval_is_offered()]


def offered_joining() -> list[Joining]:
    return [one for one in Joining if one != Joining.APPROVED or approval_is_offered()]


# --- for commands ---------------------------------------------------------------------------


def require_reply(found: Conversation, agent: Agent, *, takes_part: bool) -> None:
    _refuse(found, why_no_reply(found, agent, takes_part=takes_part))


def require_note(found: Conversation, agent: Agent, *, sensitive: bool = False) -> None:
    why = why_no_sensitive_note if sensitive else why_no_note
    _refuse(found, why(found, agent))


def require_advice(found: Conversation, agent: Agent) -> None:
    _refuse(found, why_no_advice(found, agent))


def require_notes_on(found: Conversation) -> None:
    """For a note that goes along with an act, whoever is responsible after it."""
    _refuse(found, None if found.floor.notes else NOTES_OFF)


def require_joining(found: Conversation, agent: Agent) -> None:
    """Raises NotAllowed with the reason, or ApprovalNeeded where a colleague has to say yes."""
    why = why_no_joining(found, agent)
    if why is ASK_TO_BE_LET_IN and approval_is_offered():
        if approval_of(JOIN) is None:
            raise ApprovalNeeded(JOIN, Rule(JOIN))
        why = why_no_room(found)
    _refuse(found, why)


def require_inviting(found: Conversation, agent: Agent, who: Agent) -> None:
    """Whoever leads may always ask for help; others if they are in, or could come in themselves."""
    floor = found.floor
    if not floor.enabled:
        _refuse(found, ONE_AT_A_TIME)
    leads = found.assignee_id == agent.pk or may(agent, Act.SUPERVISE, found)
    if not leads and floor.asks_for_approval:
        _refuse(found, ASK_TO_BE_LET_IN)
    if not leads and floor.asks_for_invitation and not _there(found).filter(agent=agent).exists():
        _refuse(found, ASK_TO_BE_INVITED)
    require_chosen(found, who)
    _refuse(found, why_no_room(found))


def require_chosen(found: Conversation, who: Agent) -> None:
    """Raises NotAllowed if the one to be given the conversation may not take part in it."""
    if not is_chosen(found.floor, who):
        raise NotAllowed(THEY_ARE_NOT_CHOSEN % {"name": str(who)})


def make_room(found: Conversation, to: Agent, *, before: Agent | None) -> Agent | None:
    """A new owner needs a place: if all are taken, whoever was responsible gives theirs up.

    Returns who has to leave, or None; Conflict if there is nobody to give a place up.
    """
    there = _there(found)
    if not (why := why_no_room(found)) or there.filter(agent=to).exists():
        return None
    if before is None or not there.filter(agent=before).exists():
        raise Conflict(why)
    return before


def _there(found: Conversation) -> QuerySet[Participant]:
    return Participant.objects.filter(conversation=found, left_at=None)


def _refuse(found: Conversation, why: Sentence | None) -> None:
    if why is not None:
        raise NotAllowed(why, mode=found.floor.mode.value)
