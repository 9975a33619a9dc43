"""Where a conversation stands: open, set aside, settled, urgent."""

from datetime import datetime

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.threads import steps
from conversations.threads.models import Conversation, ConversationId, Priority, Status
from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Agent
from permissions.acts.command import command
from permissions.acts.vocabulary import Act


def resolve(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """The matter is settled. The customer is told that the conversation ended."""
    with command("conversation.resolve", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.RESOLVE, conversation, agent)
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
        step.on = found = steps.lock_for(Act.RESOLVE, conversation, agent)
        steps.refuse_spam(found)
        if found.status != Status.RESOLVED:
            step.nothing_changed()
            return found
        steps.reopen(step, found, author=agent, at=steps.standing(found).now)
        steps.save_head(step, found)
        return found


def snooze(*, agent: Agent, conversation: ConversationId, until: datetime) -> Conversation:
    """Set it aside until a time, or until the customer writes."""
    with command("conversation.snooze", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.RESOLVE, conversation, agent)
        steps.refuse_spam(found)
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


def prioritise(*, agent: Agent, conversation: ConversationId, priority: Priority) -> Conversation:
    """Say how urgent it is."""
    with command("conversation.prioritise", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.PRIORITISE, conversation, agent)
        if found.priority == priority:
            step.nothing_changed()
            return found
        step.note(before=found.priority_key, after=priority.key)
        found.priority = priority
        found.save(update_fields=["priority"])
        now = steps.standing(found).now
        steps.add_event(step, found, "prioritised", author=agent, at=now, priority=priority.key)
        steps.save_head(step, found)
        return found


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
