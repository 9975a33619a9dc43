"""Peer: pycrdt-websocket's server with a store that writes each update to PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

from psycopg_pool import AsyncConnectionPool
from pycrdt.store import BaseYStore
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom, exception_logger

TABLE = """\
CREATE TABLE IF NOT EXISTS updates (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, path text NOT NULL, data bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS updates_path ON updates (path, id);
"""
pool = AsyncConnectionPool(
    os.environ["DATABASE_URL"], kwargs={"autocommit": True}, timeout=600, open=False
)


class Store(BaseYStore):
    """One document's updates, a row each."""

    def __init__(self, path: str) -> None:
        self.path = path

    async def write(self, data: bytes) -> None:
        """Store an update."""
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO updates (path, data) VALUES (%s, %s)", (self.path, data)
            )

    async def read(self) -> AsyncIterator[tuple[bytes, bytes, float]]:
        """All updates, as they came; without metadata and time."""
        async with pool.connection() as connection:
            found = await connection.execute(
                "SELECT data FROM updates WHERE path = %s ORDER BY id", (self.path,)
            )
            async for (data,) in found:
                yield data, b"", 0.0


class Rooms(WebsocketServer):
    """Rooms that begin with what is stored; nobody is served before that."""

    async def get_room(self, name: str) -> YRoom:
        """The room of that name."""
        if name not in self.rooms:
            store = Store(name)
            room = YRoom(
                ready=False,
                ystore=store,
                exception_handler=self.exception_handler,
                log=self.log,
            )
            self.rooms[name] = room
            await self.start_room(room)
            await store.apply_updates(room.ydoc)
            room.ready = True
        room = self.rooms[name]
        await room.ydoc_observed.wait()
        return room


rooms = Rooms(exception_handler=exception_logger)
serve = ASGIServer(rooms)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The library's ASGI application, whose rooms live as long as the server."""
    if scope["type"] != "lifespan":
        return await serve(scope, receive, send)
    async with pool, rooms:
        async with pool.connection() as connection:
            await connection.execute(TABLE)
        await serve(scope, receive, send)
