"""Reads of conversations and entries, shaped for screens and programs."""

import base64
import binascii
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import (
    Count,
    Prefetch,
    Q,
    QuerySet,
    prefetch_related_objects,
)
from django.utils.crypto import salted_hmac

from conversations.threads.covering import cover_previews
from conversations.threads.list_rows import put_beside
from conversations.threads.listing import COUNTED, Listing, Reader
from conversations.threads.models import Conversation, Entry, File
from helpdesk.core import rows
from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Agent

PAGE = 200  # entries in one answer
ORDER = ("-last_activity_at", "-id")  # of every list
_SHOWN = (  # on a list row
    *(field.name for field in Conversation._meta.concrete_fields),
    "customer__name",
    "assignee__name",
    "assignee__username",
    "inbox__key",
    "inbox__name",
    "team__name",
)
NO_LISTINGS: Mapping[str, Listing] = {}


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
        "public_seq": entry.public_seq,
        "kind": entry.kind,
        "audience": entry.audience,
        "client_id": str(entry.client_id) if entry.client_id else None,
        "body": entry.body,
        "author": entry.author(),
        "at": entry.at.isoformat(),
        "files": [file_json(file) for file in entry.attached],
        "event": entry.event or None,
        "recalled_at": entry.recalled_at and entry.recalled_at.isoformat(),
        "edited_at": entry.edited_at and entry.edited_at.isoformat(),
        "sensitive": entry.sensitive,
        "withheld": entry.withheld,  # what it says is not for this reader
    }


def public_entry_json(entry: Entry) -> dict[str, Any]:
    """An entry as the customer reads it: built from a list of what they may know.

    `seq` is the public number; ids of agents are opaque; `client_id` only on what they wrote.
    """
    mine = entry.author_kind == "customer"
    author: dict[str, Any] = {"id": None, "name": None, "kind": entry.author_kind}
    if not mine and entry.kind == Entry.Kind.REPLY:
        shown_id = "team" if entry.event.get("as_team") else opaque_id(entry.agent_id)
        author |= {"id": shown_id, "name": entry.public_name}
    return {
        "seq": entry.public_seq,
        "kind": entry.kind,
        "audience": Entry.Audience.PUBLIC,
        "client_id": str(entry.client_id) if mine and entry.client_id else None,
        "body": "" if entry.recalled_at else entry.body,
        "author": author,
        "at": entry.at.isoformat(),
        "files": [] if entry.recalled_at else [file_json(file) for file in entry.attached],
        "event": _public_event(entry) if entry.kind == Entry.Kind.EVENT else None,
        "recalled": entry.recalled_at is not None,
        "edited": entry.edited_at is not None and entry.recalled_at is None,
    }


def _public_event(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"type": entry.event["type"]}
    if entry.event["type"] in ("recalled", "edited"):
        told["message"] = entry.event["message"]  # the public number of what it is about
    return told


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


def complete(entries: list[Entry]) -> list[Entry]:
    """The entries of a conversation, with their files and the replies that were edited."""
    events = [entry for entry in entries if entry.event.get("type") == "edited"]
    if events:
        numbers = {event.event["entry"] for event in events}
        edited = Entry.objects.filter(conversation=events[0].conversation_id, seq__in=numbers)
        changed = {entry.seq: entry for entry in with_files(list(edited))}
        for event in events:
            event.changed = changed[event.event["entry"]]
    return with_files(entries)


def entries_after(conversation_id: uuid.UUID, after: int, *, limit: int = PAGE) -> list[Entry]:
    """Entries with a higher number, in order. The caller has checked who may see them."""
    after_it = "conversation_id = %s AND seq > %s ORDER BY seq LIMIT %s"
    return complete(rows.every(Entry, after_it, [conversation_id, after, limit]))


def entries_before(conversation_id: uuid.UUID, before: int, limit: int) -> list[Entry]:
    found = Entry.objects.filter(conversation=conversation_id, seq__lt=before)
    return complete(list(found.order_by("-seq")[:limit])[::-1])


def latest_entries(conversation: Conversation, limit: int = 60) -> list[Entry]:
    """The last entries, in order: what a screen shows first."""
    return entries_before(conversation.pk, conversation.last_seq + 1, limit)


def public_entries_after(
    conversation_id: uuid.UUID, after: int, *, limit: int = PAGE
) -> list[Entry]:
    """What a customer missed, by public number."""
    after_it = "audience = 'public' AND conversation_id = %s AND public_seq > %s"
    after_it += " ORDER BY public_seq LIMIT %s"
    return complete(rows.every(Entry, after_it, [conversation_id, after, limit]))


def public_head(conversation_id: uuid.UUID) -> int:
    """The last number a customer may know of; 0 before their first message."""
    found = Conversation.objects.filter(pk=conversation_id).values_list(
        "last_public_seq", flat=True
    )
    return found.first() or 0


