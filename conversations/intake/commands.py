"""What customers do: begin a session, write, and (with their browser's token) come back."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox
from conversations.intake.models import LASTS, CustomerSession, new_token, token_hash
from conversations.threads import steps
from conversations.threads.models import Conversation, Entry, Status
from helpdesk.core.context import origin
from helpdesk.core.limits import spend
from helpdesk.core.refusals import Invalid
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
        spend("customer sessions per address", origin.get().address)
        customer = Customer.objects.create(
            name=name, language=language, attributes=attributes or {}
        )
        token = new_token()
        session = CustomerSession.objects.create(
            token_hash=token_hash(token),
            inbox=inbox,
            customer=customer,
            expires_at=Now() + LASTS,
        )
        step.on = customer
        step.note(inbox=inbox.key)
        return session, token


def post_message(
    *,
    session: CustomerSession,
    body: str,
    client_id: uuid.UUID,
    files: Sequence[uuid.UUID] = (),
) -> tuple[Entry, bool]:
    """Take a customer's message. Safe to send again; the first one makes the conversation.

    Returns the entry and whether this call made it.
    """
    customer = session.customer
    with command("conversation.message", actor=customer, on=None) as step:
        conversation = _current(session)
        step.on = conversation
        now, sent, _takes_part = steps.standing(conversation, client_id=client_id)
        if sent:
            step.nothing_changed()
            return steps.sent_before(
                conversation,
                client_id,
                kind=Entry.Kind.MESSAGE,
                body=body,
                author=customer,
                files=files,
            ), False
        spend("customer messages", session.pk)
        if conversation.last_seq == 0:
            spend("conversations per address", origin.get().address)
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
        steps.save_head(step, conversation)
        return entry, True


def _current(session: CustomerSession) -> Conversation:
    """The session's conversation, locked; made now if this is its first message.

    Two first messages at the same instant meet at the primary key and make one conversation.
    """
    locked = Conversation.objects.select_for_update(no_key=True)
    found = locked.filter(pk=session.conversation_id).first()
    if found is None:
        Conversation.objects.bulk_create(
            [
                Conversation(
                    pk=session.conversation_id,
                    inbox=session.inbox,
                    customer=session.customer,
                    created_at=steps.told() or Now(),
                    last_activity_at=steps.told() or Now(),
                )
            ],
            ignore_conflicts=True,
        )
        found = locked.get(pk=session.conversation_id)
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
