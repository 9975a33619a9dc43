"""Everything that changes a conversation. One function, one act, one transaction."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from types import EllipsisType

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.threads import steps
from conversations.threads.events import ReadMarkMoved
from conversations.threads.models import (
    Conversation,
    Entry,
    Participant,
    ReadMark,
    Status,
)
from helpdesk.core import events
from helpdesk.core.limits import spend
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from permissions.accounts.models import Agent
from permissions.acts.checks import allowed, require
from permissions.acts.command import command
from permissions.acts.vocabulary import Act

K, A = Entry.Kind, Entry.Audience
ConversationId = uuid.UUID | str


def post_reply(
    *,
    agent: Agent,
    conversation: ConversationId,
    body: str,
    client_id: uuid.UUID,
    seen: int | None = None,
    files: Sequence[uuid.UUID] = (),
) -> tuple[Entry, bool]:
    """Say something to the customer. Safe to send again with the same `client_id`.

    Returns the entry and whether this call made it. Who replies takes part from then on.
    """
    return _post(Act.REPLY, K.REPLY, A.PUBLIC, agent, conversation, body, client_id, seen, files)


def post_note(
    *,
    agent: Agent,
    conversation: ConversationId,
    body: str,
    client_id: uuid.UUID,
    seen: int | None = None,
    files: Sequence[uuid.UUID] = (),
) -> tuple[Entry, bool]:
    """Tell the team something that no customer ever sees. Safe to send again."""
    return _post(Act.NOTE, K.NOTE, A.TEAM, agent, conversation, body, client_id, seen, files)


def _post(
    act: Act,
    kind: Entry.Kind,
    audience: Entry.Audience,
    agent: Agent,
    conversation_id: ConversationId,
    body: str,
    client_id: uuid.UUID,
    seen: int | None,
    files: Sequence[uuid.UUID],
) -> tuple[Entry, bool]:
    with command(f"conversation.{kind}", actor=agent, on=None) as step:
        step.on = conversation = steps.lock(conversation_id, agent)
        require(agent, act, conversation.inbox_id)
        now, sent, takes_part = steps.standing(conversation, client_id=client_id, agent=agent)
        if sent:
            step.nothing_changed()
            return steps.sent_before(
                conversation, client_id, kind=kind, body=body, author=agent, files=files
            ), False
        spend("agent messages", agent.pk)
        if kind == K.REPLY:
            if conversation.status == Status.RESOLVED:
                steps.reopen(step, conversation, author=agent, at=now)
            if not takes_part:
                steps.take_part(conversation, agent, at=now)
                steps.add_event(step, conversation, "joined", author=agent, at=now)
            conversation.status = Status.PENDING
            conversation.snoozed_until = None
        entry = steps.append(
            step,
            conversation,
            at=now,
            kind=kind,
            audience=audience,
            author=agent,
            body=body,
            client_id=client_id,
            seen=seen,
            files=files,
        )
        steps.save_head(step, conversation)
        return entry, True


def join(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """Take part in a conversation."""
    with command("conversation.join", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        require(agent, Act.JOIN, found.inbox_id)
        now, _sent, takes_part = steps.standing(found, agent=agent)
        if takes_part:
            step.nothing_changed()
            return found
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
        now, _sent, takes_part = steps.standing(found, agent=agent)
        if not takes_part:
            step.nothing_changed()
            return found
        Participant.objects.filter(conversation=found, agent=agent).update(left_at=now)
        steps.add_event(step, found, "left", author=agent, at=now)
        steps.save_head(step, found)
        return found


def claim(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """Take an unassigned conversation. Conflict, with the winner's name, if it has an owner."""
    with command("conversation.claim", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        require(agent, Act.CLAIM, found.inbox_id)
        if found.assignee_id == agent.pk:
            step.nothing_changed()
            return found
        if found.assignee_id is not None:
            owner = str(Agent.objects.get(pk=found.assignee_id))
            raise Conflict(_("%(name)s has it already.") % {"name": owner}, assignee=owner)
        now = steps.standing(found).now
        found.assignee = agent
        steps.take_part(found, agent, at=now)
        steps.add_event(step, found, "claimed", author=agent, at=now)
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
        step.on = found = steps.lock(conversation, agent)
        require(agent, Act.ASSIGN, found.inbox_id)
        before = Agent.objects.filter(pk=found.assignee_id or 0).first()
        if instead_of is not ... and instead_of != found.assignee_id:
            owner = str(before or _("Nobody"))
            raise Conflict(
                _("In the meantime %(name)s became responsible.") % {"name": owner},
                assignee=owner,
            )
        if (to.pk if to else None) == found.assignee_id:
            step.nothing_changed()
            return found
        if to is not None and not allowed(to, Act.REPLY, found.inbox_id):
            raise NotAllowed(
                _("%(name)s may not answer customers of this inbox.") % {"name": str(to)}
            )
        now = steps.standing(found).now
        found.assignee = to
        step.note(before=steps.person(before), after=steps.person(to))
        if to is None:
            was = steps.person(before)
            steps.add_event(step, found, "unassigned", author=agent, at=now, was=was)
        else:
            steps.take_part(found, to, at=now)
            steps.add_event(step, found, "assigned", author=agent, at=now, to=steps.person(to))
        steps.save_head(step, found)
        return found


def resolve(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """The matter is settled. The customer is told that the conversation ended."""
    with command("conversation.resolve", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        require(agent, Act.RESOLVE, found.inbox_id)
        if found.status == Status.RESOLVED:
            step.nothing_changed()
            return found
        step.note(before=found.status)
        now = steps.standing(found).now
        steps.add_event(step, found, "resolved", author=agent, at=now, public=True)
        found.status = Status.RESOLVED
        found.resolved_at = now
        found.waiting_since = found.snoozed_until = None
        steps.save_head(step, found)
        return found


def reopen(*, agent: Agent, conversation: ConversationId) -> Conversation:
    with command("conversation.reopen", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        require(agent, Act.RESOLVE, found.inbox_id)
        if found.status != Status.RESOLVED:
            step.nothing_changed()
            return found
        steps.reopen(step, found, author=agent, at=steps.standing(found).now)
        steps.save_head(step, found)
        return found


def snooze(*, agent: Agent, conversation: ConversationId, until: datetime) -> Conversation:
    """Set it aside until a time, or until the customer writes."""
    with command("conversation.snooze", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        require(agent, Act.RESOLVE, found.inbox_id)
        if found.status == Status.SNOOZED and found.snoozed_until == until:
            step.nothing_changed()
            return found
        now = steps.standing(found).now
        if until <= now:
            raise Invalid(_("This time has passed already."))
        if found.status == Status.RESOLVED:
            steps.reopen(step, found, author=agent, at=now)
        step.note(before=found.status, until=until.isoformat())
        steps.add_event(step, found, "snoozed", author=agent, at=now, until=until.isoformat())
        found.status = Status.SNOOZED
        found.snoozed_until = until
        steps.save_head(step, found)
        return found


def mark_read(*, agent: Agent, conversation: ConversationId, seq: int) -> int:
    """Remember how far the agent has read; never goes back. Returns messages read.

    Not an act on the conversation: nothing others see changes, so no audit record.
    """
    with transaction.atomic(durable=True):
        found = Conversation.objects.visible_to(agent).filter(pk=conversation).first()
        if found is None:
            raise NotFound
        read = (
            found.messages
            if seq >= found.last_seq
            else found.entries.filter(kind=K.MESSAGE, seq__lte=seq).count()
        )
        mark, created = ReadMark.objects.select_for_update().get_or_create(
            agent=agent, conversation=found, defaults={"seq": seq, "messages": read}
        )
        moved = created or read > mark.messages
        if not created and seq > mark.seq:
            mark.seq, mark.messages = seq, max(read, mark.messages)
            mark.save(update_fields=["seq", "messages"])
        if moved:
            event = ReadMarkMoved(
                conversation_id=str(found.pk), agent_id=agent.pk, messages=mark.messages
            )
            transaction.on_commit(lambda: events.publish(event))
        return mark.messages


def wake_due() -> int:
    """Open again what was set aside until now. Returns how many; running it twice is harmless."""
    due = Conversation.objects.filter(status=Status.SNOOZED, snoozed_until__lte=Now())
    woken = 0
    for pk in due.order_by("snoozed_until").values_list("pk", flat=True)[:500]:
        with command("conversation.wake", actor=None, on=None) as step:
            locked = Conversation.objects.select_for_update(no_key=True)
            step.on = found = locked.get(pk=pk)
            now = steps.standing(found).now
            until = found.snoozed_until
            if found.status != Status.SNOOZED or until is None or until > now:
                step.nothing_changed()
                continue
            found.status = Status.OPEN
            found.snoozed_until = None
            steps.add_event(step, found, "woke", author=None, at=now)
            steps.save_head(step, found)
            woken += 1
    return woken
