"""Single rows read and written with statements that are built once per model.

Django builds and compiles its SQL anew for every call, and PostgreSQL plans it anew. On the way of
a message that costs ten times the statement itself, so the few statements every message needs go
through here. Fields convert their values as always; signals are not sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models

from helpdesk.core.postgresql.base import DatabaseWrapper

M = TypeVar("M", bound=models.Model)


def first(model: type[M], where: str, values: Sequence[Any]) -> M | None:
    """The row for which `where` holds (SQL of ours, values as %s; a lock may follow), or None."""
    return ask(model, where, values)()


def ask(model: type[M], where: str, values: Sequence[Any]) -> Callable[[], M | None]:
    """The same for `at_once`: what is returned hands the row over, after the last was asked."""
    select = _select(model)
    cursor = prepared(select.statement + where, values)

    def answer() -> M | None:
        found = cursor.fetchone()
        return None if found is None else select.made_of(found)

    return answer


def every(model: type[M], where: str, values: Sequence[Any]) -> list[M]:
    """All rows for which `where` holds, in its order."""
    found = prepared(_select(model).statement + where, values).fetchall()
    return [_select(model).made_of(row) for row in found]


def columns(model: type[models.Model], *, of: str) -> str:
    """The columns of a model's table, which a statement of ours calls `of`, for `made_of`."""
    return ", ".join(f"{of}.{_quoted(str(field.column))}" for field in model._meta.concrete_fields)


def made_of(model: type[M], values: Sequence[Any]) -> M:
    """The row that was read beside something else."""
    made: M = _select(model).made_of(values)
    return made


def insert(row: models.Model) -> None:
    """Store a new row, all of whose values are set, and give it its key."""
    changes = Changes()
    changes.insert(row)
    changes.store()


def update(row: models.Model, *names: str) -> None:
    """Store these fields of a row that is there."""
    changes = Changes()
    changes.update(row, *names)
    changes.store()


class Changes:
    """Rows that are stored together: in one statement, however many there are.

    Their values are those they have when they are stored.
    """

    def __init__(self) -> None:
        self._inserts: list[models.Model] = []
        self._updates: dict[tuple[type[models.Model], Any], tuple[models.Model, set[str]]] = {}
        self._others: list[Part] = []

    def insert(self, row: models.Model) -> None:
        """Store a new row, all of whose values are set. It has its key from then on."""
        self._inserts.append(row)

    def update(self, row: models.Model, *names: str) -> None:
        """Store these fields of a row that is there."""
        known, fields = self._updates.setdefault((type(row), row.pk), (row, set()))
        if known is not row:  # one statement changes a row only once
            self.store()
            return self.update(row, *names)
        fields.update(names)

    def add(self, statement: str, values: Sequence[Any], take: Callable[[Any], None]) -> None:
        """Another statement that returns one value, which `take` is handed."""
        self._others.append(Part(statement, values, take))

    def store(self) -> None:
        """Write all of it. Doing it again writes nothing."""
        self._send()()

    def store_at_the_end(self) -> None:
        """Write all of it together with the running transaction's COMMIT, in one wait."""
        database = ours()
        if database.savepoint_ids:  # it is a part of another one, a test's
            self.store()
        elif self._inserts or self._updates or self._others:
            database.at_the_end(self._send)

    def _send(self) -> Callable[[], None]:
        """Ask for all of it; what is returned takes the answers, once they are there."""
        database = ours()
        parts = [
            *(_inserting(row, database) for row in self._inserts),
            *(_updating(row, names, database) for row, names in self._updates.values()),
            *self._others,
        ]
        for stored in (self._inserts, self._updates, self._others):
            stored.clear()
        if not parts:
            return lambda: None
        values = [value for part in parts for value in part.values]
        asked = prepared(_together(tuple(part.statement for part in parts)), values)

        def take() -> None:
            for part, value in zip(parts, asked.fetchone(), strict=True):
                part.take(value)

        return take


@dataclass(frozen=True, slots=True)
class Part:
    """A statement among several, its values, and who is handed what it returns."""

    statement: str
    values: Sequence[Any]
    take: Callable[[Any], None]


def ours() -> DatabaseWrapper:
    """This thread's connection. Django's own name for it looks for it at every use."""
    return cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS])


@contextmanager
def at_once() -> Iterator[None]:
    """`prepared` statements that are sent together: each begins when the one before has ended, and
    sees what was committed until then. A transaction's BEGIN goes along."""
    with ours().together():
        yield


def prepared(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> Any:
    """Run a statement that PostgreSQL plans once per connection; a cursor with its rows."""
    cursor = ours().prepared_cursor()
    cursor.execute(statement, values)
    return cursor


def _quoted(name: str) -> str:
    return ours().ops.quote_name(name)


def _key(model: type[models.Model]) -> Any:
    return model._meta.pk


@dataclass(frozen=True, slots=True)
class Select:
    """How rows of a model are read."""

    model: type[models.Model]
    names: list[str]
    statement: str
    converted: list[tuple[int, Any]]

    def made_of(self, found: Sequence[Any]) -> Any:
        values, database = list(found), ours()
        for position, field in self.converted:
            values[position] = field.from_db_value(found[position], None, database)
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, values)


@lru_cache
def _select(model: type[models.Model]) -> Select:
    fields = model._meta.concrete_fields
    columns = ", ".join(_quoted(str(field.column)) for field in fields)
    table = _quoted(model._meta.db_table)
    converted = [(n, field) for n, field in enumerate(fields) if hasattr(field, "from_db_value")]
    names = [field.attname for field in fields]
    return Select(model, names, f"SELECT {columns} FROM {table} WHERE ", converted)


@lru_cache
def _together(statements: tuple[str, ...]) -> str:
    named = ", ".join(f"part{n} AS ({statement})" for n, statement in enumerate(statements))
    returned = ", ".join(f"(SELECT * FROM part{n})" for n in range(len(statements)))
    return f"WITH {named} SELECT {returned}"


def _inserting(row: models.Model, database: DatabaseWrapper) -> Part:
    fields, statement = _insert(type(row), row.pk is not None)
    values = [field.get_db_prep_save(field.pre_save(row, True), database) for field in fields]
    return Part(statement, values, partial(_inserted, row))


def _inserted(row: models.Model, key: Any) -> None:
    row.pk = key
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def _updating(row: models.Model, names: set[str], database: DatabaseWrapper) -> Part:
    fields, statement = _update(type(row), frozenset(names))
    values = [field.get_db_prep_save(field.pre_save(row, False), database) for field in fields]
    return Part(statement, [*values, row.pk], lambda key: None)


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
def _update(model: type[models.Model], names: frozenset[str]) -> tuple[list[Any], str]:
    fields: list[Any] = [model._meta.get_field(name) for name in sorted(names)]
    changes = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    table, key = _quoted(model._meta.db_table), _quoted(_key(model).column)
    return fields, f"UPDATE {table} SET {changes} WHERE {key} = %s RETURNING {key}"
