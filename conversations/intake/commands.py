"""What customers do: begin a session, write, and (with their browser's token) come back."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.customers import values
from conversations.customers.kinds import split
from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox
from conversations.intake.models import LASTS, CustomerSession, new_token, token_hash
from conversations.intake.queries import has_ended, own, own_id
from conversations.threads import steps
from conversations.threads.models import Conversation, Entry, Status
from conversations.threads.ticks import customer_has_read
from helpdesk.core import rows
from helpdesk.core.context import origin
from helpdesk.core.ids import uuid7
from helpdesk.core.limits import bucket, spend, spend_with
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from permissions.acts.command import command


def begin_session(
    *,
    inbox: Inbox,
    name: str = "",
    language: str = "",
    attributes: dict[str, Any] | None = None,
) -> tuple[CustomerSession, str]:
    """Give a new customer's browser its token. Returns the session and the token, once."""
    with command("customer.begin_session", actor=None, on=None) as step:
        rest = dict(attributes or {})
        told: dict[str, Any] = {}
        if "site" in rest:
            rest["site"], told = split(rest["site"])
        customer = Customer.objects.create(name=name, language=language, attributes=rest)
        values.store_told(customer, told, by=customer)
        step.on = customer
        step.note(inbox=inbox.key)
        return new_session(inbox, customer)


def new_session(
    inbox: Inbox, customer: Customer, conversation_id: uuid.UUID | None = None
) -> tuple[CustomerSession, str]:
    """A browser's session and its token, within a command. Refuses an address that begins many."""
    spend("customer sessions per address", origin.get().address)
    token = new_token()
    session = CustomerSession.objects.create(
        token_hash=token_hash(token),
        inbox=inbox,
        customer=customer,
        conversation_id=conversation_id or uuid7(),
        expires_at=Now() + LASTS,
    )
    return session, token


def begin_conversation(*, session: CustomerSession) -> tuple[CustomerSession, bool]:
    """Reserve another conversation once the current one has ended. Safe to ask again.

    Returns the session and whether this call reserved it; no row comes before its first message.
    """
    with command("customer.begin_conversation", actor=session.customer, on=session) as step:
        session = CustomerSession.objects.select_for_update(of=["self"]).get(pk=session.pk)
        if not Conversation.objects.filter(pk=session.conversation_id).exists():
            step.nothing_changed()
            return session, False
        if not has_ended(session.conversation_id):
            raise Conflict(
                _("Your conversation is still open. Please go on there."),
                conversation=str(session.conversation_id),
            )
        session.conversation_id = uuid7()
        session.save(update_fields=["conversation_id"])
        return session, True


def post_message(
    *,
    session: CustomerSession,
    body: str,
    client_id: uuid.UUID,
    files: Sequence[uuid.UUID] = (),
    conversation_id: uuid.UUID | None = None,
) -> tuple[Entry, bool]:
    """Take a customer's message. Safe to send again; the first one makes the conversation.

    It goes to another one of theirs, which becomes their current one, or else to that: whatever
    a screen believes, no message is lost to an id that is nobody's.
    Returns the entry and whether this call made it.
    """
    customer = session.customer
    with command("conversation.message", actor=customer, on=None) as step:
        target = session.conversation_id
        with suppress(NotFound):
            target = own_id(session, conversation_id)
        conversation = _current(session, target)
        step.on = conversation
        allowance = bucket("customer messages", session.pk)
        standing = steps.standing(conversation, client_id=client_id, allowance=allowance)
        now = standing.now
        if standing.sent:
            step.nothing_changed()
            return steps.sent_before(
                conversation,
                client_id,
                kind=Entry.Kind.MESSAGE,
                body=body,
                author=customer,
                files=files,
            ), False
        refuse_blocked(customer, now)
        spend_with(step.changes, allowance, left=standing.left)
        if conversation.last_seq == 0:
            spend_with(step.changes, bucket("conversations per address", origin.get().address))
        if not conversation.is_spam:
            if conversation.status == Status.RESOLVED:
                steps.reopen(step, conversation, author=customer, at=now)
            conversation.status = Status.OPEN
            conversation.snoozed_until = None
        entry = steps.append(
            step,
            conversation,
            at=now,
            kind=Entry.Kind.MESSAGE,
            audience=Entry.Audience.PUBLIC,
            author=customer,
            body=body,
            client_id=client_id,
            files=files,
        )
        if conversation.is_spam:
            conversation.waiting_since = None
        steps.save_head(step, conversation)
        return entry, True


def refuse_blocked(customer: Customer, now: datetime | None = None) -> None:
    """Nothing is taken from who is blocked. Why and by whom is not for them to know."""
    if customer.is_blocked(now):
        raise NotAllowed(_("We cannot take messages from here at present."))


def mark_seen(*, session: CustomerSession, conversation_id: uuid.UUID, seq: int) -> None:
    """Remember how far the customer has read; never goes back. As with agents no audited act."""
    with transaction.atomic(durable=True):
        found = own(session).filter(pk=conversation_id).first()
        if found is not None:
            customer_has_read(found, seq)


def _current(session: CustomerSession, conversation_id: uuid.UUID) -> Conversation:
    """The conversation, locked and the session's from now on; made if this is its first message.

    Two first messages at the same instant meet at the primary key and make one conversation.
    """
    found = rows.first(Conversation, steps.LOCKED, [conversation_id])
    while found is not None and found.merged_into_id is not None:  # since the session was read
        found = rows.first(Conversation, steps.LOCKED, [found.merged_into_id])
    if found is None:
        Conversation.objects.bulk_create(
            [
                Conversation(
                    pk=conversation_id,
                    inbox=session.inbox,
                    customer=session.customer,
                    created_at=steps.told() or Now(),
                    last_activity_at=steps.told() or Now(),
                )
            ],
            ignore_conflicts=True,
        )
        found = Conversation.objects.select_for_update(no_key=True).get(pk=conversation_id)
    if found.pk != session.conversation_id:
        session.conversation_id = found.pk
        session.save(update_fields=["conversation_id"])
    return found


def sweep_sessions() -> int:
    """Forget expired sessions. Their customers and conversations stay."""
    gone, _rows = CustomerSession.objects.filter(expires_at__lt=Now() - timedelta(days=1)).delete()
    return gone


def read_page(value: Any) -> dict[str, Any]:
    """What a host page tells of itself. Raises Invalid for anything but short texts."""
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise Invalid(_("A JSON object is expected here."))
    kept: dict[str, Any] = {}
    for key in ("url", "title", "referrer"):
        if isinstance(value.get(key), str):
            kept[key] = value[key][:500]
    return kept
