"""The test database, brought from one state to another by its rows: emptying every table and making
everything anew by commands costs more than most tests.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection, transaction
from django.test import TransactionTestCase

T = TypeVar("T")
GUARDED = ("permissions_auditrecord", "permissions_seal")  # no row of theirs can be deleted
NEVER_CHANGED = ("django_migrations", "django_content_type", "auth_permission")


@cache
def tables() -> list[str]:
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(found) - set(NEVER_CHANGED))


@dataclass(frozen=True)
class Rows:
    """Rows of many tables, as COPY writes them."""

    of: dict[str, list[bytes]]

    @classmethod
    def stored(cls) -> "Rows":
        """All there are now."""
        with connection.cursor() as cursor:
            found = {}
            for table in tables():
                with cursor.cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                    found[table] = [bytes(row) for row in rows]
        return cls({table: rows for table, rows in found.items() if rows})

    def __sub__(self, before: "Rows") -> "Rows":
        """Those that were stored since; nothing else may have been changed."""
        found = {}
        for table, rows in self.of.items():
            known = set(before.of.get(table, ()))
            assert known <= set(rows), f"rows of {table} were changed"
            found[table] = [row for row in rows if row not in known]
        assert before.of.keys() <= self.of.keys()
        return Rows({table: rows for table, rows in found.items() if rows})

    def store(self) -> None:
        with connection.cursor() as cursor:
            for table, rows in self.of.items():
                with cursor.cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(b"".join(rows))


def rehearsed(make: Callable[[], T]) -> tuple[Rows, T]:
    """What `make` stores, and what it returns. Nothing of it stays."""
    before = Rows.stored()
    rehearsal = transaction.atomic()
    rehearsal._from_testcase = True  # type: ignore[attr-defined]  # else no command runs inside
    with rehearsal:
        made = make()
        rows = Rows.stored() - before
        transaction.set_rollback(True)
    return rows, made


def go_back_to(base: Rows) -> None:
    """What a test that commits leaves behind goes; whoever still writes is waited for."""
    every = tables()
    named = ", ".join(f'"{table}"' for table in every)
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in every
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {named} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(asked)
        filled = {table for (table,) in cursor.fetchall()}
        for table in filled & set(GUARDED):
            cursor.execute(f'TRUNCATE "{table}"')
        for table in filled - set(GUARDED):
            cursor.execute(f'DELETE FROM "{table}"')
        base.store()


@contextmanager
def kept_between_tests(base: Rows) -> Iterator[None]:
    """Tests that commit leave the base, instead of nothing at all."""
    done = TransactionTestCase._fixture_teardown

    def teardown(self: Any) -> None:
        go_back_to(base)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
    try:
        yield
    finally:
        TransactionTestCase._fixture_teardown = done  # type: ignore[method-assign]
