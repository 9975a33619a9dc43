import django.contrib.postgres.fields
from django.db import migrations, models

# role → the rights it has on every inbox, for installations that have the preset roles already
TEAM = [
    "view_conversations",
    "join_conversations",
    "invite_colleagues",
    "reply_to_customers",
    "write_notes",
    "claim_conversations",
    "assign_conversations",
    "transfer_conversations",
    "resolve_conversations",
    "prioritise_conversations",
    "merge_conversations",
    "moderate_customers",
]
AGENT = ["change_customers"]
SENIOR = [
    *AGENT,
    "change_tags",
    "change_issue_types",
    "view_sensitive",
    "recall_messages",
    "manage_canned_replies",
]
LEADING = [
    *TEAM,
    *SENIOR,
    "export_conversations",
    "supervise_conversations",
    "decide_requests",
    "grant_access",
]
ACTS = {
    "admin": [*LEADING, "configure_inboxes"],
    "supervisor": LEADING,
    "senior": SENIOR,
    "agent": AGENT,
    "auditor": ["view_conversations"],
}


def fill(apps, schema_editor):
    roles = apps.get_model("permissions", "Role").objects
    for key, acts in ACTS.items():
        roles.filter(key=key).update(acts=acts)


class Migration(migrations.Migration):
    dependencies = [("permissions", "0006_seals")]

    operations = [
        migrations.AddField(
            model_name="role",
            name="acts",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), blank=True, default=list, size=None
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
