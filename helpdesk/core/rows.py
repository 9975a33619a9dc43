"""Single rows read and written with statements that are built once per model.

Django builds and compiles its SQL anew for every call. On the way of a message that costs ten times
the statement itself (0.5 to 1.7 ms of CPU instead of 0.05), so the few statements every message
needs go through here. Fields convert their values as always; signals are not sent.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from django.db import connection, models

M = TypeVar("M", bound=models.Model)


def first(model: type[M], where: str, values: Sequence[Any]) -> M | None:
    """The row for which `where` holds (SQL of ours, values as %s; a lock may follow), or None."""
    names, select, converted = _select(model)
    with connection.cursor() as cursor:
        cursor.execute(select + where, values)
        found = cursor.fetchone()
    if found is None:
        return None
    values_found = list(found)
    for position, field in converted:
        values_found[position] = field.from_db_value(found[position], None, connection)
    return model.from_db(connection.alias, names, values_found)


def insert(row: models.Model) -> None:
    """Store a new row, all of whose values are set, and give it its key."""
    fields, statement = _insert(type(row), row.pk is not None)
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias


def update(row: models.Model, *names: str) -> None:
    """Store these fields of a row that is there."""
    fields, statement = _update(type(row), names)
    values = [field.get_db_prep_save(field.pre_save(row, False), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, row.pk])


@contextmanager
def in_one_go() -> Iterator[None]:
    """A transaction of `prepared` statements that waits for PostgreSQL only for rows that are read
    and for the commit. Nothing else may be asked in it."""
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors, raw.pipeline(), raw.transaction():
        yield


def prepared(statement: str, values: Sequence[Any]) -> Any:
    """Run a statement that PostgreSQL plans once per connection; a cursor to fetch its rows from.

    For large statements asked many times a second, of which the plan costs more than the rest.
    """
    raw = connection.connection
    raw.prepare_threshold = 0  # Django allows none
    with connection.wrap_database_errors:
        return psycopg.Cursor(raw).execute(statement, values, prepare=True)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _key(model: type[models.Model]) -> Any:
    return model._meta.pk


@lru_cache
def _select(model: type[models.Model]) -> tuple[list[str], str, list[tuple[int, Any]]]:
    fields = model._meta.concrete_fields
    columns = ", ".join(_quoted(str(field.column)) for field in fields)
    table = _quoted(model._meta.db_table)
    converted = [(n, field) for n, field in enumerate(fields) if hasattr(field, "from_db_value")]
    names = [field.attname for field in fields]
    return names, f"SELECT {columns} FROM {table} WHERE ", converted


@lru_cache
def _insert(model: type[models.Model], with_key: bool) -> tuple[list[Any], str]:
    fields: list[Any] = [
        field
        for field in model._meta.concrete_fields
        if not field.generated and (with_key or not field.primary_key)
    ]
    columns = ", ".join(_quoted(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table, key = _quoted(model._meta.db_table), _quoted(_key(model).column)
    return fields, f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING {key}"


@lru_cache
def _update(model: type[models.Model], names: tuple[str, ...]) -> tuple[list[Any], str]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    changes = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    table, key = _quoted(model._meta.db_table), _quoted(_key(model).column)
    return fields, f"UPDATE {table} SET {changes} WHERE {key} = %s"
