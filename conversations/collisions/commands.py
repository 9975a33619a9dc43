"""Keeping what the send guard prevented, for the reports. The table is its own record."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError

from conversations.collisions.models import Collision
from conversations.threads.guard import Held
from conversations.threads.models import Conversation, ConversationId
from permissions.accounts.models import Agent

logger = logging.getLogger(__name__)
Cause = Collision.Cause
TELLING = (Cause.REPLY, Cause.MESSAGE, Cause.NOTE, Cause.EVENT)  # what weighs most comes first


@contextmanager
def kept_if_held(agent: Agent, conversation: ConversationId, body: str) -> Iterator[None]:
    """A reply that is held inside is kept, after the transaction that it was refused in."""
    try:
        yield
    except Held as held:
        since = held.facts["since"]
        kinds = {entry["kind"] for entry in since}
        cause = next(one for one in TELLING if one in kinds)
        keep(agent, conversation, cause=cause, came=since[-1]["seq"], body=body)
        raise


def keep(agent: Agent, conversation: ConversationId, *, cause: Cause, came: int, body: str) -> None:
    """Keep one, once. Whether it is kept changes nothing of the answer the agent is given."""
    try:
        inbox = Conversation.objects.values_list("inbox", flat=True).get(pk=conversation)
        one = Collision(
            conversation_id=conversation,
            inbox_id=inbox,
            agent=agent,
            cause=cause,
            came=came,
            digest=digest_of(conversation, body),
        )
        Collision.objects.bulk_create([one], ignore_conflicts=True)
    except DatabaseError:
        logger.exception("a collision on %s is not kept", conversation)


def digest_of(conversation: ConversationId, body: str) -> str:
    """What the text is compared by; the conversation in it keeps equal texts apart."""
    return hashlib.md5(f"{conversation}{body}".encode(), usedforsecurity=False).hexdigest()
