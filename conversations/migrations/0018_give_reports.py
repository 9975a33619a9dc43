"""Who leads in an inbox sees reports on it, and so does the auditor."""

from django.db import migrations
from django.db.models import F

REPORT, SUPERVISE = "view_reports", "supervise_conversations"


def give(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    kind, _ = ContentType.objects.get_or_create(app_label="conversations", model="inbox")
    report, _ = Permission.objects.get_or_create(
        content_type=kind, codename=REPORT, defaults={"name": REPORT}
    )
    tables = {
        name: apps.get_model("conversations", name).objects
        for name in ("InboxGroupRight", "InboxAgentRight")
    }
    raised = False
    for (_name, rights), holder in zip(tables.items(), ("group_id", "user_id"), strict=True):
        leading = rights.filter(permission__content_type=kind, permission__codename=SUPERVISE)
        rows = [
            rights.model(**{holder: who}, content_object_id=on, permission_id=report.pk)
            for who, on in leading.values_list(holder, "content_object_id")
        ]
        raised = bool(rights.bulk_create(rows, ignore_conflicts=True)) or raised
    inboxes = apps.get_model("conversations", "Inbox").objects.values_list("pk", flat=True)
    for role in apps.get_model("permissions", "Role").objects.all():
        if REPORT in role.acts or not (SUPERVISE in role.acts or role.key == "auditor"):
            continue
        role.acts = sorted([*role.acts, REPORT])
        role.save(update_fields=["acts"])
        of_groups = tables["InboxGroupRight"]
        rows = [
            of_groups.model(group_id=role.group_id, content_object_id=on, permission_id=report.pk)
            for on in inboxes
        ]
        raised = bool(of_groups.bulk_create(rows, ignore_conflicts=True)) or raised
    if raised:
        agents = apps.get_model("permissions", "Agent").objects
        agents.update(authz_version=F("authz_version") + 1)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("conversations", "0017_collisions"),
        ("permissions", "0007_role_acts"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
