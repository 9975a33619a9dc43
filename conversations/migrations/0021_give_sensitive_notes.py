"""Who leads in an inbox writes sensitive notes; who reads customers' sensitive details reads them."""

from django.db import migrations
from django.db.models import F

WRITE, READ = "write_sensitive_notes", "read_sensitive_notes"
LEAD, VIEW = "supervise_conversations", "view_sensitive"
BY = {LEAD: (WRITE, READ), VIEW: (READ,)}  # whoever may the one is given the others


def give(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    kind, _ = ContentType.objects.get_or_create(app_label="conversations", model="inbox")
    pks = {
        codename: Permission.objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": codename}
        )[0].pk
        for codename in (WRITE, READ)
    }
    raised = False
    for table, holder in (("InboxGroupRight", "group_id"), ("InboxAgentRight", "user_id")):
        rights = apps.get_model("conversations", table).objects
        for act, given in BY.items():
            held = rights.filter(permission__content_type=kind, permission__codename=act)
            rows = [
                rights.model(**{holder: who}, content_object_id=on, permission_id=pks[codename])
                for who, on in held.values_list(holder, "content_object_id")
                for codename in given
            ]
            raised = bool(rights.bulk_create(rows, ignore_conflicts=True)) or raised
    for role in apps.get_model("permissions", "Role").objects.all():
        given = {new for act in role.acts if act in BY for new in BY[act]}
        if given - set(role.acts):  # on the inboxes to come
            role.acts = sorted({*role.acts, *given})
            role.save(update_fields=["acts"])
    if raised:
        agents = apps.get_model("permissions", "Agent").objects
        agents.update(authz_version=F("authz_version") + 1)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("conversations", "0020_sensitive_notes"),
        ("permissions", "0007_role_acts"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
