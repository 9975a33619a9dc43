"""What a customer may know of their own conversations. Built from public entries alone.

A conversation's preview, status and last activity tell of notes and other inner matters too, so
none of them is used here.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from conversations.intake.models import CustomerSession, Rating
from conversations.threads.models import Conversation, Entry
from conversations.threads.queries import with_files
from helpdesk.core.refusals import Invalid, NotFound
from helpdesk.core.text import one_line

PAGE = 30  # conversations in one answer


def own(session: CustomerSession) -> QuerySet[Conversation]:
    """The conversations of a session's customer, in its inbox."""
    return Conversation.objects.filter(customer=session.customer_id, inbox=session.inbox_id)


def own_id(session: CustomerSession, asked: uuid.UUID | None) -> uuid.UUID:
    """The id of the conversation that is asked for, else of the current one. Raises NotFound."""
    if asked is None or asked == session.conversation_id:
        return session.conversation_id
    if not own(session).filter(pk=asked).exists():
        raise NotFound
    return asked


def standing(conversation_id: uuid.UUID) -> dict[str, Any]:
    """How far both sides have read and the last rating; nothing before the first message."""
    ratings = Rating.objects.filter(conversation=OuterRef("pk")).order_by("-resolution")
    rating = ratings.values(
        json=JSONObject(resolution="resolution", score="score", comment="comment")
    )
    found = Conversation.objects.filter(pk=conversation_id).values(
        read=F("team_read"), seen=F("customer_read"), rating=Subquery(rating[:1])
    )
    return dict(found.first() or {})


def last_resolution(conversation: Conversation) -> Entry | None:
    """The event that last told the customer of the end."""
    ends = conversation.entries.public().filter(kind=Entry.Kind.EVENT, event__type="resolved")
    return ends.order_by("-public_seq").first()


def has_ended(conversation_id: uuid.UUID) -> bool:
    """Whether the end is the last thing the customer was told; a rating may follow it.

    Asked of the public entries, not of the status: whether colleagues opened it again is theirs.
    """
    turn = _turns().filter(conversation=conversation_id).first()
    return turn is not None and turn.event.get("type") == "resolved"


def _turns() -> QuerySet[Entry]:
    """Public entries but ratings, recalls and edits, the last one first."""
    turns = Entry.objects.public().order_by("-public_seq")
    for aside in ("rated", "recalled", "edited"):
        turns = turns.exclude(event__contains={"type": aside})
    return turns


@dataclass(frozen=True, slots=True)
class Listed:
    """One of a customer's conversations in their list."""

    id: uuid.UUID
    at: datetime
    last: str
    ended: bool
    unread: int
    head: int

    @property
    def status(self) -> str:
        return "ended" if self.ended else "open"

    def json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "at": self.at.isoformat(),
            "last": self.last,
            "status": self.status,
            "unread": self.unread,
            "head": self.head,
        }


def listed(
    session: CustomerSession, *, before: datetime | None = None
) -> tuple[list[Listed], datetime | None]:
    """The customer's conversations, the last to change first, and where the next page begins."""
    entries = Entry.objects.public().filter(conversation=OuterRef("pk"))
    replies = Q(
        entries__kind=Entry.Kind.REPLY,
        entries__public_seq__gt=F("customer_read"),
        entries__recalled_at=None,
    )
    found = own(session).filter(last_public_seq__gt=0)
    found = found.annotate(
        told_at=Subquery(entries.filter(public_seq=OuterRef("last_public_seq")).values("at")),
        said=Subquery(
            entries.filter(recalled_at=None)
            .exclude(kind=Entry.Kind.EVENT)
            .order_by("-public_seq")
            .values("pk")[:1]
        ),
        turn=Subquery(_turns().filter(conversation=OuterRef("pk")).values("event__type")[:1]),
    )
    if before is not None:
        found = found.filter(told_at__lt=before)
    rows = list(found.order_by("-told_at")[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    unread = dict(
        Conversation.objects.filter(pk__in=[row.pk for row in rows])
        .annotate(unread=Count("entries", filter=replies))
        .values_list("pk", "unread")
    )
    said = {entry.pk: entry for entry in Entry.objects.filter(pk__in=[row.said for row in rows])}
    with_files(list(said.values()))
    page = [
        Listed(
            id=row.pk,
            at=row.told_at,
            last=_line(said.get(row.said)),
            ended=row.turn == "resolved" or row.merged_into_id is not None,
            unread=unread[row.pk],
            head=row.last_public_seq,
        )
        for row in rows
    ]
    return page, page[-1].at if more else None


def _line(entry: Entry | None) -> str:
    if entry is None:
        return ""
    return one_line(entry.body) or entry.attached[0].name


def read_moment(value: str | None) -> datetime | None:
    """A moment as this module writes it. Raises Invalid."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value[:40])
    except ValueError:
        raise Invalid from None
    if moment.tzinfo is None:
        raise Invalid
    return moment
