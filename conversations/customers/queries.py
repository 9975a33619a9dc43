"""What an agent sees of a customer: the one place where values are masked or not."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet
from django.utils import timezone

from conversations.customers import values
from conversations.customers.kinds import COLUMNS, Kind, Sensitivity
from conversations.customers.masks import STARS, mask
from conversations.customers.models import Customer, CustomerField, CustomerValue, ValueChange
from conversations.customers.rules import Privacy
from conversations.grants.rights import acts_on_customer
from conversations.reveals.models import Reveal
from conversations.reveals.queries import TEXTS, held
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act
from permissions.policies.rules import current

HISTORY, FOUND = 40, 50


def seconds_until(moment: datetime | None) -> int:
    return max(0, int((moment - timezone.now()).total_seconds())) if moment else 0


@dataclass(frozen=True, slots=True)
class Shown:
    """One field of a customer as its reader may see it. `text` is masked if `hidden`."""

    field: CustomerField
    text: str
    version: int
    hidden: bool = False
    until: datetime | None = None  # of a reveal
    mask: str = ""  # what stands there again when the reveal ends
    by: str = ""
    at: datetime | None = None

    @property
    def key(self) -> str:
        return self.field.key

    @property
    def plain(self) -> str:
        """What stands in the field to begin with when it is filled in anew."""
        return "" if self.hidden else self.text

    @property
    def left(self) -> int:
        """Seconds until a revealed value is masked again."""
        return seconds_until(self.until)

    @property
    def href(self) -> str:
        if self.hidden or not self.text:
            return ""
        scheme = {Kind.EMAIL: "mailto", Kind.PHONE: "tel"}.get(Kind(self.field.kind))
        return f"{scheme}:{quote(self.text, safe='@+')}" if scheme else ""

    def json(self) -> dict[str, Any]:
        return {
            "field": self.key,
            "label": str(self.field),
            "value": self.text,
            "version": self.version,
            "masked": self.hidden,
            "until": self.until and self.until.isoformat(),
        }


@dataclass(frozen=True)
class Insight:
    """What one agent may do with one customer at this moment."""

    reader: Agent
    acts: frozenset[str]
    reveals: dict[str, datetime] = field(default_factory=dict)  # field → until when

    @property
    def may_change(self) -> bool:
        return Act.CHANGE_CUSTOMER.value in self.acts

    @property
    def may_reveal(self) -> bool:
        return Act.VIEW_SENSITIVE.value in self.acts

    @property
    def masks_texts(self) -> bool:
        """Whether numbers and addresses in messages are masked for the reader."""
        return not self.may_reveal and TEXTS not in self.reveals and current(Privacy).mask_texts

    @property
    def texts_left(self) -> int:
        """Seconds for which messages are shown as they were written; 0 without such a reveal."""
        return seconds_until(self.reveals.get(TEXTS))

    def until(self, key: str) -> datetime | None:
        return self.reveals.get(key)

    def is_hidden(self, field: CustomerField) -> bool:
        if field.key in COLUMNS or field.sensitivity == Sensitivity.BASIC:
            return False
        if field.sensitivity == Sensitivity.INTERNAL:
            return not self.acts & {Act.REPLY.value, Act.CHANGE_CUSTOMER.value}
        return field.key not in self.reveals


def insight(reader: Agent, customer: Customer) -> Insight:
    """What the reader may do with a customer they see, and what is revealed to them."""
    acts = acts_on_customer(reader, customer)
    if not acts:
        return Insight(reader, acts)
    by_right = Act.VIEW_SENSITIVE.value in acts
    return Insight(reader, acts, held(reader, customer.pk, by_right=by_right))


def find(reader: Agent, customer_id: uuid.UUID) -> Customer:
    """A customer the reader may see. Raises NotFound."""
    found = Customer.objects.visible_to(reader).filter(pk=customer_id).first()
    if found is None:
        raise NotFound
    return found


def with_value(reader: Agent, key: str, text: str) -> list[Customer]:
    """Customers the reader may see of whom a field says exactly this."""
    one = values.field_of(key)
    if one is None:
        return []
    ids = list(values.find(key, text)[:FOUND])
    found = Customer.objects.visible_to(reader).filter(pk__in=ids)
    return [
        customer
        for customer in found
        if one.sensitivity == Sensitivity.SENSITIVE or not insight(reader, customer).is_hidden(one)
    ]


def shown(customer: Customer, seen: Insight) -> list[Shown]:
    """Every field of a customer, for a reader whose insight of them was asked."""
    rows = {row.field_id: row for row in CustomerValue.objects.filter(customer=customer)}
    return [_shown(customer, one, rows.get(one.pk), seen) for one in values.fields()]


def shown_field(customer: Customer, key: str, seen: Insight) -> Shown:
    """One of them. Raises NotFound."""
    one = values.field_of(key)
    if one is None:
        raise NotFound
    return _shown(customer, one, values.latest(customer.pk, one), seen)


def _shown(
    customer: Customer, one: CustomerField, row: CustomerValue | None, seen: Insight
) -> Shown:
    hidden, version = seen.is_hidden(one), row.version if row else 0
    by, at = (row.by_name, row.at) if row else ("", None)
    if one.key in COLUMNS:
        return Shown(one, getattr(customer, one.key), version, by=by, at=at)
    text = row.text if row else ""
    masked = mask_of(one, text)
    if hidden:
        return Shown(one, masked, version, hidden=bool(text), by=by, at=at)
    until = seen.until(one.key) if one.sensitivity == Sensitivity.SENSITIVE and text else None
    return Shown(one, text, version, until=until, mask=masked if until else "", by=by, at=at)


def mask_of(one: CustomerField, text: str) -> str:
    """Internal values give nothing away; sensitive ones what their mask lets through."""
    if one.sensitivity == Sensitivity.INTERNAL:
        return STARS if text else ""
    return mask(one.kind, text)


def customer_json(customer: Customer, seen: Insight) -> dict[str, Any]:
    return {
        "id": str(customer.pk),
        "name": str(customer),
        "fields": [one.json() for one in shown(customer, seen)],
    }


# --- who saw and who changed what ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a customer's history: a change of a field, or a look at some."""

    at: datetime
    who: str
    what: str  # changed, undone, revealed, revoked
    fields: list[str]
    before: str = ""
    after: str = ""
    reason: str = ""
    until: datetime | None = None
    approver: str = ""
    key: str = ""
    version: int = 0
    undoable: bool = False

    def json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "who": self.who,
            "what": self.what,
            "fields": self.fields,
            "before": self.before,
            "after": self.after,
            "reason": self.reason,
            "until": self.until and self.until.isoformat(),
            "approver": self.approver,
            "version": self.version,
        }


