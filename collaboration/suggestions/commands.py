"""Everything that changes suggestions. One is settled once: who comes second is told by whom."""

import uuid

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from collaboration.suggestions.events import SuggestionMoved
from collaboration.suggestions.models import Suggestion
from conversations.modes.enforcing import require_advice, require_reply
from conversations.threads import steps
from conversations.threads.models import Conversation, ConversationId
from helpdesk.core.limits import spend
from helpdesk.core.refusals import Conflict, NotFound
from permissions.accounts.models import Agent
from permissions.acts.command import Step, command
from permissions.acts.vocabulary import Act

MOST_OPEN = 20  # on one conversation

FULL = _("%(most)s suggestions are open here already: one has to be used or declined first.")
SETTLED = {
    "used": _("%(name)s has used this suggestion already."),
    "declined": _("%(name)s has declined this suggestion already."),
    "withdrawn": _("%(name)s has withdrawn this suggestion."),
}


def suggest(
    *, agent: Agent, conversation: ConversationId, text: str, client_id: uuid.UUID
) -> tuple[Suggestion, bool]:
    """Propose a reply to whoever answers here. Safe to send again with the same `client_id`.

    Returns the suggestion and whether this call made it.
    """
    with command("suggestion.make", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.NOTE, conversation, agent)
        now = steps.standing(found, agent=agent).now
        here = Suggestion.objects.filter(conversation=found)
        if (known := here.filter(client_id=client_id).first()) is not None:
            if (known.author_id, known.text) != (agent.pk, text):
                raise Conflict(_("This id was already used for another suggestion."))
            step.nothing_changed()
            return known, False
        require_advice(found, agent)
        steps.refuse_spam(found)
        spend("agent messages", agent.pk)
        if here.open().count() >= MOST_OPEN:
            raise Conflict(FULL % {"most": MOST_OPEN})
        made = Suggestion.objects.create(
            conversation=found, author=agent, client_id=client_id, text=text, at=now
        )
        _tell(step, found, made)
        return made, True


def use_suggestion(*, agent: Agent, conversation: ConversationId, suggestion: int) -> Suggestion:
    """Take the text over into the reply: for whoever may answer here at this moment."""
    with command("suggestion.use", actor=agent, on=None) as step:
        found = _lock_for_answer(step, conversation, agent)
        one = _lock(found, suggestion, agent)
        if one.state == "used" and one.used_by_id == agent.pk:
            step.nothing_changed()
            return one
        _require_open(one)
        one.used_by, one.used_at = agent, steps.standing(found).now
        one.save(update_fields=["used_by", "used_at"])
        _tell(step, found, one)
        return one


def decline_suggestion(
    *, agent: Agent, conversation: ConversationId, suggestion: int, answer: str = ""
) -> Suggestion:
    """Do without it, with a word to its author or without."""
    with command("suggestion.decline", actor=agent, on=None) as step:
        found = _lock_for_answer(step, conversation, agent)
        one = _lock(found, suggestion, agent)
        if one.state == "declined" and one.declined_by_id == agent.pk:
            step.nothing_changed()
            return one
        _require_open(one)
        one.declined_by, one.declined_at = agent, steps.standing(found).now
        one.answer = answer
        one.save(update_fields=["declined_by", "declined_at", "answer"])
        _tell(step, found, one)
        return one


def withdraw_suggestion(
    *, agent: Agent, conversation: ConversationId, suggestion: int
) -> Suggestion:
    """Take one's own suggestion back. NotFound for those of others."""
    with command("suggestion.withdraw", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        one = _lock(found, suggestion, agent, author=agent)
        if one.state == "withdrawn":
            step.nothing_changed()
            return one
        _require_open(one)
        one.withdrawn_at = steps.standing(found).now
        one.save(update_fields=["withdrawn_at"])
        _tell(step, found, one)
        return one


def _lock_for_answer(step: Step, conversation: ConversationId, agent: Agent) -> Conversation:
    step.on = found = steps.lock_for(Act.REPLY, conversation, agent)
    takes_part = steps.standing(found, agent=agent).takes_part
    require_reply(found, agent, takes_part=takes_part)
    steps.refuse_spam(found)
    return found


def _lock(conversation: Conversation, suggestion: int, reader: Agent, **which: Agent) -> Suggestion:
    """One of this conversation or of what was merged into it. Both are locked: the same
    suggestion can be reached from the two conversations."""
    about = Conversation.objects.visible_to(reader).filter(
        Q(pk=conversation.pk) | Q(merged_into=conversation.pk)
    )
    found = Suggestion.objects.filter(pk=suggestion, conversation__in=about.values("pk"), **which)
    one = found.select_for_update(of=("self",)).first()
    if one is None:
        raise NotFound
    return one


def _require_open(one: Suggestion) -> None:
    if one.state != "open":
        who = {"used": one.used_by, "declined": one.declined_by}.get(one.state, one.author)
        raise Conflict(SETTLED[one.state] % {"name": str(who or _("A colleague"))})


def _tell(step: Step, conversation: Conversation, one: Suggestion) -> None:
    step.note(suggestion=one.pk, author=steps.person(one.author))
    step.tell(
        SuggestionMoved(
            conversation_id=str(conversation.pk), suggestion_id=one.pk, author_id=one.author_id
        )
    )
