"""What was said so far counts as read by both sides, and admins may change the inboxes."""

from django.db import connection, migrations
from django.db.models import F

BATCH = 5_000  # conversations in one statement: none runs longer than it may

_READ = """
UPDATE conversations_conversation SET
  team_read = last_public_seq, customer_read = last_public_seq
WHERE id IN (
  SELECT id FROM conversations_conversation WHERE id > %s ORDER BY id LIMIT %s
) RETURNING id
"""


def read_so_far(apps, schema_editor):
    last = "00000000-0000-0000-0000-000000000000"
    with connection.cursor() as cursor:
        while last is not None:
            cursor.execute(_READ, [last, BATCH])
            last = max((pk for (pk,) in cursor.fetchall()), default=None)


def let_admins_configure(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    rights = apps.get_model("conversations", "InboxGroupRight").objects
    inbox, _ = ContentType.objects.get_or_create(app_label="conversations", model="inbox")
    configure, _ = Permission.objects.get_or_create(
        content_type=inbox, codename="configure_inboxes", defaults={"name": "CONFIGURE"}
    )
    inboxes = list(apps.get_model("conversations", "Inbox").objects.values_list("pk", flat=True))
    for role in apps.get_model("permissions", "Role").objects.filter(key="admin"):
        rights.bulk_create(
            [
                rights.model(group_id=role.group_id, content_object_id=pk, permission=configure)
                for pk in inboxes
            ],
            ignore_conflicts=True,
        )
        agents = apps.get_model("permissions", "Agent").objects.filter(groups=role.group_id)
        agents.update(authz_version=F("authz_version") + 1)


class Migration(migrations.Migration):
    atomic = False  # batches, each committed by itself; a second run does no harm

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("conversations", "0004_widget"),
        ("permissions", "0002_audit_append_only"),
    ]

    operations = [
        migrations.RunPython(read_so_far, migrations.RunPython.noop),
        migrations.RunPython(let_admins_configure, migrations.RunPython.noop),
    ]
