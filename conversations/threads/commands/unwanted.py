"""What nobody wants to read: spam, and customers who are kept out for a while."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from conversations.customers.models import Customer
from conversations.threads import steps
from conversations.threads.models import Conversation, ConversationId, Entry, Status
from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Agent
from permissions.acts.command import command
from permissions.acts.vocabulary import Act


def mark_spam(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """Put it away as spam. Its sender learns nothing of it, and what they write stays there."""
    with command("conversation.mark_spam", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.MODERATE, conversation, agent)
        if found.is_spam:
            step.nothing_changed()
            return found
        step.note(before=found.status)
        now = steps.standing(found).now
        found.resolved_at = found.resolved_at or now
        found.is_spam, found.status = True, Status.RESOLVED
        found.waiting_since = found.snoozed_until = None
        found.save(update_fields=["is_spam", "status"])
        steps.add_event(step, found, "spam", author=agent, at=now)
        steps.save_head(step, found)
        return found


def not_spam(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """It was no spam: open again, and waiting since the first message nobody answered."""
    with command("conversation.not_spam", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.MODERATE, conversation, agent)
        if not found.is_spam:
            step.nothing_changed()
            return found
        now = steps.standing(found).now
        found.is_spam, found.status, found.resolved_at = False, Status.OPEN, None
        found.waiting_since = _waiting_since(found)
        found.save(update_fields=["is_spam"])
        steps.add_event(step, found, "not_spam", author=agent, at=now)
        steps.save_head(step, found)
        return found


def _waiting_since(conversation: Conversation) -> datetime | None:
    reply = conversation.entries.filter(kind=Entry.Kind.REPLY).order_by("-seq").first()
    unanswered = conversation.entries.filter(
        kind=Entry.Kind.MESSAGE, seq__gt=reply.seq if reply else 0
    )
    return unanswered.order_by("seq").values_list("at", flat=True).first()


def block(
    *, agent: Agent, conversation: ConversationId, until: datetime | None, reason: str = ""
) -> Conversation:
    """Take nothing more from this customer until a time, or (None) for ever."""
    with command("customer.block", actor=agent, on=None) as step:
        found = steps.lock_for(Act.MODERATE, conversation, agent)
        step.on = customer = Customer.objects.select_for_update(no_key=True).get(
            pk=found.customer_id
        )
        now = steps.standing(found).now
        if until is not None and until <= now:
            raise Invalid(_("This time has passed already."))
        if customer.is_blocked(now) and customer.blocked_until == until:
            step.nothing_changed()
            return found
        customer.blocked_at, customer.blocked_until = now, until
        customer.blocked_reason = reason
        customer.save(update_fields=["blocked_at", "blocked_until", "blocked_reason"])
        end = until and until.isoformat()
        step.note(until=end, conversation=str(found.pk))
        steps.add_event(step, found, "blocked", author=agent, at=now, until=end, reason=reason)
        steps.save_head(step, found)
        return found


def unblock(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """Let the customer write again."""
    with command("customer.unblock", actor=agent, on=None) as step:
        found = steps.lock_for(Act.MODERATE, conversation, agent)
        step.on = customer = Customer.objects.select_for_update(no_key=True).get(
            pk=found.customer_id
        )
        now = steps.standing(found).now
        if not customer.is_blocked(now):
            step.nothing_changed()
            return found
        customer.blocked_at = customer.blocked_until = None
        customer.blocked_reason = ""
        customer.save(update_fields=["blocked_at", "blocked_until", "blocked_reason"])
        step.note(conversation=str(found.pk))
        steps.add_event(step, found, "unblocked", author=agent, at=now)
        steps.save_head(step, found)
        return found
