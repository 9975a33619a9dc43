"""Changes of what is known about customers, and of what is to be known."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Now
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from conversations.customers import values
from conversations.customers.events import CustomerChanged, FieldsChanged
from conversations.customers.kinds import COLUMNS, OFFERED, Sensitivity, read_value
from conversations.customers.models import Customer, CustomerField, CustomerValue, ValueChange
from conversations.customers.queries import insight, shown_field
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from permissions.accounts.models import Agent
from permissions.acts.checks import require_duty
from permissions.acts.command import Step, command
from permissions.acts.vocabulary import Duty
from permissions.approvals.gate import require_approval

CHANGE = "customer.change"
MOST_FIELDS = 60


def change_value(
    *, agent: Agent, customer: uuid.UUID, key: str, text: object, version: int
) -> Customer:
    """Set one field. Conflict if it changed since `version` was shown; other fields may have.

    The conflict carries what it says now, as this agent may see it.
    """
    with command(CHANGE, actor=agent, on=None) as step:
        found, field = _locked(step, agent, customer, key)
        new = read_value(field.kind, text, field.choices)
        if field.key == "name" and len(new) > 120:
            raise Invalid(_("The text is too long."), limit=120)
        _require_unchanged(agent, found, field, version, new)
        if new != values.text_of(found, field):
            require_approval(CHANGE, agent=agent, tags=lambda: _tags_of(found))
        _store(step, agent, found, field, new)
        return found


def _tags_of(customer: Customer) -> list[str]:
    """Of all their conversations."""
    tags = customer.conversations.values_list("tags", flat=True)
    return sorted({tag for some in tags for tag in some})


def undo_change(*, agent: Agent, customer: uuid.UUID, key: str, version: int) -> Customer:
    """Take the last change of a field back: it says again what it said before."""
    with command("customer.undo", actor=agent, on=None) as step:
        found, field = _locked(step, agent, customer, key)
        row = values.latest(found.pk, field)
        if row is None or row.version != version:
            raise Conflict(_("It was changed again meanwhile. Look at it, then take that back."))
        before = ValueChange.objects.filter(
            customer=found, field=field, version=version - 1
        ).first()
        require_approval(CHANGE, agent=agent, tags=lambda: _tags_of(found))
        _store(step, agent, found, field, before.text if before else "", undoes=version)
        return found


def _locked(
    step: Step, agent: Agent, customer: uuid.UUID, key: str
) -> tuple[Customer, CustomerField]:
    """Unseen: NotFound. Seen but forbidden: NotAllowed."""
    seen = Customer.objects.visible_to(agent).filter(pk=customer).exists()
    field = values.field_of(key)
    if not seen or field is None:
        raise NotFound
    step.on = found = Customer.objects.select_for_update(no_key=True).get(pk=customer)
    if not insight(agent, found).may_change:
        raise NotAllowed
    return found, field


def _require_unchanged(
    agent: Agent, customer: Customer, field: CustomerField, version: int, new: str
) -> None:
    row = values.latest(customer.pk, field)
    now = row.version if row else 0
    if now == version or values.text_of(customer, field) == new:
        return
    current = shown_field(customer, field.key, insight(agent, customer))
    raise Conflict(
        _("%(name)s changed this meanwhile.") % {"name": current.by or str(customer)},
        **current.json(),
    )


def _store(
    step: Step,
    agent: Agent,
    customer: Customer,
    field: CustomerField,
    text: str,
    undoes: int | None = None,
) -> None:
    before = values.text_of(customer, field)
    row = values.store(customer, field, text, by=agent, undoes=undoes)
    if row is None:
        step.nothing_changed()
        return
    step.note(
        field=field.key,
        version=row.version,
        before=before and values.hash_of(field, before).hex()[:32],
        after=text and values.hash_of(field, text).hex()[:32],
    )
    if undoes is not None:
        step.note(undoes=undoes)
    step.tell(CustomerChanged(customer_id=str(customer.pk)))


def renew_seals(size: int = 500) -> int:
    """Seal all that is kept of customers with the newest key; safe to begin again."""
    done = 0
    for kind in (CustomerValue, ValueChange):
        last: int | None = 0
        while last is not None:
            with command("customer.renew_seals", actor=None, on=None) as step:
                last = values.renew(kind, last, size)
                if last is None:
                    step.nothing_changed()
                else:
                    step.note(kind=kind.__name__, upto=last)
                    done += 1
    return done


# --- the fields themselves -----------------------------------------------------------------


def add_field(
    *,
    agent: Agent,
    kind: str,
    label_en: str,
    label_zh: str,
    sensitivity: str,
    choices: Sequence[str] = (),
) -> CustomerField:
    """Keep another thing about customers."""
    with command("customer_field.add", actor=agent, on=None) as step:
        require_duty(agent, Duty.FIELDS)
        if kind not in OFFERED:
            raise Invalid(_("There is no such kind of field."))
        known = values.all_fields()
        if len(known) >= MOST_FIELDS:
            raise Invalid(_("There are as many fields as there can be."))
        field = CustomerField(
            key=_new_key(label_en or label_zh),
            kind=kind,
            position=max(one.position for one in known) + 1,
            changed_by=agent,
        )
        _fill(field, label_en, label_zh, sensitivity, choices)
        field.save(force_insert=True)
        step.on = field
        step.note(key=field.key, kind=kind, sensitivity=sensitivity)
        step.tell(FieldsChanged())
        return field


def change_field(
    *,
    agent: Agent,
    field: int,
    version: int,
    label_en: str,
    label_zh: str,
    sensitivity: str,
    choices: Sequence[str] = (),
) -> CustomerField:
    """Name a field otherwise, or let others read it. Conflict if it changed since `version`."""
    with command("customer_field.change", actor=agent, on=None) as step:
        found = _locked_field(step, agent, field)
        if found.version != version:
            raise Conflict(
                _("%(name)s changed this meanwhile. Look at it again, then save.")
                % {"name": str(found.changed_by or _("Somebody"))}
            )
        before = _facts(found)
        _fill(found, label_en, label_zh, sensitivity, choices)
        if _facts(found) == before:
            step.nothing_changed()
            return found
        step.note(key=found.key, before=before, after=_facts(found))
        return _saved(step, agent, found)


def archive_field(*, agent: Agent, field: int, archived: bool) -> CustomerField:
    """Show a field no more, or again. What it says of customers is kept."""
    verb = "customer_field.archive" if archived else "customer_field.restore"
    with command(verb, actor=agent, on=None) as step:
        found = _locked_field(step, agent, field)
        if found.is_built_in:
            raise Invalid(_("A built-in field stays."))
        if bool(found.archived_at) == archived:
            step.nothing_changed()
            return found
        found.archived_at = Now() if archived else None
        step.note(key=found.key)
        return _saved(step, agent, found)


def move_field(*, agent: Agent, field: int, up: bool) -> None:
    """Let a field change places with its neighbour."""
    with command("customer_field.move", actor=agent, on=None) as step:
        found = _locked_field(step, agent, field)
        order = list(CustomerField.objects.select_for_update().filter(archived_at=None))
        if found not in order:
            raise NotFound
        place = order.index(found)
        other = place - 1 if up else place + 1
        if not 0 <= other < len(order):
            step.nothing_changed()
            return
        order[place], order[other] = order[other], order[place]
        for position, one in enumerate(order):
            one.position = position
        CustomerField.objects.bulk_update(order, ["position"])
        step.note(key=found.key, position=other)
        step.tell(FieldsChanged())


def _locked_field(step: Step, agent: Agent, pk: int) -> CustomerField:
    require_duty(agent, Duty.FIELDS)
    values.all_fields()
    step.on = found = CustomerField.objects.select_for_update(of=["self"]).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def _fill(
    field: CustomerField,
    label_en: str,
    label_zh: str,
    sensitivity: str,
    choices: Sequence[str],
) -> None:
    if not (label_en or label_zh or field.is_built_in):
        raise Invalid(_("Give the field a name in at least one language."))
    if sensitivity not in Sensitivity.values:
        raise Invalid
    if field.key in COLUMNS and sensitivity != Sensitivity.BASIC:
        raise Invalid(_("Every list shows this; it stays basic."))
    wanted = list(dict.fromkeys(choices))
    if field.kind == "choice" and len(wanted) < 2:
        raise Invalid(_("Give at least two choices."))
    field.label_en, field.label_zh = label_en, label_zh
    field.sensitivity = sensitivity
    field.choices = wanted if field.kind == "choice" else []


def _saved(step: Step, agent: Agent, field: CustomerField) -> CustomerField:
    field.version += 1
    field.changed_by = agent
    field.save()
    field.refresh_from_db()
    step.tell(FieldsChanged())
    return field


def _facts(field: CustomerField) -> dict[str, Any]:
    return {
        "label_en": field.label_en,
        "label_zh": field.label_zh,
        "sensitivity": field.sensitivity,
        "choices": field.choices,
    }


def _new_key(label: str) -> str:
    return f"{slugify(label)[:30] or 'field'}-{uuid.uuid4().hex[:6]}"