# --- lists ---------------------------------------------------------------------------------


def in_listing(agent: Agent, listing: Listing) -> QuerySet[Conversation]:
    """The conversations of a list that the agent may see."""
    return Conversation.objects.visible_to(agent).filter(listing.where(Reader(agent)).q)


@dataclass(frozen=True)
class Page:
    """One page of a list and the key of the next one ('' at the end)."""

    rows: list[Conversation]
    next: str


def conversation_page(agent: Agent, listing: Listing, *, cursor: str = "", size: int = 50) -> Page:
    """A page of a list, newest activity first, found by key: no page is slower with depth."""
    found = in_listing(agent, listing)
    if cursor:
        found = _after(found, *_read_cursor(cursor))
    listed = list(found.order_by(*ORDER)[: size + 1])
    more = len(listed) > size
    listed = cover_previews(put_beside(listed[:size], agent))
    return Page(listed, _cursor(listed[-1]) if more else "")


def ids_in(agent: Agent, listing: Listing, most: int) -> list[uuid.UUID]:
    """The conversations of a list in its order, at most so many."""
    return list(in_listing(agent, listing).order_by(*ORDER).values_list("pk", flat=True)[:most])


def next_in(agent: Agent, listing: Listing, conversation: Conversation) -> uuid.UUID | None:
    """Which one comes next in a list, or else first; None if there is no other."""
    others = in_listing(agent, listing).exclude(pk=conversation.pk).order_by(*ORDER)
    after = _after(others, conversation.last_activity_at, conversation.pk)
    return after.values_list("pk", flat=True).first() or others.values_list("pk", flat=True).first()


def _after(found: QuerySet[Conversation], at: datetime, pk: uuid.UUID) -> QuerySet[Conversation]:
    return found.filter(
        Q(last_activity_at__lt=at) | Q(last_activity_at=at, id__lt=pk), last_activity_at__lte=at
    )


def for_rows(found: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """With what a list row shows of those around it, whoever reads it."""
    return found.select_related("customer", "assignee", "inbox", "team").only(*_SHOWN)


def unread(conversation: Conversation) -> int:
    """Messages of the customer the reader has not seen; nothing is unread once resolved."""
    if conversation.status == "resolved":
        return 0
    return max(0, conversation.messages - (getattr(conversation, "messages_read", None) or 0))


def row_json(conversation: Conversation) -> dict[str, Any]:
    assignee, team = conversation.assignee, conversation.team
    return {
        "id": str(conversation.pk),
        "status": conversation.status,
        "customer": {
            "id": str(conversation.customer_id),
            "name": str(conversation.customer),
        },
        "assignee": assignee and {"id": assignee.pk, "name": str(assignee)},
        "team": team and {"id": team.pk, "name": str(team)},
        "priority": conversation.priority_key,
        "issue_type": conversation.issue_type,
        "tags": conversation.tags,
        "spam": conversation.is_spam,
        "merged_into": conversation.merged_into_id and str(conversation.merged_into_id),
        "inbox": conversation.inbox.key,
        "last": conversation.preview,
        "unread": unread(conversation),
        "head": conversation.last_seq,
        "seen": conversation.customer_read,  # by public number, of the replies
        "at": conversation.last_activity_at.isoformat(),
        "waiting_since": conversation.waiting_since and conversation.waiting_since.isoformat(),
        "snoozed_until": conversation.snoozed_until and conversation.snoozed_until.isoformat(),
    }


def counts(agent: Agent, saved: Mapping[str, Listing] = NO_LISTINGS) -> dict[str, int]:
    """How many conversations each counted view (and each of `saved`) holds.

    By the very conditions of the lists. Lists of what is done are left out: see `View.counted`.
    """
    listings = {view: Listing(view=view) for view in COUNTED} | {
        name: listing for name, listing in saved.items() if listing.is_counted
    }
    reader = Reader(agent)
    asked = {
        f"of_{number}": Count("pk", filter=listing.where(reader).q)
        for number, listing in enumerate(listings.values())
    }
    parts = Conversation.objects.unresolved().parts_visible_to(agent)
    found = [part.aggregate(**asked) for part in parts]
    return {
        name: sum(part[key] for part in found) for name, key in zip(listings, asked, strict=True)
    }


def count_in(agent: Agent, listing: Listing) -> int:
    """How many a list holds."""
    where = listing.where(Reader(agent)).q
    return sum(part.filter(where).count() for part in Conversation.objects.parts_visible_to(agent))


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
        found = cursor.fetchall()
    return found[-1][3], [(pk, inbox_id, seq) for pk, inbox_id, seq, _ in found if pk]
