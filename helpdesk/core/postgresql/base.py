import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as Operations
from django.db.backends.utils import debug_transaction
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property
from psycopg.abc import PQGen

Answer = Callable[[], None]
Wrapper: Any = base.DatabaseWrapper  # its stubs leave out what other backends may override


class OnePiece(psycopg.Pipeline):
    """Statements that are sent in one piece once all are there. psycopg's own pipeline waits for
    the socket, and lets the interpreter go, before each of them."""

    def _communicate_gen(self) -> PQGen[None]:
        yield from ()

    def _sync_gen(self) -> PQGen[None]:
        self._enqueue_sync()
        for send in self.command_queue:
            send()
        self.command_queue.clear()
        try:
            yield from super()._communicate_gen()
        finally:
            yield from self._fetch_gen(flush=False)

    def _exit_gen(self) -> PQGen[None]:
        yield from self._sync_gen()


@contextmanager
def in_one_piece(raw: psycopg.Connection[Any]) -> Iterator[None]:
    raw._pipeline = OnePiece(raw)
    try:
        with raw._pipeline:
            yield
    finally:
        raw._pipeline = None


class ErrorWrapper(DatabaseErrorWrapper):
    """Django's, for which a connection that broke in a pipeline is an OperationalError as well:
    psycopg tells no more of it than DatabaseError, since no server gave the failure a code."""

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if kind is psycopg.DatabaseError and error.sqlstate is None:
            kind = psycopg.OperationalError
        super().__exit__(kind, error, traceback)


class DatabaseOperations(Operations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """For logs and counts of queries. A prepared statement is sent without its text."""
        return super().last_executed_query(cursor, sql, params) or sql


class DatabaseWrapper(Wrapper):
    """PostgreSQL with fewer waits: a transaction's BEGIN goes out with its first statement, and
    what is left for its end with COMMIT."""

    ops_class = DatabaseOperations
    _begins = False  # a transaction of which the server does not know yet
    _last: Callable[[], Answer] | None = None

    @cached_property
    def wrap_database_errors(self) -> ErrorWrapper:
        return ErrorWrapper(self)

    def prepared_cursor(self) -> Any:
        """A cursor whose statements the server plans once per connection."""
        self.close_if_health_check_failed()  # as Django's own cursors begin
        self.ensure_connection()
        self._begin()
        self.connection.prepare_threshold = 0  # Django allows none; its own cursors never prepare
        # Django's wrapper: errors, logged queries and execute_wrapper() as with its own cursors.
        return self._prepare_cursor(psycopg.Cursor(self.connection))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Prepared statements inside are sent together; their answers are there afterwards."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors, in_one_piece(self.connection):
            yield

    def at_the_end(self, send: Callable[[], Answer]) -> None:
        """Call `send` when the running transaction is committed: what it asks is sent together
        with COMMIT. It returns what is to be done with the answers. A failure undoes everything."""
        self._last = send

    def is_usable(self) -> bool:
        """Whether the server is still there, which Django asks before each request's first use.

        Answered by a look at the socket instead of a statement: a server that ends a session says
        so and hangs up, and an idle one has nothing else to say.
        """
        raw = self.connection
        if raw is None or raw.closed:
            return False
        waiting = select.poll()
        waiting.register(raw.fileno(), select.POLLIN)
        return not waiting.poll(0)

    # --- Django's ways to begin and end a transaction ---

    def _start_transaction_under_autocommit(self) -> None:
        self._begins = True

    def _cursor(self, name: str | None = None) -> Any:
        self._begin()
        return super()._cursor(name)

    def _begin(self) -> None:
        if self._begins:
            self._begins = False
            self._say("BEGIN")

    def _say(self, command: str) -> None:
        """Begin or commit, alone or in a pipeline, without the many parts of a cursor."""
        with debug_transaction(self, command), self.wrap_database_errors:
            self.connection.wait(self.connection._exec_command(command.encode()))

    def _commit(self) -> None:
        last = self._last
        if last is None:
            super()._commit()
        else:
            with self.wrap_database_errors:
                with in_one_piece(self.connection):
                    answer = last()
                    self._say("COMMIT")
                answer()
        self._forget()

    def _rollback(self) -> None:
        self._forget()
        super()._rollback()

    def _close(self) -> None:
        self._forget()
        super()._close()

    def _set_autocommit(self, autocommit: bool) -> None:
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)

    def _forget(self) -> None:
        self._begins, self._last = False, None
