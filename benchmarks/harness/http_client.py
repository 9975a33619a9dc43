"""A lean HTTP/1.1 client connection: one request at a time, kept alive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

Answer = Callable[[int, bytes], None]


def request_head(method: str, path: str, host: str, headers: dict[str, str]) -> str:
    """The head of a request, without its last empty line."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines) + "\r\n"


class Connection(asyncio.Protocol):
    """Sends one request at a time; calls back with status and body (status 0: connection lost)."""

    def __init__(self) -> None:
        self.open = False
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._data = b""

    @classmethod
    async def to(cls, host: str, port: int) -> Connection:
        """An open connection."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, host, port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self.open = True

    def send(self, request: bytes, answer: Answer) -> None:
        """Send `request`; `answer(status, body)` is called once."""
        if not self.open or self._transport is None:
            answer(0, b"")
            return
        if self._answer is not None:
            raise RuntimeError("one request at a time")
        self._answer = answer
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._data = data = self._data + data if self._data else data
        head_end = data.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = data[:head_end].lower()
        start = head_end + 4
        at = head.find(b"content-length:")
        if at >= 0:
            line_end = head.find(b"\r", at)
            end = start + int(head[at + 15 : line_end if line_end >= 0 else None])
            if len(data) < end:
                return
        elif b"transfer-encoding: chunked" in head:
            if not data.endswith(b"0\r\n\r\n"):
                return
        elif head[9:12] != b"204":
            return  # ends with the connection
        self._done(int(head[9:12]), data[start:])
        if b"connection: close" in head:
            self.close()

    def _done(self, status: int, body: bytes) -> None:
        self._data = b""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer(status, body)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self._answer is not None:
            self._done(0, b"")

    def close(self) -> None:
        """Close the connection."""
        self.open = False
        if self._transport is not None:
            self._transport.close()