def history(customer: Customer, seen: Insight, key: str = "") -> list[Happened]:
    """The latest changes and looks, the newest first; of one field, or of all."""
    known = {one.pk: one for one in values.all_fields()}
    labels = {one.key: str(one) for one in known.values()}
    changes = ValueChange.objects.filter(customer=customer)
    looks: QuerySet[Reveal] = Reveal.objects.filter(customer=customer).select_related(
        "agent", "approved_by", "revoked_by"
    )
    if key:
        changes = changes.filter(field__key=key)
        looks = looks.filter(fields__contains=[key])
    newest = list(changes.order_by("-at", "-pk")[:HISTORY])
    lines = _changes(customer, newest, known, seen)
    for look in looks.order_by("-begun_at")[:HISTORY]:
        shown_fields = [labels.get(one, one) if one != TEXTS else "" for one in look.fields]
        lines.append(
            Happened(
                at=look.begun_at,
                who=str(look.agent),
                what="revealed",
                fields=shown_fields,
                reason=look.reason,
                until=look.revoked_at or look.expires_at,
                approver=str(look.approved_by or ""),
            )
        )
        if look.revoked_at:
            who = str(look.revoked_by or "")
            lines.append(Happened(at=look.revoked_at, who=who, what="revoked", fields=shown_fields))
    return sorted(lines, key=lambda line: line.at, reverse=True)[:HISTORY]


def _changes(
    customer: Customer,
    newest: list[ValueChange],
    known: dict[int, CustomerField],
    seen: Insight,
) -> list[Happened]:
    wanted = {(row.field_id, row.version - 1) for row in newest}
    earlier = ValueChange.objects.filter(
        customer=customer, field__in={pk for pk, _ in wanted}, version__in={v for _, v in wanted}
    )
    texts = {(row.field_id, row.version): row.text for row in [*earlier, *newest]}
    current: dict[int, int] = {}
    for row in newest:
        current[row.field_id] = max(current.get(row.field_id, 0), row.version)
    lines = []
    for row in newest:
        one = known[row.field_id]
        pair = [texts.get((one.pk, row.version - 1), ""), texts[one.pk, row.version]]
        if seen.is_hidden(one) or one.sensitivity == Sensitivity.SENSITIVE:
            pair = [mask_of(one, text) for text in pair]
        lines.append(
            Happened(
                at=row.at,
                who=row.by_name,
                what="undone" if row.undoes else "changed",
                fields=[str(one)],
                before=pair[0],
                after=pair[1],
                key=one.key,
                version=row.version,
                undoable=seen.may_change
                and row.version == current[one.pk]
                and row.version > 0
                and one.archived_at is None,
            )
        )
    return lines
