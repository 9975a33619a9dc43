"""What every socket of ours has: bounded in and out, a heartbeat, and an orderly end.

`Socket` is a Channels consumer without a channel layer: what it hears comes through the hub. A
frame that goes out is written at once where the server can (`WRITE`) and nothing is in its way,
else put into the socket's own outbox: telling one screen never waits for another. A screen that
does not read is closed with 4408 when its outbox is full.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError
from django.http.request import split_domain_port, validate_host

from helpdesk.core.frames import WRITE, Frame
from helpdesk.core.live import hub
from helpdesk.core.text import read_json
from helpdesk.core.web.addresses import client_address

logger = logging.getLogger(__name__)

NOT_SIGNED_IN = 4401
NO_RIGHT = 4403
NOTHING_HERE = 4404
TOO_SLOW = 4408
SUPERSEDED = 4409
TOO_LARGE = 4413
TOO_MANY = 4429
UNREADABLE = 4400
RESTARTING = 1012
TRY_LATER = 1013

MAX_FRAME = 64 * 1024  # bytes in
MAX_OUTBOX = 256 * 1024  # bytes waiting to go out
FRAMES_PER_SECOND, FRAMES_AT_ONCE = 20, 60
HEARTBEAT = 12.0  # seconds

open_sockets: set["Socket"] = set()
_per_address: Counter[str] = Counter()
_draining = False


class BadFrame(ValueError):
    """A frame that is not a JSON object of sane size and depth."""


def _cannot(data: bytes) -> bool:
    return False


def parse(text: str) -> dict[str, Any]:
    """A frame's object. Raises BadFrame for anything else, NaN and deep nesting included."""
    if text.count("[") + text.count("{") > 64:
        raise BadFrame("nested too deeply")
    try:
        frame = read_json(text)
    except ValueError as error:
        raise BadFrame(str(error)) from error
    if not isinstance(frame, dict):
        raise BadFrame("not an object")
    return frame


