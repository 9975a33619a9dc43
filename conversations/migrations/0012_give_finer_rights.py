"""Who could join may invite; the roles get what their rights were divided into, on every inbox."""

from django.db import migrations
from django.db.models import F


def give(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    inbox, _ = ContentType.objects.get_or_create(app_label="conversations", model="inbox")

    def permission(codename):
        found, _ = Permission.objects.get_or_create(
            content_type=inbox, codename=codename, defaults={"name": codename}
        )
        return found.pk

    raised = False
    invite = permission("invite_colleagues")
    for table, holder in (("InboxGroupRight", "group_id"), ("InboxAgentRight", "user_id")):
        rights = apps.get_model("conversations", table).objects
        joining = rights.filter(
            permission__content_type=inbox, permission__codename="join_conversations"
        )
        rows = [
            rights.model(**{holder: who}, content_object_id=on, permission_id=invite)
            for who, on in joining.values_list(holder, "content_object_id")
        ]
        raised = bool(rights.bulk_create(rows, ignore_conflicts=True)) or raised
    of_groups = apps.get_model("conversations", "InboxGroupRight").objects
    inboxes = list(apps.get_model("conversations", "Inbox").objects.values_list("pk", flat=True))
    for role in apps.get_model("permissions", "Role").objects.all():
        rows = [
            of_groups.model(group_id=role.group_id, content_object_id=on, permission_id=act)
            for act in map(permission, role.acts)
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
        ("conversations", "0011_grants"),
        ("permissions", "0007_role_acts"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
