"""Making one conversation of two. Above threads and intake, since it moves sessions as well."""

import uuid
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.grants.rights import may
from conversations.intake.events import SessionsMoved
from conversations.intake.models import CustomerSession
from conversations.modes.enforcing import why_no_room
from conversations.threads import drafted, steps
from conversations.threads.models import (
    Conversation,
    ConversationId,
    Participant,
    ReadMark,
    Status,
)
from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Agent
from permissions.acts.command import Step, command
from permissions.acts.vocabulary import Act

# Which of two states the merged conversation is in: the one that asks for more.
URGENCY = (Status.RESOLVED, Status.SNOOZED, Status.PENDING, Status.OPEN)


def merge(*, agent: Agent, conversation: ConversationId, into: uuid.UUID) -> Conversation:
    """End a conversation by going on in another one of the same customer. Returns the ended one.

    Each tells the team of the other; the customer is told nothing and writes on in the second.
    """
    source_id = uuid.UUID(str(conversation))
    if source_id == into:
        raise Invalid(_("A conversation cannot be merged into itself."))
    with command("conversation.merge", actor=agent, on=None) as step:
        # Always locked in one order: two merges of the same pair wait instead of standing still.
        locked = {
            pk: steps.lock(pk, agent) for pk in sorted((source_id, into), key=lambda pk: pk.bytes)
        }
        step.on = source = locked[source_id]
        if source.merged_into_id == into:
            step.nothing_changed()
            return source
        target = locked[into]
        for one in (source, target):
            steps.require_on(Act.MERGE, one, agent)
            steps.refuse_spam(one)
        if source.customer_id != target.customer_id:
            raise Invalid(_("Only conversations of the same customer can be merged."))
        now = steps.standing(source).now
        step.note(into=str(into))
        _carry_over(step, source, target, agent, now)
        _end(step, source, target, agent, now)
        CustomerSession.objects.filter(conversation_id=source.pk).update(conversation_id=target.pk)
        step.tell(SessionsMoved(conversation_id=str(source.pk), into_id=str(target.pk)))
        return source


def _carry_over(
    step: Step, source: Conversation, target: Conversation, agent: Agent, now: datetime
) -> None:
    """What is left to do in the source is to be done in the target."""
    _carry_people(source, target, now)
    _carry_unread(source, target)
    drafted.carry_over(step, source, target)
    if target.status == Status.RESOLVED and source.status != Status.RESOLVED:
        steps.reopen(step, target, author=agent, at=now)
    target.status = max(source.status, target.status, key=lambda one: URGENCY.index(Status(one)))
    if target.status == Status.SNOOZED:
        times = [one.snoozed_until for one in (source, target) if one.snoozed_until]
        target.snoozed_until = min(times)
    else:
        target.snoozed_until = None
    waiting = [one.waiting_since for one in (source, target) if one.waiting_since]
    target.waiting_since = min(waiting, default=None)
    owner = source.assignee
    if target.assignee is None and owner and may(owner, Act.REPLY, target):
        target.assignee = owner
    target.team_id = target.team_id or source.team_id
    target.priority = max(source.priority, target.priority)
    target.save(update_fields=["team", "priority"])
    steps.add_event(
        step,
        target,
        "merged_from",
        author=agent,
        at=now,
        other={"id": str(source.pk)},
    )
    steps.save_head(step, target)


def _carry_people(source: Conversation, target: Conversation, now: datetime) -> None:
    there = Q(participations__conversation=target, participations__left_at=None)
    for person in Agent.objects.filter(
        participations__conversation=source, participations__left_at=None
    ).exclude(pk__in=Agent.objects.filter(there)):
        if may(person, Act.JOIN, target) and not why_no_room(target):
            steps.take_part(target, person, at=now)
    Participant.objects.filter(conversation=source, left_at=None).update(left_at=now)


def _carry_unread(source: Conversation, target: Conversation) -> None:
    """Who had not read messages of the source has as many unread in the target."""
    if source.status == Status.RESOLVED or not source.messages:
        return
    read = dict(source.read_marks.values_list("agent", "messages"))
    for mark in ReadMark.objects.filter(conversation=target).select_for_update():
        unread = source.messages - read.get(mark.agent_id, 0)
        if unread > 0:
            mark.messages = max(0, min(mark.messages, target.messages) - unread)
            mark.save(update_fields=["messages"])


def _end(
    step: Step, source: Conversation, target: Conversation, agent: Agent, now: datetime
) -> None:
    source.resolved_at = source.resolved_at or now
    source.status, source.merged_into = Status.RESOLVED, target
    source.waiting_since = source.snoozed_until = None
    source.save(update_fields=["status", "merged_into"])
    steps.add_event(
        step,
        source,
        "merged_into",
        author=agent,
        at=now,
        other={"id": str(target.pk)},
    )
    steps.save_head(step, source)
