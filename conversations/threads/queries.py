"""Reads of conversations and entries, shaped for screens and programs."""

import base64
import binascii
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import (
    Count,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.utils.crypto import salted_hmac

from conversations.threads.models import Conversation, Entry, File, ReadMark
from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Agent

PAGE = 200  # entries in one answer


# --- entries -------------------------------------------------------------------------------


def file_json(file: File) -> dict[str, Any]:
    return {
        "id": str(file.pk),
        "name": file.name,
        "type": file.type,
        "size": file.size,
        "width": file.width,
        "height": file.height,
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """An entry as agents' programs read it."""
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "audience": entry.audience,
        "client_id": str(entry.client_id) if entry.client_id else None,
        "body": entry.body,
        "author": entry.author(),
        "at": entry.at.isoformat(),
        "files": [file_json(file) for file in entry.attached],
        "event": entry.event or None,
    }


def public_entry_json(entry: Entry) -> dict[str, Any]:
    """An entry as the customer reads it: built from a list of what they may know.

    `seq` is the public number; ids of agents are opaque; `client_id` only on what they wrote.
    """
    mine = entry.author_kind == "customer"
    author: dict[str, Any] = {"id": None, "name": None, "kind": entry.author_kind}
    if not mine and entry.kind == Entry.Kind.REPLY:
        author |= {"id": opaque_id(entry.agent_id), "name": entry.public_name}
    return {
        "seq": entry.public_seq,
        "kind": entry.kind,
        "audience": Entry.Audience.PUBLIC,
        "client_id": str(entry.client_id) if mine and entry.client_id else None,
        "body": entry.body,
        "author": author,
        "at": entry.at.isoformat(),
        "files": [file_json(file) for file in entry.attached],
        "event": {"type": entry.event["type"]} if entry.event else None,
    }


def opaque_id(agent_id: int | None) -> str | None:
    """An agent's id for customers: equal for the same agent, telling nothing."""
    if agent_id is None:
        return None
    return salted_hmac("tandem.public-agent", str(agent_id)).hexdigest()[:12]


def with_files(entries: list[Entry]) -> list[Entry]:
    """The entries, with their files read in one query where there are any."""
    carrying = [entry for entry in entries if entry.attachments]
    if carrying:
        files = Prefetch("files", File.objects.order_by("position"), to_attr="attached")
        prefetch_related_objects(carrying, files)
    return entries


def entries_after(conversation_id: uuid.UUID, after: int, *, limit: int = PAGE) -> list[Entry]:
    """Entries with a higher number, in order. The caller has checked who may see them."""
    found = Entry.objects.filter(conversation=conversation_id, seq__gt=after)
    return with_files(list(found.order_by("seq")[:limit]))


def entries_before(conversation_id: uuid.UUID, before: int, limit: int) -> list[Entry]:
    found = Entry.objects.filter(conversation=conversation_id, seq__lt=before)
    return with_files(list(found.order_by("-seq")[:limit])[::-1])


def latest_entries(conversation: Conversation, limit: int = 60) -> list[Entry]:
    """The last entries, in order: what a screen shows first."""
    return entries_before(conversation.pk, conversation.last_seq + 1, limit)


def public_entries_after(
    conversation_id: uuid.UUID, after: int, *, limit: int = PAGE
) -> list[Entry]:
    """What a customer missed, by public number."""
    found = Entry.objects.public().filter(conversation=conversation_id, public_seq__gt=after)
    return with_files(list(found.order_by("public_seq")[:limit]))


def public_head(conversation_id: uuid.UUID) -> int:
    """The last number a customer may know of; 0 before their first message."""
    found = Conversation.objects.filter(pk=conversation_id).values_list(
        "last_public_seq", flat=True
    )
    return found.first() or 0


# --- lists ---------------------------------------------------------------------------------

VIEWS: dict[str, Any] = {
    "mine": lambda reader: Q(assignee=reader) & ~Q(status="resolved"),
    "unassigned": lambda reader: Q(assignee=None) & ~Q(status="resolved"),
    "all": lambda reader: ~Q(status="resolved"),
    "resolved": lambda reader: Q(status="resolved"),
}
COUNTED = ("mine", "unassigned", "all")


def in_view(reader: Agent, view: str) -> QuerySet[Conversation]:
    """The conversations of one view that the reader may see. Raises Invalid for unknown views."""
    if view == "team":
        groups = reader.groups.values("pk")
        return Conversation.objects.visible_to(reader).filter(
            ~Q(status="resolved"), inbox__teams__group__in=groups
        )
    if view not in VIEWS:
        raise Invalid
    return Conversation.objects.visible_to(reader).filter(VIEWS[view](reader))


@dataclass(frozen=True)
class Page:
    """One page of a list and the key of the next one ('' at the end)."""

    rows: list[Conversation]
    next: str


def conversation_page(reader: Agent, view: str, *, cursor: str = "", size: int = 50) -> Page:
    """A page of a list, newest activity first, found by key: no page is slower with depth."""
    found = in_view(reader, view)
    if cursor:
        at, pk = _read_cursor(cursor)
        found = found.filter(
            Q(last_activity_at__lt=at) | Q(last_activity_at=at, id__lt=pk),
            last_activity_at__lte=at,
        )
    if view == "team":
        found = found.distinct()
    rows = list(for_rows(found, reader).order_by("-last_activity_at", "-id")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _cursor(rows[-1]) if more else "")


def for_rows(found: QuerySet[Conversation], reader: Agent | None) -> QuerySet[Conversation]:
    """With what a list row shows, and with `messages_read` of the reader."""
    found = found.select_related("customer", "assignee", "inbox")
    if reader is None:
        return found
    mark = ReadMark.objects.filter(agent=reader, conversation=OuterRef("pk"))
    return found.annotate(messages_read=Subquery(mark.values("messages")[:1]))


def unread(conversation: Conversation) -> int:
    """Messages of the customer the reader has not seen; nothing is unread once resolved."""
    if conversation.status == "resolved":
        return 0
    return max(0, conversation.messages - (getattr(conversation, "messages_read", None) or 0))


def row_json(conversation: Conversation) -> dict[str, Any]:
    assignee = conversation.assignee
    return {
        "id": str(conversation.pk),
        "status": conversation.status,
        "customer": {
            "id": str(conversation.customer_id),
            "name": str(conversation.customer),
        },
        "assignee": assignee and {"id": assignee.pk, "name": str(assignee)},
        "inbox": conversation.inbox.key,
        "last": conversation.preview,
        "unread": unread(conversation),
        "head": conversation.last_seq,
        "at": conversation.last_activity_at.isoformat(),
        "waiting_since": conversation.waiting_since and conversation.waiting_since.isoformat(),
    }


def counts(reader: Agent) -> dict[str, int]:
    """How many conversations each counted view holds: the same predicates as the lists."""
    found = Conversation.objects.visible_to(reader).unresolved()
    return found.aggregate(**{view: Count("pk", filter=VIEWS[view](reader)) for view in COUNTED})


def _cursor(row: Conversation) -> str:
    text = f"{row.last_activity_at.isoformat()}|{row.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, uuid.UUID]:
    try:
        raw = base64.urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor[:200]) % 4))
        at, pk = raw.decode().split("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return moment, uuid.UUID(pk)
    except (ValueError, binascii.Error):
        raise Invalid from None


_HEADS = """
SELECT id::text, inbox_id, last_seq, clock_timestamp() FROM conversations_conversation
WHERE id = ANY(%(ids)s::uuid[]) OR last_activity_at > %(since)s
UNION ALL SELECT NULL, 0, 0, clock_timestamp()
"""


def heads(
    ids: Sequence[str], since: datetime | None
) -> tuple[datetime, list[tuple[str, int, int]]]:
    """(id, inbox, last number) of these conversations and of all that changed since.

    With the database's time of the look; the first look (`since` None) only takes the time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HEADS, {"ids": list(ids), "since": since})
        rows = cursor.fetchall()
    return rows[-1][3], [(pk, inbox_id, seq) for pk, inbox_id, seq, _ in rows if pk]
