"""Whoever could hand over and resolve may do what those rights were divided into."""

from django.db import migrations
from django.db.models import F

# the right held so far → those that go with it from now on
GIVEN = {
    "assign_conversations": ["transfer_conversations", "merge_conversations"],
    "resolve_conversations": ["prioritise_conversations", "moderate_customers"],
}


def give(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    inbox, _ = ContentType.objects.get_or_create(app_label="conversations", model="inbox")
    raised = False
    for held, names in GIVEN.items():
        for name in names:
            new, _ = Permission.objects.get_or_create(
                content_type=inbox, codename=name, defaults={"name": name.split("_")[0].upper()}
            )
            for table, holder in (("InboxGroupRight", "group_id"), ("InboxAgentRight", "user_id")):
                rights = apps.get_model("conversations", table).objects
                of = rights.filter(permission__content_type=inbox, permission__codename=held)
                rows = list(of.values_list(holder, "content_object_id"))
                raised = raised or bool(rows)
                rights.bulk_create(
                    [
                        rights.model(**{holder: who}, content_object_id=on, permission_id=new.pk)
                        for who, on in rows
                    ],
                    ignore_conflicts=True,
                )
    if raised:
        agents = apps.get_model("permissions", "Agent").objects
        agents.update(authz_version=F("authz_version") + 1)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("conversations", "0002_views_and_acts"),
        ("permissions", "0002_audit_append_only"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
