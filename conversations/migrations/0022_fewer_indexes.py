import django.db.models.deletion
from django.db import migrations, models


def index(name, table, column):
    return migrations.RunSQL(
        f"DROP INDEX IF EXISTS {name}", f"CREATE INDEX {name} ON {table} ({column})"
    )


class Migration(migrations.Migration):
    """Two indexes of foreign keys that others begin with.

    By itself Django would also make the foreign keys anew, and read every row for it.
    """

    dependencies = [("conversations", "0021_give_sensitive_notes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                index(
                    "conversations_conversation_customer_id_afb78c4a",
                    "conversations_conversation",
                    "customer_id",
                ),
                index(
                    "conversations_entry_conversation_id_5677ebff",
                    "conversations_entry",
                    "conversation_id",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="conversation",
                    name="customer",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conversations",
                        to="conversations.customer",
                    ),
                ),
                migrations.AlterField(
                    model_name="entry",
                    name="conversation",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="conversations.conversation",
                    ),
                ),
            ],
        )
    ]
