from django.db import migrations
from django.utils import timezone

from conversations.customers.kinds import BUILT_IN, hashed, split
from helpdesk.core.ciphers import digest, seal

BATCH = 1_000


def add_fields(apps, schema_editor):
    fields = apps.get_model("conversations", "CustomerField")
    fields.objects.bulk_create(
        [
            fields(key=key, kind=one.kind, sensitivity=one.sensitivity, position=place)
            for place, (key, one) in enumerate(BUILT_IN.items())
        ],
        ignore_conflicts=True,
    )


def move_values(apps, schema_editor):
    """E-mail addresses, and what imports and host pages told beside them, become sealed values.

    By the batch, each for itself: begun again after a crash it goes on, and moves nothing twice.
    """
    customers = apps.get_model("conversations", "Customer").objects
    fields = {
        one.key: one for one in apps.get_model("conversations", "CustomerField").objects.all()
    }
    last = None
    while True:
        found = customers.order_by("pk")
        batch = list((found.filter(pk__gt=last) if last else found)[:BATCH])
        if not batch:
            return
        last = batch[-1].pk
        values, changed = {}, []
        for customer in batch:
            told = dict(customer.attributes)
            site = told.pop("site", None)
            rest, moved = split(told)
            if isinstance(site, dict):
                rest["site"], of_site = split(site)
                moved = of_site | moved
            if customer.email:
                moved["email"] = customer.email
            if moved:
                values[customer.pk] = moved
                customer.attributes, customer.email = rest, ""
                changed.append(customer)
        _store(apps, fields, values)
        customers.bulk_update(changed, ["attributes", "email"])


def _store(apps, fields, values):
    now = timezone.now()
    rows, changes = [], []
    for customer_id, moved in values.items():
        for key, text in moved.items():
            field = fields[key]
            facts = {
                "customer_id": customer_id,
                "field": field,
                "by_kind": "customer" if key == "email" else "system",
                "at": now,
                "sealed": seal(text, f"{customer_id}:{field.pk}"),
            }
            found_by = digest(hashed(key, field.kind, text))
            rows.append(apps.get_model("conversations", "CustomerValue")(digest=found_by, **facts))
            changes.append(apps.get_model("conversations", "ValueChange")(**facts))
    for made in (rows, changes):
        if made:
            type(made[0]).objects.bulk_create(made, ignore_conflicts=True)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0008_customer_fields")]
    operations = [
        migrations.RunPython(add_fields, migrations.RunPython.noop),
        migrations.RunPython(move_values, migrations.RunPython.noop),
    ]
