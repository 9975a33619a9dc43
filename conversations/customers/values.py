"""Steps that read and store customers' values. The only lines that open what is sealed.

Screens never read from here: what a person sees comes from `queries.shown`, masked for them.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from conversations.customers.kinds import BUILT_IN, COLUMNS, hashed
from conversations.customers.models import Customer, CustomerField, CustomerValue, ValueChange
from helpdesk.core.ciphers import digest, digests, is_current


def all_fields() -> list[CustomerField]:
    """Every field in its order; what is built in is added where it is missing."""
    found = list(CustomerField.objects.all())
    missing = BUILT_IN.keys() - {field.key for field in found}
    if not missing:
        return found
    CustomerField.objects.bulk_create(
        [
            CustomerField(key=key, kind=known.kind, sensitivity=known.sensitivity, position=place)
            for place, (key, known) in enumerate(BUILT_IN.items())
            if key in missing
        ],
        ignore_conflicts=True,
    )
    return list(CustomerField.objects.all())


def fields() -> list[CustomerField]:
    """The fields that are shown."""
    return [field for field in all_fields() if field.archived_at is None]


def field_of(key: str) -> CustomerField | None:
    return next((field for field in fields() if field.key == key), None)


def hash_of(field: CustomerField, text: str) -> bytes:
    """Equal for equal values of one field, and of no other."""
    return digest(hashed(field.key, field.kind, text))


def find(key: str, text: str) -> QuerySet[CustomerValue, uuid.UUID]:
    """Ids of the customers of whom the field says exactly this, however it is spelt."""
    field = field_of(key)
    if field is None or not text.strip():
        return CustomerValue.objects.none().values_list("customer_id", flat=True)
    found = CustomerValue.objects.filter(
        field=field, digest__in=digests(hashed(field.key, field.kind, text))
    )
    return found.values_list("customer_id", flat=True)


def latest(customer_id: uuid.UUID, field: CustomerField) -> CustomerValue | None:
    return CustomerValue.objects.filter(customer=customer_id, field=field).first()


def text_of(customer: Customer, field: CustomerField) -> str:
    """What the field says now; the customer's row is at hand."""
    if field.key in COLUMNS:
        return str(getattr(customer, field.key))
    row = latest(customer.pk, field)
    return row.text if row else ""


def store(
    customer: Customer, field: CustomerField, text: str, *, by: Any, undoes: int | None = None
) -> CustomerValue | None:
    """Keep what a field says from now on, under the customer's lock. None if it said so already.

    `by` is an agent, the customer, or None for the system.
    """
    row = latest(customer.pk, field)
    before = getattr(customer, field.key) if field.key in COLUMNS else row.text if row else ""
    if before == text:
        return None
    signed = {
        "by": by if by is not None and by.kind == "agent" else None,
        "by_kind": "system" if by is None else by.kind,
        "by_name": "" if by is None else str(by)[:120],
        "at": Now(),
    }
    if row is None:
        row = CustomerValue(customer=customer, field=field, version=0)
        if before:  # a name that was told when the chat began: it has a history from now on
            _remember(customer, field, 0, before, {**signed, "by": None, "by_kind": "customer"})
    row.version += 1
    for name, part in signed.items():
        setattr(row, name, part)
    row.text, row.digest = text, hash_of(field, text)
    row.save()
    _remember(customer, field, row.version, text, signed, undoes)
    if field.key in COLUMNS:
        setattr(customer, field.key, text)
        customer.save(update_fields=[field.key])
    return row


def _remember(
    customer: Customer,
    field: CustomerField,
    version: int,
    text: str,
    signed: dict[str, Any],
    undoes: int | None = None,
) -> None:
    change = ValueChange(customer=customer, field=field, version=version, undoes=undoes, **signed)
    change.text = text
    change.save()


def store_told(customer: Customer, told: Mapping[str, str], *, by: Any) -> list[str]:
    """Keep what somebody told of themselves; what is empty stays. Returns the fields it changed."""
    known = {field.key: field for field in all_fields()} if any(told.values()) else {}
    return [
        key
        for key, text in told.items()
        if text and store(customer, known[key], text, by=by) is not None
    ]


def store_past(told: Mapping[uuid.UUID, Mapping[str, str]]) -> None:
    """Values of imported customers, by the hundred; what is known of them already stays."""
    known = {field.key: field for field in all_fields()}
    rows, changes = [], []
    for customer_id, values in told.items():
        for key, text in values.items():
            field = known[key]
            row = CustomerValue(customer_id=customer_id, field=field, by_kind="system", at=Now())
            row.text, row.digest = text, hash_of(field, text)
            change = ValueChange(
                customer_id=customer_id, field=field, sealed=row.sealed, by_kind="system", at=Now()
            )
            rows.append(row)
            changes.append(change)
    CustomerValue.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)
    ValueChange.objects.bulk_create(changes, batch_size=1_000, ignore_conflicts=True)


def carry_over(source: Customer, target: Customer) -> None:
    """What is known of a stranger is known of the customer they turn out to be."""
    known = {field.pk: field for field in all_fields()}
    for row in CustomerValue.objects.filter(customer=source).exclude(field__key__in=COLUMNS):
        if latest(target.pk, known[row.field_id]) is None:
            store(target, known[row.field_id], row.text, by=target)


def own_contact(customer: Customer) -> dict[str, str]:
    """The name and address a customer gave us themselves, for their own chat.

    What colleagues wrote there is theirs: the chat knows nothing of it.
    """
    told = ValueChange.objects.filter(customer=customer, field__key__in=("name", "email"))
    newest = told.order_by("field_id", "-version").distinct("field_id").select_related("field")
    contact = {"name": customer.name, "email": ""}
    for change in newest:
        contact[change.field.key] = "" if change.by_kind == "agent" else change.text
    return contact


def renew(kind: type[CustomerValue] | type[ValueChange], after: int, size: int) -> int | None:
    """Seal with the newest key what an older one sealed. Returns the last row looked at."""
    locked = kind.objects.select_for_update(of=["self"]).select_related("field")
    rows = list(locked.filter(pk__gt=after).order_by("pk")[:size])
    for row in rows:
        if is_current(row.sealed):
            continue
        row.text = text = row.text
        if isinstance(row, CustomerValue):
            row.digest = hash_of(row.field, text)
        row.save()
    return rows[-1].pk if rows else None