def dump(frame: dict[str, Any]) -> str:
    return json.dumps(frame, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def same_origin(scope: dict[str, Any]) -> bool:
    """Whether a browser page of this very host opened the socket (or no browser did)."""
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    origin = headers.get(b"origin")
    if origin is None:
        return True
    expected = {f"https://{host}"} if settings.SECURE else {f"http://{host}", f"https://{host}"}
    return origin.decode("latin-1").lower() in expected | set(settings.CSRF_TRUSTED_ORIGINS)


class Socket(AsyncConsumer):
    """One open screen. Subclasses write `opened`, `received` and `closed`.

    `opened` accepts or closes; `received(frame)` gets one parsed frame at a time from a bounded
    queue, so a slow answer to one frame holds up neither the heartbeat nor anybody else.
    """

    handlers: ClassVar[set[str]] = {
        "websocket_connect",
        "websocket_receive",
        "websocket_disconnect",
    }
    language = "en"
    frames_per_second: float = FRAMES_PER_SECOND
    frames_at_once = FRAMES_AT_ONCE
    max_outbox = MAX_OUTBOX

    def __init__(self) -> None:
        self.accepting = self.accepted = False
        self.write_now: Callable[[bytes], bool] = _cannot
        self.ended = False
        self.close_code = 1000
        self.outbox: list[
            str | bytes
        ] = []  # lists: an empty deque is 600 bytes in every idle socket
        self.waiting_bytes = 0
        self.writer: asyncio.Task[None] | None = None
        self.inbox: list[dict[str, Any]] = []
        self.reader: asyncio.Task[None] | None = None
        self.allowance = float(self.frames_at_once)
        self.allowance_at = time.monotonic()
        self.address = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Without a channel layer there is one thing to wait for; Channels' way to wait for many
        # costs as much as all we do with a frame.
        self.scope, self.base_send = scope, send
        self.write_now = scope.get("extensions", {}).get(WRITE, _cannot)
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:  # however it ended: a disconnect, a failure, a server that gave up on us
            self._forget()

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels would hop to a thread here to close old database connections; ours live in
        # `in_thread`, and only these three names may be called from outside.
        name = get_handler_name(message)
        if name not in self.handlers:
            raise ValueError(f"no handler for {name}")
        await getattr(self, name)(message)

    # --- for subclasses ---

    async def opened(self) -> None:
        raise NotImplementedError

    async def received(self, frame: dict[str, Any]) -> None:
        raise NotImplementedError

    def closed(self) -> None:
        """The socket is gone: forget it. Must not wait for anything."""

    def heartbeat(self) -> dict[str, Any]:
        return {"type": "head"}

    def beat(self) -> None:
        """Let the screen hear that we are here."""
        self.tell(**self.heartbeat())

    # --- out ---

    def push(self, frame: Frame | str | bytes) -> None:
        """Send now or soon, in order. Never waits, never raises."""
        if self.ended:
            return
        frame = frame if isinstance(frame, Frame) else Frame(frame)
        if self.accepted and self.writer is None and self.write_now(frame.wire):
            return
        self.waiting_bytes += sum(map(len, frame.messages))
        if self.waiting_bytes > self.max_outbox:
            self.end(TOO_SLOW)
            return
        self.outbox.extend(frame.messages)
        if self.writer is None and self.accepted:
            self.writer = asyncio.get_running_loop().create_task(self._write())

    def tell(self, **frame: Any) -> None:
        self.push(dump(frame))

    def end(self, code: int) -> None:
        """Close with a code, once; what waits in the outbox is not sent any more."""
        if self.ended:
            return
        self.ended = True
        self.outbox.clear()
        self.close_code = code
        if self.writer is not None and code == TOO_SLOW:
            self.writer.cancel()  # it hangs on a reader that does not read
            self.writer = None
        if self.writer is None:
            self.writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self.outbox:
                batch, self.outbox = self.outbox, []
                for text in batch:
                    if self.ended:
                        break
                    kind = "text" if isinstance(text, str) else "bytes"
                    await self.base_send({"type": "websocket.send", kind: text})
                    self.waiting_bytes -= len(text)
            if self.ended:
                await self.accept()  # a code reaches only a browser that was let in
                await asyncio.wait_for(
                    self.base_send({"type": "websocket.close", "code": self.close_code}),
                    5,
                )
        except OSError:  # the peer is gone; its disconnect follows
            self.ended = True
        except Exception:  # whoever is still there must come back and catch up
            logger.exception("a socket could not be written to")
            self.ended = True
            with suppress(Exception):
                await asyncio.wait_for(
                    self.base_send({"type": "websocket.close", "code": TRY_LATER}), 5
                )
        finally:
            self.writer = None

    # --- in ---

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        self.address = client_address(
            (self.scope.get("client") or [""])[0],
            dict(self.scope["headers"]).get(b"x-real-ip", b"").decode("latin-1"),
        )
        hub.ensure()
        if not same_origin(self.scope):
            return await self.refuse(NO_RIGHT)
        if _draining:
            return await self.refuse(RESTARTING)
        if _per_address[self.address] >= settings.LIMITS["sockets per address"][0]:
            return await self.refuse(TOO_MANY)
        _per_address[self.address] += 1
        open_sockets.add(self)
        _beat()
        try:
            await self.opened()
        except DatabaseError:
            await self.refuse(TRY_LATER)
        self.scope["headers"] = []  # kilobytes that an idle socket need not keep

    async def accept(self) -> None:
        """Let it in, once. What was pushed before goes out now: no frame may precede this."""
        if self.accepting:
            return
        self.accepting = True
        await self.base_send({"type": "websocket.accept"})
        self.accepted = True
        if self.outbox and self.writer is None:
            self.writer = asyncio.get_running_loop().create_task(self._write())

    async def refuse(self, code: int) -> None:
        """Accept, so that the browser learns the code, and close with it."""
        if not self.ended:
            self.ended = True
            await self.accept()
            await self.base_send({"type": "websocket.close", "code": code})

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        if self.ended:
            return
        text = message.get("text")
        if text is None:
            return self.end(1003)
        if len(text) > MAX_FRAME or len(text.encode("utf-8", "surrogatepass")) > MAX_FRAME:
            return self.end(TOO_LARGE)
        if not self.spend_frame() or len(self.inbox) >= self.frames_at_once:
            return self.end(TOO_MANY)
        try:
            frame = parse(text)
        except BadFrame:
            return self.tell(type="error", code="bad_frame")
        self.inbox.append(frame)
        if self.reader is None:
            self.reader = asyncio.get_running_loop().create_task(self._read())

    def spend_frame(self) -> bool:
        """Whether one more frame is within what a screen may send."""
        now = time.monotonic()
        self.allowance = min(
            self.frames_at_once,
            self.allowance + (now - self.allowance_at) * self.frames_per_second,
        )
        self.allowance_at = now
        self.allowance -= 1
        return self.allowance >= 0

    async def _read(self) -> None:
        try:
            while self.inbox and not self.ended:
                frame = self.inbox.pop(0)
                try:
                    await self.received(frame)
                except DatabaseError:
                    self.end(TRY_LATER)
                except Exception:
                    logger.exception("a frame of type %.40r failed", frame.get("type"))
                    self.tell(type="error", code="failed")
        finally:
            self.reader = None

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer

    def _forget(self) -> None:
        self.ended = True
        for task in (self.writer, self.reader):
            if task is not None:
                task.cancel()
        if self in open_sockets:
            open_sockets.discard(self)
            _per_address[self.address] -= 1
            if not _per_address[self.address]:
                del _per_address[self.address]
            self.closed()


class NoSuchSocket(AsyncConsumer):
    """The last route: a path that leads nowhere is told so instead of failing."""

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        await self.send({"type": "websocket.accept"})
        await self.send({"type": "websocket.close", "code": NOTHING_HERE})

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        pass

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer


_heart: asyncio.Task[None] | None = None


def _beat() -> None:
    global _heart
    loop = asyncio.get_running_loop()
    if _heart is None or _heart.done() or _heart.get_loop() is not loop:
        _heart = loop.create_task(_beating(), name="heartbeat")


async def _beating() -> None:
    """One task for all sockets: every screen hears from us within fifteen seconds."""
    while True:
        await asyncio.sleep(HEARTBEAT)
        for number, socket in enumerate(list(open_sockets)):
            try:
                socket.beat()
            except Exception:
                logger.exception("a socket has no heartbeat")
            if number % 100 == 99:
                await asyncio.sleep(0)  # let others breathe between two hundreds


async def drain(patience: float = 5.0) -> None:
    """Close every socket with 1012 (service restart) so that the screens come back elsewhere.

    Waits for their disconnects, `patience` seconds at most.
    """
    global _draining
    _draining = True
    for socket in list(open_sockets):
        socket.end(RESTARTING)
    deadline = time.monotonic() + patience
    while open_sockets and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
