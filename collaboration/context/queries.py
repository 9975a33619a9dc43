"""What stands beside an open conversation: the customer, their past, its files and its notes."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from conversations.customers.models import Customer
from conversations.customers.queries import Insight, Shown, insight, shown
from conversations.reveals.queries import waiting_for
from conversations.threads import queries as threads
from conversations.threads.covering import cover_previews, for_reader
from conversations.threads.models import Conversation, Entry, File
from helpdesk.core.refusals import Invalid, NotFound
from helpdesk.core.web.devices import Device, device_of
from permissions.accounts.models import Agent
from permissions.approvals.models import Approval

PAST, SAID, NOTES, FILES = 10, 40, 30, 24  # of one page
ATTRIBUTES = 20  # shown of a customer

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of something and the key of the next one ('' at the end)."""

    rows: list[Row]
    next: str


def _page(rows: list[Row], size: int, key: Callable[[Row], object]) -> Page[Row]:
    """A page of what was read, one row more than it shows."""
    return Page(rows[:size], str(key(rows[size - 1])) if len(rows) > size else "")


@dataclass(frozen=True, slots=True)
class Panel:
    """The panel of one conversation as its reader may see it."""

    fields: list[Shown]
    insight: Insight
    waiting: list[Approval]  # the reader's requests to see more
    page: dict[str, str]
    device: Device
    attributes: list[tuple[str, str]]
    past: Page[Conversation]
    notes: Page[Entry]
    files: Page[File]


def panel(reader: Agent, conversation: Conversation) -> Panel:
    """What stands beside a conversation that the caller has found visible."""
    customer = conversation.customer
    told = customer.attributes
    page = told.get("page")
    seen = insight(reader, customer)
    return Panel(
        fields=shown(customer, seen),
        insight=seen,
        waiting=waiting_for(reader, customer.pk),
        page={key: str(value) for key, value in page.items()} if isinstance(page, dict) else {},
        device=device_of(told.get("user_agent")),
        attributes=attributes(customer),
        past=past(reader, conversation),
        notes=notes(reader, conversation),
        files=files(reader, conversation),
    )


def seen(reader: Agent, pk: uuid.UUID) -> Conversation:
    """A conversation the reader may see. Raises NotFound."""
    found = Conversation.objects.visible_to(reader).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


# --- the customer --------------------------------------------------------------------------

# Ours, or shown in a place of its own.
_NOT_SHOWN = {"page", "site", "user_agent", "demo", "external_id", "name_from_source"}
# What may identify or reach a person is not shown at all before there is a right to see it.
_SENSITIVE_KEY = re.compile(
    r"mail|phone|mobile|\btel|address|passport|id_?(card|number|no)\b|birth|bank|"
    r"手机|电话|邮箱|地址|身份证|银行|生日",
    re.IGNORECASE,
)
_SENSITIVE_VALUE = re.compile(r"\S@\S+\.\S|(?<!\d)(\+?86[- ]?)?1[3-9]\d{9}(?!\d)|\+\d[\d ()-]{7,}")


def attributes(customer: Customer) -> list[tuple[str, str]]:
    """What a host page or an import told of a customer, as far as everybody may read it."""
    site = customer.attributes.get("site")
    told = customer.attributes | (site if isinstance(site, dict) else {})
    shown = []
    for key, value in told.items():
        if key in _NOT_SHOWN or key.startswith("_") or _SENSITIVE_KEY.search(key):
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        text = str(value).strip()
        if text and not _SENSITIVE_VALUE.search(text):
            shown.append((key, text))
    return shown[:ATTRIBUTES]


# --- their past ----------------------------------------------------------------------------


def past(reader: Agent, conversation: Conversation, before: str = "") -> Page[Conversation]:
    """The customer's other conversations, the latest first, each with its `question`."""
    found = _with_question(reader, conversation.customer_id, before)
    rows = cover_previews(list(found.exclude(pk=conversation.pk)[: PAST + 1]))
    return _page(rows, PAST, _key)


def conversations_of(reader: Agent, customer: uuid.UUID, before: str = "") -> Page[Conversation]:
    """All the customer's conversations the reader may see, the latest first."""
    rows = cover_previews(list(_with_question(reader, customer, before)[: PAST + 1]))
    return _page(rows, PAST, _key)


def _with_question(reader: Agent, customer: uuid.UUID, before: str) -> QuerySet[Conversation]:
    found = Conversation.objects.visible_to(reader).filter(customer=customer)
    if before:
        at, pk = _read_key(before)
        found = found.filter(
            Q(last_activity_at__lt=at) | Q(last_activity_at=at, id__lt=pk),
            last_activity_at__lte=at,
        )
    first = Entry.objects.filter(conversation=OuterRef("pk"), seq=1, sensitive=False)
    first = first.exclude(kind="event")
    return found.annotate(question=Subquery(first.values("body")[:1])).order_by(
        "-last_activity_at", "-id"
    )


def said(reader: Agent, conversation: Conversation, past: uuid.UUID, after: int) -> Page[Entry]:
    """Entries of another conversation of the same customer, from its beginning on."""
    other = (
        Conversation.objects.visible_to(reader)
        .filter(pk=past, customer=conversation.customer_id)
        .first()
    )
    if other is None:
        raise NotFound
    found = for_reader(reader, other, threads.entries_after(past, after, limit=SAID + 1))
    return _page(found, SAID, lambda entry: entry.seq)


def _key(row: Conversation) -> str:
    return f"{row.last_activity_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}_{row.pk}"


def _read_key(text: str) -> tuple[datetime, uuid.UUID]:
    try:
        at, pk = text[:80].split("_")
        return datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), uuid.UUID(pk)
    except ValueError:
        raise Invalid from None


# --- what is in it -------------------------------------------------------------------------


def notes(reader: Agent, conversation: Conversation, before: int = 0) -> Page[Entry]:
    """The conversation's internal notes, the latest first."""
    found = conversation.entries.filter(kind=Entry.Kind.NOTE)
    if before:
        found = found.filter(seq__lt=before)
    rows = for_reader(reader, conversation, found.order_by("-seq")[: NOTES + 1])
    return _page(rows, NOTES, lambda entry: entry.seq)


def files(reader: Agent, conversation: Conversation, before: uuid.UUID | None = None) -> Page[File]:
    """The files that were sent or noted in it, the latest first, with their entry's `seq`."""
    found = File.objects.open_to(reader).filter(conversation=conversation, entry__isnull=False)
    if before:
        found = found.filter(pk__lt=before)
    rows = found.annotate(seq=F("entry__seq")).order_by("-pk")
    return _page(list(rows[: FILES + 1]), FILES, lambda file: file.pk)
