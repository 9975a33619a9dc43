"""Admins and supervisors of an installation that is there already change shared canned replies."""

from django.db import migrations
from django.db.models import F


def give(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    inbox, _ = ContentType.objects.get_or_create(app_label="conversations", model="inbox")
    right, _ = Permission.objects.get_or_create(
        content_type=inbox, codename="manage_canned_replies", defaults={"name": "CANNED"}
    )
    roles = apps.get_model("permissions", "Role").objects.filter(key__in=["admin", "supervisor"])
    groups = list(roles.values_list("group_id", flat=True))
    inboxes = apps.get_model("conversations", "Inbox").objects.values_list("pk", flat=True)
    rights = apps.get_model("conversations", "InboxGroupRight")
    rights.objects.bulk_create(
        [
            rights(group_id=group, content_object_id=pk, permission_id=right.pk)
            for group in groups
            for pk in inboxes
        ],
        ignore_conflicts=True,
    )
    agents = apps.get_model("permissions", "Agent").objects
    agents.filter(groups__in=groups).update(authz_version=F("authz_version") + 1)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("collaboration", "0001_drafts_and_canned"),
        ("conversations", "0002_views_and_acts"),
        ("permissions", "0002_audit_append_only"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
