"""Those around the conversations of a list: read by one statement that PostgreSQL plans once.

To plan the joins of a list takes it longer than to find the rows, and most rows name the same few
inboxes and colleagues.
"""

from functools import lru_cache
from typing import Any

from django.db import connection

from conversations.threads.models import Conversation, ReadMark
from helpdesk.core import rows
from permissions.accounts.models import Agent

SHOWN = {  # of each who is beside a row
    "customer": ("name",),
    "assignee": ("username", "name"),
    "inbox": ("key", "name"),
    "team": ("name",),
}


def put_beside(listed: list[Conversation], reader: Agent) -> list[Conversation]:
    """The conversations with their customer, assignee, inbox and team, as far as a row shows them,
    and with `messages_read` of the reader."""
    if not listed:
        return listed
    fields: dict[str, Any] = {name: Conversation._meta.get_field(name) for name in SHOWN}
    ids = {
        name: {getattr(row, field.attname) for row in listed} - {None}
        for name, field in fields.items()
    }
    named = [list(found) for found in ids.values()]
    found = rows.prepared(_statement(), [*named, reader.pk, [row.pk for row in listed]])
    known: dict[tuple[str, str], Any] = {(kind, key): told for kind, key, told in found}
    for name, field in fields.items():
        made = {
            key: _made(field.related_model, key, dict(zip(SHOWN[name], told, strict=True)))
            for key in ids[name]
            if (told := known.get((name, str(key))))
        }
        for row in listed:
            field.set_cached_value(row, made.get(getattr(row, field.attname)))
    for row in listed:
        read = known.get(("read", str(row.pk)))
        row.messages_read = int(read[0]) if read else None  # type: ignore[attr-defined]
    return listed


def _made(model: Any, key: Any, told: dict[str, str]) -> Any:
    """As if it had been read: Django takes a model's fields in their order only."""
    told[model._meta.pk.attname] = key
    names = [one.attname for one in model._meta.concrete_fields if one.attname in told]
    return model.from_db(connection.alias, names, [told[name] for name in names])


@lru_cache
def _statement() -> str:
    quoted = connection.ops.quote_name
    parts = []
    for name, shown in SHOWN.items():
        meta: Any = Conversation._meta.get_field(name).related_model._meta  # type: ignore[union-attr]
        columns = ", ".join(quoted(one) for one in shown)
        sort = meta.pk.db_type(connection)
        parts.append(
            f"SELECT '{name}', id::text, ARRAY[{columns}]::text[] "  # noqa: S608 our own names
            f"FROM {quoted(meta.db_table)} WHERE id = ANY(%s::{sort}[])"
        )
    marks = quoted(ReadMark._meta.db_table)
    parts.append(
        "SELECT 'read', conversation_id::text, ARRAY[messages]::text[] "  # noqa: S608 our own names
        f"FROM {marks} WHERE agent_id = %s AND conversation_id = ANY(%s::uuid[])"
    )
    return " UNION ALL ".join(parts)
