import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0006_filters_on_what_is_done"),
        ("permissions", "0004_policies_and_duties"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="mode",
            field=models.CharField(
                blank=True,
                choices=[
                    ("open", "Open floor"),
                    ("lead", "Lead speaks"),
                    ("solo", "Solo"),
                    ("invited", "By invitation"),
                    ("approved", "By approval"),
                ],
                db_default="",
                default="",
                editable=False,
                max_length=10,
                verbose_name="mode",
            ),
        ),
        migrations.AddField(
            model_name="inbox",
            name="changed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="inbox",
            name="changed_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="inbox",
            name="joining",
            field=models.CharField(
                blank=True,
                choices=[
                    ("everyone", "Everyone with the right to join"),
                    ("chosen", "Chosen teams and roles"),
                    ("invited", "Only who is invited"),
                    ("approved", "Whoever a supervisor lets in"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="who may join",
            ),
        ),
        migrations.AddField(
            model_name="inbox",
            name="joining_groups",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                verbose_name="teams and roles that may join",
            ),
        ),
        migrations.AddField(
            model_name="inbox",
            name="mode",
            field=models.CharField(
                blank=True,
                choices=[
                    ("open", "Open floor"),
                    ("lead", "Lead speaks"),
                    ("solo", "Solo"),
                    ("invited", "By invitation"),
                    ("approved", "By approval"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="mode",
            ),
        ),
        migrations.AddField(
            model_name="inbox",
            name="most_participants",
            field=models.PositiveSmallIntegerField(null=True, verbose_name="most participants"),
        ),
        migrations.AddField(
            model_name="inbox",
            name="shown_as",
            field=models.CharField(
                blank=True,
                choices=[
                    ("agents", "The name of the agent who answers"),
                    ("team", "One name for the whole team"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="names customers see",
            ),
        ),
        migrations.AddField(
            model_name="inbox",
            name="team_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=80,
                verbose_name="name for the whole team",
            ),
        ),
        migrations.AddField(
            model_name="inbox",
            name="version",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("mode__in", ["", "open", "lead", "solo", "invited", "approved"])
                ),
                name="conversation_mode_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="inbox",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("mode__in", ["", "open", "lead", "solo", "invited", "approved"])
                ),
                name="inbox_mode_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="inbox",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("joining__in", ["", "everyone", "chosen", "invited", "approved"])
                ),
                name="inbox_joining_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="inbox",
            constraint=models.CheckConstraint(
                condition=models.Q(("shown_as__in", ["", "agents", "team"])),
                name="inbox_shown_as_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="inbox",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("most_participants", None), ("most_participants__lte", 50), _connector="OR"
                ),
                name="inbox_most_participants",
            ),
        ),
    ]
