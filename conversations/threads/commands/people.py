"""Who takes part in a conversation, and who is responsible for it."""

import uuid
from datetime import datetime
from types import EllipsisType
from typing import Any

from django.utils.translation import gettext_lazy as _

from conversations.grants.rights import may, require_act
from conversations.modes import enforcing
from conversations.threads import steps
from conversations.threads.models import Conversation, ConversationId, Entry, Participant
from helpdesk.core.refusals import Conflict, NotAllowed
from permissions.accounts.models import Agent, Team
from permissions.acts.command import Step, command
from permissions.acts.vocabulary import Act
from permissions.approvals.gate import require_approval


def join(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """Take part in a conversation."""
    with command("conversation.join", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.JOIN, conversation, agent)
        standing = steps.standing(found, agent=agent)
        now = standing.now
        if standing.takes_part:
            step.nothing_changed()
            return found
        enforcing.require_joining(found, agent)
        require_approval(
            "conversation.join", agent=agent, tags=found.tags, issue_type=found.issue_type
        )
        steps.take_part(found, agent, at=now)
        steps.add_event(step, found, "joined", author=agent, at=now)
        steps.save_head(step, found)
        return found


def leave(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """Stop taking part. Who is responsible cannot leave without handing over."""
    with command("conversation.leave", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        if found.assignee_id == agent.pk:
            raise Conflict(_("You are responsible here: assign it to a colleague first."))
        standing = steps.standing(found, agent=agent)
        now = standing.now
        if not standing.takes_part:
            step.nothing_changed()
            return found
        Participant.objects.filter(conversation=found, agent=agent).update(left_at=now)
        steps.add_event(step, found, "left", author=agent, at=now)
        steps.save_head(step, found)
        return found


def invite(*, agent: Agent, conversation: ConversationId, who: Agent) -> Conversation:
    """Bring a colleague into the conversation."""
    with command("conversation.invite", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.INVITE, conversation, agent)
        if not may(who, Act.JOIN, found):
            raise NotAllowed(
                _("%(name)s may not take part in conversations of this inbox.") % {"name": str(who)}
            )
        standing = steps.standing(found, agent=who)
        now = standing.now
        if standing.takes_part:
            step.nothing_changed()
            return found
        enforcing.require_inviting(found, agent, who)
        steps.take_part(found, who, at=now)
        step.note(invited=who.pk)
        steps.add_event(step, found, "invited", author=agent, at=now, to=steps.person(who))
        steps.save_head(step, found)
        return found


def claim(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """Take an unassigned conversation. Conflict, with the winner's name, if it has an owner."""
    with command("conversation.claim", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.CLAIM, conversation, agent)
        if found.assignee_id == agent.pk:
            step.nothing_changed()
            return found
        if found.assignee_id is not None:
            owner = str(Agent.objects.get(pk=found.assignee_id))
            raise Conflict(_("%(name)s has it already.") % {"name": owner}, assignee=owner)
        now = steps.standing(found).now
        found.assignee = agent
        _give_place(step, found, agent, before=None, at=now)
        steps.add_event(step, found, "claimed", author=agent, at=now)
        steps.save_head(step, found)
        return found


def take_over(
    *, agent: Agent, conversation: ConversationId, instead_of: int | EllipsisType | None = ...
) -> Conversation:
    """Become responsible instead of whoever is. `instead_of` as in `assign`."""
    with command("conversation.take_over", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.ASSIGN, conversation, agent)
        require_act(agent, Act.REPLY, found)
        if found.assignee_id == agent.pk:
            step.nothing_changed()
            return found
        before = _owner(found, instead_of)
        now = steps.standing(found).now
        found.assignee = agent
        step.note(before=steps.person(before))
        _give_place(step, found, agent, before=before, at=now)
        if before is None:
            steps.add_event(step, found, "claimed", author=agent, at=now)
        else:
            was = steps.person(before)
            steps.add_event(step, found, "took_over", author=agent, at=now, was=was)
        steps.save_head(step, found)
        return found


def assign(
    *,
    agent: Agent,
    conversation: ConversationId,
    to: Agent | None,
    instead_of: int | EllipsisType | None = ...,
) -> Conversation:
    """Make a colleague (or nobody) responsible.

    `instead_of` is the id of the owner the agent saw; Conflict if somebody else is it by now.
    """
    with command("conversation.assign", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.ASSIGN, conversation, agent)
        before = _owner(found, instead_of)
        if (to.pk if to else None) == found.assignee_id:
            step.nothing_changed()
            return found
        if to is not None:
            require_answerable(to, found)
            _require_approval_to_leave(to, found, agent)
        now = steps.standing(found).now
        step.note(before=steps.person(before), after=steps.person(to))
        if to is None:
            hand_over(step, found, None, author=agent, before=before, at=now)
        else:
            found.assignee = to
            _give_place(step, found, to, before=before, at=now)
            was, after = steps.person(before), steps.person(to)
            steps.add_event(step, found, "assigned", author=agent, at=now, was=was, to=after)
        steps.save_head(step, found)
        return found


def transfer(
    *,
    agent: Agent,
    conversation: ConversationId,
    to: Agent | Team,
    note: str = "",
    client_id: uuid.UUID | None = None,
    instead_of: int | EllipsisType | None = ...,
) -> Conversation:
    """Hand the conversation to a colleague, or to a team whose queue it then waits in.

    The note, for the new owner to read, is written with it or not at all; it needs the right to
    write notes. Safe to send again with the same `client_id`.
    """
    with command("conversation.transfer", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.TRANSFER, conversation, agent)
        standing = steps.standing(found, client_id=client_id)
        now = standing.now
        if standing.sent:
            step.nothing_changed()
            return found
        before = _owner(found, instead_of)
        if isinstance(to, Agent):
            there = found.assignee_id == to.pk
        else:
            there = found.assignee_id is None and found.team_id == to.pk
        if there and note:  # so that what was written is not lost in silence
            raise Conflict(_("%(name)s has it already.") % {"name": str(to)})
        if there:
            step.nothing_changed()
            return found
        require_answerable(to, found)
        _require_approval_to_leave(to, found, agent)
        step.note(before=steps.person(before), after=_receiver(to))
        hand_over(step, found, to, author=agent, before=before, at=now)
        if note:
            require_act(agent, Act.NOTE, found)
            enforcing.require_notes_on(found)
            steps.append(
                step,
                found,
                at=now,
                kind=Entry.Kind.NOTE,
                audience=Entry.Audience.TEAM,
                author=agent,
                body=note,
                client_id=client_id,
            )
        steps.save_head(step, found)
        return found


def hand_over(
    step: Step,
    found: Conversation,
    to: Agent | Team | None,
    *,
    author: Agent | None,
    before: Agent | None,
    at: datetime,
) -> None:
    """Somebody else has it from now on, or nobody, and its timeline tells of it. Raises a refusal
    before anything is changed where the new owner may not come in."""
    was = steps.person(before)
    if to is None:
        found.assignee = None
        steps.add_event(step, found, "unassigned", author=author, at=at, was=was)
        return
    if isinstance(to, Agent):
        found.assignee = to
        _give_place(step, found, to, before=before, at=at)
    else:
        found.assignee, found.team = None, to
        step.changes.update(found, "team")
    steps.add_event(step, found, "transferred", author=author, at=at, was=was, to=_receiver(to))


def _receiver(to: Agent | Team) -> dict[str, Any]:
    """Whom it was handed to, as events and records keep it."""
    kind = "agent" if isinstance(to, Agent) else "team"
    return {"kind": kind, "id": to.pk, "name": str(to)}


def _give_place(
    step: Step, found: Conversation, to: Agent, *, before: Agent | None, at: datetime
) -> None:
    """The new owner takes part, in the old one's place if all are taken."""
    enforcing.require_chosen(found, to)
    leaving = enforcing.make_room(found, to, before=before)
    if leaving is not None:
        Participant.objects.filter(conversation=found, agent=leaving).update(left_at=at)
        steps.add_event(step, found, "left", author=leaving, at=at)
    steps.take_part(found, to, at=at)


def _require_approval_to_leave(to: Agent | Team, found: Conversation, agent: Agent) -> None:
    """Raises ApprovalNeeded if a rule is about handing it to somebody outside."""
    if is_outside(to, found):
        require_approval(
            "conversation.transfer", agent=agent, tags=found.tags, issue_type=found.issue_type
        )


def is_outside(to: Agent | Team, found: Conversation) -> bool:
    """Whether this leaves the team it was handed to, or else those of its inbox."""
    teams = Team.objects.filter(pk=found.team_id) if found.team_id else found.inbox.teams.all()
    if isinstance(to, Team):
        return not teams.filter(pk=to.pk).exists()
    return not teams.filter(group__user=to.pk).exists()


def _owner(found: Conversation, instead_of: int | EllipsisType | None) -> Agent | None:
    """Who is responsible now. Conflict if that is not who the agent saw."""
    owner = Agent.objects.filter(pk=found.assignee_id or 0).first()
    if instead_of is not ... and instead_of != found.assignee_id:
        name = str(owner or _("Nobody"))
        raise Conflict(
            _("In the meantime %(name)s became responsible.") % {"name": name}, assignee=name
        )
    return owner


def require_answerable(to: Agent | Team, found: Conversation) -> None:
    """The new owner, or somebody of the team, may answer these customers."""
    people = [to] if isinstance(to, Agent) else to.members
    if any(may(person, Act.REPLY, found) for person in people):
        return
    if isinstance(to, Agent):
        sentence = _("%(name)s may not answer customers of this inbox.")
    else:
        sentence = _("Nobody of %(name)s may answer customers of this inbox.")
    raise NotAllowed(sentence % {"name": str(to)})
