"""What is proposed on a conversation, and replies sent before that can be proposed again."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from collaboration.suggestions.commands import MOST_OPEN
from collaboration.suggestions.models import Suggestion
from conversations.customers.masks import cover
from conversations.grants.rights import may
from conversations.grants.sight import sight_of
from conversations.modes.enforcing import why_no_reply
from conversations.threads.covering import is_on, reads_clearly
from conversations.threads.models import Conversation, Entry
from conversations.threads.steps import person
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act

FOUND = 20  # replies of one answer
RECENT = 1_000  # conversations whose replies are searched: the newest the reader's inboxes have
WORDS = 6  # of a search

# Each inbox's lists of what is open and what is done have an index in this order.
_RECENT = """
SELECT recent.id FROM unnest(%(inboxes)s::bigint[]) AS inbox(id) CROSS JOIN LATERAL (
  (SELECT c.id, c.last_activity_at FROM conversations_conversation c
   WHERE c.inbox_id = inbox.id AND NOT (c.status = 'resolved')
   ORDER BY c.last_activity_at DESC, c.id DESC LIMIT %(most)s)
  UNION ALL
  (SELECT c.id, c.last_activity_at FROM conversations_conversation c
   WHERE c.inbox_id = inbox.id AND c.status = 'resolved'
   ORDER BY c.last_activity_at DESC, c.id DESC LIMIT %(most)s)
) recent ORDER BY recent.last_activity_at DESC, recent.id DESC LIMIT %(most)s
"""


def find(reader: Agent, pk: uuid.UUID) -> Conversation:
    """A conversation the reader may see. Raises NotFound."""
    found = Conversation.objects.visible_to(reader).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def waiting(reader: Agent, conversation: Conversation) -> list[Suggestion]:
    """The open suggestions, the oldest first; those of what was merged into it among them."""
    if conversation.merged_into_id:
        return []
    about = Conversation.objects.visible_to(reader).filter(
        Q(pk=conversation.pk) | Q(merged_into=conversation.pk)
    )
    found = Suggestion.objects.open().filter(conversation__in=about.values("pk"))
    found = found.select_related("author").order_by("id")
    return as_read(reader, conversation, list(found[: 2 * MOST_OPEN]))


def may_answer(reader: Agent, conversation: Conversation) -> bool:
    """Whether buttons to insert and to decline make sense. The commands decide."""
    takes_part = conversation.participants.filter(agent=reader, left_at=None).exists()
    return (
        may(reader, Act.REPLY, conversation)
        and why_no_reply(conversation, reader, takes_part=takes_part) is None
    )


def own(reader: Agent, conversation: Conversation) -> list[Suggestion]:
    """What the reader proposed here last, and what became of it."""
    found = Suggestion.objects.filter(conversation=conversation, author=reader)
    found = found.select_related("author", "used_by", "declined_by")
    return as_read(reader, conversation, list(found.order_by("-id")[:5]))


def as_read(reader: Agent, conversation: Conversation, found: list[Suggestion]) -> list[Suggestion]:
    """Covered in memory for whoever does not read the conversation clearly; nobody saves them."""
    if found and not reads_clearly(reader, conversation):
        for one in found:
            one.text = cover(one.text)
    return found


def suggestion_json(one: Suggestion) -> dict[str, Any]:
    return {
        "id": one.pk,
        "conversation": str(one.conversation_id),
        "text": one.text,
        "state": one.state,
        "author": person(one.author),
        "at": one.at.isoformat(),
        "used_by": person(one.used_by),
        "used_at": one.used_at and one.used_at.isoformat(),
        "declined_by": person(one.declined_by),
        "declined_at": one.declined_at and one.declined_at.isoformat(),
        "answer": one.answer,
        "withdrawn_at": one.withdrawn_at and one.withdrawn_at.isoformat(),
    }


def open_among(conversation_ids: set[str]) -> dict[str, frozenset[int]]:
    """Conversations with open suggestions, and which."""
    found: dict[str, set[int]] = {}
    ids = [uuid.UUID(pk) for pk in conversation_ids]
    rows = Suggestion.objects.open().filter(conversation__in=ids)
    for conversation_id, pk in rows.values_list("conversation_id", "pk"):
        found.setdefault(str(conversation_id), set()).add(pk)
    return {pk: frozenset(those) for pk, those in found.items()}


# --- replies sent before --------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """Replies sent before; `next` is the number to go on before, if there may be more."""

    found: list[Entry]
    next: int | None


def sent_replies(reader: Agent, text: str, before: int | None = None) -> Sent:
    """Replies with all these words, the newest first, in the newest conversations the reader sees.

    Where texts are masked these are for everybody: a number in them was another customer's. What
    is masked is not found either.
    """
    words = text.split()[:WORDS]
    found = (
        Entry.objects.visible_to(reader)
        .filter(conversation__in=_recent(reader), kind=Entry.Kind.REPLY, recalled_at=None)
        .exclude(body="")
    )
    for word in words:
        found = found.filter(body__icontains=word)
    if before:
        last = Entry.objects.filter(pk=before).values_list("at", flat=True).first()
        found = found.filter(Q(at__lt=last) | Q(at=last, pk__lt=before)) if last else found.none()
    page = list(found.order_by("-at", "-pk")[: FOUND + 1])
    more, page = len(page) > FOUND, page[:FOUND]
    following = page[-1].pk if more else None
    if is_on():
        for entry in page:
            entry.body = cover(entry.body)
        page = [one for one in page if all(word.lower() in one.body.lower() for word in words)]
    return Sent(found=page, next=following)


def _recent(reader: Agent) -> list[uuid.UUID]:
    """The newest conversations of the reader's inboxes, seen or not: so many and no more."""
    inboxes = sorted(sight_of(reader).inboxes)
    if not inboxes:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, {"inboxes": inboxes, "most": RECENT})
        return [pk for (pk,) in cursor.fetchall()]


def sent_json(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "conversation": str(entry.conversation_id),
        "seq": entry.seq,
        "text": entry.body,
        "author": entry.author(),
        "at": entry.at.isoformat(),
    }
