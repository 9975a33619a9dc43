"""A lean WebSocket client: reads frame headers only and answers pings.

Fifty screens at a thousand messages per second are 50,000 frames per second; a full client library
would be slower than the servers it is to measure.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

TEXT, CLOSE, PING = 0x81, 0x88, 0x89
MASK = b"\x00\x00\x00\x00"  # masking with zeros is valid and leaves the payload as it is


@dataclass
class Door:
    """Where a socket is opened: path, request headers, and what is said first."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    opening: list[str] = field(default_factory=list)


class Socket(asyncio.Protocol):
    """One open WebSocket; every text frame goes to `on_text(socket, payload)`."""

    def __init__(self, host: str, door: Door, on_text: Callable[[Socket, bytes], None]) -> None:
        self.host = host
        self.door = door
        self.on_text = on_text
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: int | None = None
        self.last_seq = 0
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {self.door.path} HTTP/1.1",
            f"Host: {self.host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in self.door.headers.items()),
        ]
        self._transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        position = 0
        if not self.opened.done():
            position = self._shake_hands(data)
            if not position:
                self._rest = data
                return
        self._rest = data[self._frames(data, position) :]

    def _shake_hands(self, data: bytes) -> int:
        """End of the answer's head in `data`, 0 while it is incomplete."""
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            return 0
        status = data.split(b" ", 2)[1]
        if status != b"101":
            self.opened.set_exception(ConnectionError(f"socket refused: HTTP {status.decode()}"))
            self.close()
            return end
        self.opened.set_result(None)
        for text in self.door.opening:
            self.send(text)
        return end

    def _frames(self, data: bytes, position: int) -> int:
        """Hand over all whole frames from `position` on; where the first unfinished one begins."""
        size = len(data)
        on_text = self.on_text
        while size - position >= 2:
            length = data[position + 1]
            start = position + 2
            if length == 126:
                if size < start + 2:
                    break
                length = data[start] << 8 | data[start + 1]
                start += 2
            elif length == 127:
                if size < start + 8:
                    break
                length = int.from_bytes(data[start : start + 8], "big")
                start += 8
            end = start + length
            if end > size:
                break
            kind = data[position]
            if kind == TEXT:
                on_text(self, data[start:end])
            else:
                self._control(kind, data[start:end])
            position = end
        return position

    def _control(self, kind: int, payload: bytes) -> None:
        if kind == PING:
            self._write(0x8A, payload)
        elif kind == CLOSE:
            self.closed = int.from_bytes(payload[:2], "big") if payload else 1005
            self.close()

    def send(self, text: str) -> None:
        """Send one text frame."""
        self._write(TEXT, text.encode())

    def _write(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = bytes((kind, 0x80 | size))
        else:
            head = bytes((kind, 0x80 | 126)) + size.to_bytes(2, "big")
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(head + MASK + payload)

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.closed is None:
            self.closed = 1006
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("socket closed before it was open"))


async def open_sockets(
    host: str,
    port: int,
    doors: list[Door],
    on_text: Callable[[Socket, bytes], None],
    at_once: int = 20,
) -> list[Socket]:
    """Open one socket per door, at most `at_once` being opened at a time."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(at_once)

    async def one(door: Door) -> Socket:
        async with gate:
            _, socket = await loop.create_connection(
                lambda: Socket(f"{host}:{port}", door, on_text), host, port
            )
            await asyncio.wait_for(socket.opened, 30)
            return socket

    return await asyncio.gather(*(one(door) for door in doors))
