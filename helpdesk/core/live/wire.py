"""The loop's own connections to PostgreSQL, for the one statement of every keystroke and opening.

A statement on a thread costs a multiple of itself: the two threads wait for each other's turn at
the interpreter. Whatever is rarer, or may have to wait for a lock, belongs on a thread.
"""

import asyncio
from typing import Any

import psycopg
from django.db import OperationalError, connections
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format

LONGEST = 6.0  # seconds; PostgreSQL gives a statement five
_NOT_FOR_PSYCOPG = ("cursor_factory", "context", "prepare_threshold", "pool")
_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Wire:
    """A connection that is made when it is needed. One statement at a time, each its own commit."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._names: dict[str, bytes] = {}

    async def ask(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        """The rows of a statement with these values ($1, $2). Raises OperationalError; whether it
        was done is not known then."""
        try:
            async with asyncio.timeout(LONGEST):
                raw = await self._connected()
                name = self._names.get(statement)
                if name is None:
                    name = b"wire%d" % len(self._names)
                    raw.send_prepare(name, statement.encode())
                    await self._answer(raw)
                    self._names[statement] = name
                parameters = [value.encode() for value in values]
                raw.send_query_prepared(name, parameters, result_format=Format.BINARY)
                answer = await self._answer(raw)
        except BaseException as error:  # the next one begins with a new connection
            self.close()
            if isinstance(error, psycopg.Error | OSError | TimeoutError):
                raise OperationalError(str(error)) from error
            raise
        reader = Transformer.from_context(self._connection)
        reader.set_pgresult(answer)
        return reader.load_rows(0, answer.ntuples, tuple)

    def close(self) -> None:
        """Let the connection go; the next statement makes a new one."""
        if self._connection is not None:
            self._connection.pgconn.finish()
        self._connection = None
        self._names.clear()

    async def _connected(self) -> Any:
        if self._connection is None or self._loop is not asyncio.get_running_loop():
            self.close()
            self._loop = asyncio.get_running_loop()
            settings = connections["default"].get_connection_params()
            for name in _NOT_FOR_PSYCOPG:
                settings.pop(name, None)
            self._connection = await psycopg.AsyncConnection.connect(**settings, autocommit=True)
        return self._connection.pgconn

    async def _answer(self, raw: Any) -> Any:
        """The result of what was sent, once it is all there."""
        while raw.flush():
            await self._move(raw, writing=True)
            raw.consume_input()  # it may have to say something before it takes more
        found = None
        while True:
            while raw.is_busy():
                await self._move(raw)
                raw.consume_input()
            result = raw.get_result()
            if result is None:
                break
            found = result
        if found is None or found.status not in _GOOD:
            raise psycopg.OperationalError(raw.get_error_message())
        return found

    async def _move(self, raw: Any, *, writing: bool = False) -> None:
        """Return when there is something to read or, if asked, it can be written on."""
        loop, fd = asyncio.get_running_loop(), raw.socket
        moved = asyncio.Event()
        loop.add_reader(fd, moved.set)
        if writing:
            loop.add_writer(fd, moved.set)
        try:
            await moved.wait()
        finally:
            loop.remove_reader(fd)
            if writing:
                loop.remove_writer(fd)


_idle: list[Wire] = []


async def ask(statement: str, *values: str) -> list[tuple[Any, ...]]:
    """As `Wire.ask`, on a connection nobody else uses: as many as callers ask at a time."""
    wire = _idle.pop() if _idle else Wire()
    try:
        return await wire.ask(statement, *values)
    finally:
        _idle.append(wire)


def close() -> None:
    """Let idle connections go."""
    while _idle:
        _idle.pop().close()
