"""uvicorn with the same bounds: body sizes, read deadlines, no waiting for peers that are gone."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import apply_mask
from websockets.protocol import State
from websockets.streams import StreamReader

from helpdesk.core.frames import READ, WRITE
from helpdesk.stack import limits
from helpdesk.stack.drain import drain

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class BoundedBody:
    """ASGI middleware: a body over its limit is answered 413, announced or not."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.limit = limits.BodyLimit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.application(scope, receive, send)
        allowed = self.limit.of(scope["path"])
        announced = dict(scope["headers"]).get(b"content-length", b"")
        if announced.isdigit() and int(announced) > allowed:
            return await self._refuse(receive, send)
        if not announced and b"transfer-encoding" not in dict(scope["headers"]):
            return await self.application(scope, receive, send)  # no body
        await self._count(scope, receive, send, allowed)

    async def _count(self, scope: Scope, receive: Receive, send: Send, allowed: int) -> None:
        received = 0
        answered = refused = False

        async def counted() -> Message:
            nonlocal received, refused
            if refused:
                return {"type": "http.disconnect"}
            message = await receive()
            received += len(message.get("body", b""))
            if received > allowed:
                refused = True
                if not answered:
                    await self._refuse(receive, send)
                return {"type": "http.disconnect"}
            return message

        async def reply(message: Message) -> None:
            nonlocal answered
            if not refused:
                answered = True
                await send(message)

        await self.application(scope, counted, reply)

    async def _refuse(self, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(limits.TOO_LARGE_TEXT)),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send(
            {
                "type": "http.response.body",
                "body": limits.TOO_LARGE_TEXT,
                "more_body": True,
            }
        )
        # Closing on unread bytes resets the connection and the peer may never see the answer.
        try:
            async with asyncio.timeout(limits.LINGER_SECONDS):
                while (await receive()).get("more_body"):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body"})


class Connection(HttpToolsProtocol):
    """One HTTP connection, with deadlines for headers and body that dripping does not extend."""

    _deadline: asyncio.TimerHandle | None = None
    _body_until: float | None = None
    _in_head = False
    _head = 0  # bytes of the headers that are being read
    _received = 0  # bytes of the body

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._set_deadline(limits.HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._set_deadline(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head += len(data)
            if self._head > 2 * limits.HEADER_BYTES:  # one line that never ends
                self.send_400_response("The headers are too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head, self._received = True, 0, 0
        if self._deadline is None:
            self._set_deadline(limits.HEADER_SECONDS)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_head = False
        self._body_until = self.loop.time() + limits.BODY_SECONDS
        self._set_deadline(limits.BODY_SECONDS)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._received += len(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._body_until = None
        self._set_deadline(None)

    def handle_websocket_upgrade(self) -> None:
        self._set_deadline(None)
        super().handle_websocket_upgrade()

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > limits.HEADER_BYTES:
            raise ValueError("the headers are too large")  # the parser's end: 400

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._too_late) if seconds else None

    def _too_late(self) -> None:
        self._deadline = None
        if self._body_until is not None:
            arrived = self._received / limits.BODY_BYTES_PER_SECOND
            # A paused flow is our own slowness, not the peer's.
            left = self._body_until + arrived - self.loop.time()
            if left > 0 or self.flow.read_paused:
                self._set_deadline(max(left, 1.0))
                return
        self.transport.abort()


_BETWEEN = StreamReader.at_eof.__code__  # where the parser waits for the next frame


def _whole_binary(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the mask of the whole binary message at this place begins, and where it ends.

    None for anything else, and for what is longer than 64 KiB or cut off.
    """
    if len(data) - at < 6 or data[at] != 0x82:  # RFC 6455
        return None
    size, mask = data[at + 1] - 0x80, at + 2  # the bit says that there is a mask
    if size == 126:
        size, mask = int.from_bytes(data[mask : mask + 2]), mask + 2
    elif not 0 <= size < 126:
        return None
    end = mask + 4 + size
    return (mask, end) if end <= len(data) else None


class Socket(WebSocketsSansIOProtocol):
    """A WebSocket that is really gone when its time is over, whatever its peer does not read."""

    _take: Callable[[bytes], None] | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._handshake = self.loop.call_later(limits.CONNECT_SECONDS, self._not_accepted)
        self._life = self.loop.call_later(limits.SOCKET_SECONDS, self._too_old)

    def connection_lost(self, exc: Exception | None) -> None:
        self._handshake.cancel()
        self._life.cancel()
        super().connection_lost(exc)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if not self.handshake_complete:  # which a refused one is
            extensions = cast(Scope, self.scope)["extensions"]
            extensions[WRITE], extensions[READ] = self.write_now, self.read_by

    def read_by(self, take: Callable[[bytes], None]) -> None:
        """Hand whole binary messages to `take` from now on."""
        self._take = take

    def data_received(self, data: bytes) -> None:
        # The parser and the queue to the application cost as much as all that is done with a key
        # that somebody typed. Whatever is not small, whole and binary is theirs.
        if self._take is not None and self._is_between_frames():
            data = self._taken(data, self._take)
        if data:
            super().data_received(data)

    def _is_between_frames(self) -> bool:
        if self.conn.state is not State.OPEN or self.conn.current_size is not None:
            return False
        waits: Any = self.conn.parser
        while (inner := waits.gi_yieldfrom) is not None:
            waits = inner
        return waits.gi_code is _BETWEEN and self.queue.empty()

    def _taken(self, data: bytes, take: Callable[[bytes], None]) -> bytes:
        """What is left of `data` after the messages it begins with."""
        at = 0
        while (found := _whole_binary(data, at)) and not self.close_sent:
            mask, end = found
            take(apply_mask(data[mask + 4 : end], data[mask : mask + 4]))
            at = end
        return data[at:]

    def write_now(self, data: bytes) -> bool:
        """Write finished frames past the queue, which is empty while the peer reads."""
        if self.close_sent or not self.writable.is_set() or self.conn.state is not State.OPEN:
            return False
        self.transport.write(data)
        return True

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and not self.writable.is_set():
            # The close frame would wait behind what the peer does not read.
            self.loop.call_later(limits.CLOSE_SECONDS, self.transport.abort)
            self.writable.set()
        await super().send(message)
        if self.handshake_complete and self.request is not None:
            self._handshake.cancel()
            # Kilobytes that an idle socket need not keep.
            self.request = self.response = cast(Any, None)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()  # closing would wait for a peer that has stopped reading

    def _not_accepted(self) -> None:
        if not self.handshake_complete:
            self.transport.abort()

    def _too_old(self) -> None:
        if self.handshake_complete and not self.close_sent:
            self.loop.create_task(self.send({"type": "websocket.close", "code": 1000}))


class Server(uvicorn.Server):
    """uvicorn's server, with sockets closed first and exit code 0 after SIGTERM."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in self.servers:
            listening.close()
        await drain()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.should_exit = True  # and is not raised again after the end


def serve(application: Any, listener: socket.socket) -> None:
    """Serve on an inherited listening socket until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        BoundedBody(application),
        loop="uvloop",
        http=Connection,
        ws=Socket,
        ws_max_size=limits.FRAME_BYTES,
        ws_ping_interval=limits.PING_SECONDS,
        ws_ping_timeout=limits.PING_SECONDS,
        ws_per_message_deflate=False,  # tens of KiB for every open socket
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level=logging.WARNING,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=limits.STOP_SECONDS,
        backlog=1024,
    )
    Server(config).run(sockets=[listener])
