"""Plain HTTP from ASGI to Django's WSGI application, in one hop for a whole request.

The body is read on the event loop (into a file when it is large), then one thread runs the
application and hands back the whole answer; only what is larger than a piece takes further hops.
So a slow peer never holds a thread, and a small request costs one change of threads each way.
"""

import asyncio
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, BinaryIO, cast

from django.db import connections

IN_MEMORY = 64 * 1024  # bytes of a body that need no file
PIECE = 256 * 1024  # bytes of an answer handed over at once

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Bridge:
    """An ASGI application of one WSGI application on `threads` threads of its own."""

    def __init__(self, application: Any, threads: int) -> None:
        self.application = application
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="http")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body = await _whole_body(receive)
        if body is None:
            return  # the peer is gone
        answer = Answer(self.application, environ_of(scope, body), body)
        try:
            data, more = await self._run(answer.piece)
            start = {"type": "http.response.start", "status": answer.status}
            await send(start | {"headers": answer.headers})
            while more:
                await send({"type": "http.response.body", "body": data, "more_body": True})
                data, more = await self._run(answer.piece)
            await send({"type": "http.response.body", "body": data})
        except BaseException:  # the peer went away, or the server gave up on us
            self.pool.submit(answer.close)
            raise

    async def _run(self, work: Callable[[], tuple[bytes, bool]]) -> tuple[bytes, bool]:
        running: Future[tuple[bytes, bool]] = self.pool.submit(work)
        return await asyncio.wrap_future(running)


async def _whole_body(receive: Receive) -> BinaryIO | None:
    message = await receive()
    body: Any = io.BytesIO(message.get("body", b""))
    if message.get("more_body"):
        body.seek(0, io.SEEK_END)
    while message["type"] != "http.disconnect" and message.get("more_body"):
        message = await receive()
        if isinstance(body, io.BytesIO) and body.tell() > IN_MEMORY:
            begun, body = body, tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
            body.write(begun.getbuffer())
        body.write(message.get("body", b""))
    if message["type"] == "http.disconnect":
        body.close()
        return None
    return cast(BinaryIO, body)


def environ_of(scope: dict[str, Any], body: BinaryIO) -> dict[str, Any]:
    """PEP 3333's environment. `body` holds all of the body, wherever it stands."""
    length = body.seek(0, io.SEEK_END)
    body.seek(0)
    server, port = scope.get("server") or ("localhost", 80)
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or [""])[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1")
        if "_" in name:  # would be taken for the same name with a dash
            continue
        key = f"HTTP_{name.upper().replace('-', '_')}"
        if name == "content-type":
            key = "CONTENT_TYPE"
        elif name == "content-length":
            continue
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if name == 'cookie' else ','}{text}"
        environ[key] = text
    environ["CONTENT_LENGTH"] = str(length)  # counted: a chunked body has no such header
    return environ


class Answer:
    """One run of the application. Its methods are called on threads, never two at once."""

    def __init__(self, application: Any, environ: dict[str, Any], body: BinaryIO) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self._application = application
        self._environ = environ
        self._body = body
        self._parts: Any = None
        self._response: Iterable[bytes] | None = None
        self._lock = Lock()
        self._closed = False

    def piece(self) -> tuple[bytes, bool]:
        """The next bytes of the answer, and whether more may follow."""
        with self._lock:
            if self._closed:
                return b"", False
            if self._parts is None:
                self._response = self._application(self._environ, self._start)
                self._parts = iter(self._response)
            found, size = [], 0
            for part in self._parts:
                found.append(part)
                size += len(part)
                if size >= PIECE:
                    # What streams holds no database connection: its next piece may be read by
                    # another thread, and in a long while.
                    connections.close_all()
                    return b"".join(found), True
            self._close()
            return b"".join(found), False

    def close(self) -> None:
        """Let go of everything; waits for a piece that is being made."""
        with self._lock:
            self._close()

    def _start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        self.status = int(status[:3])
        self.headers = [
            (name.lower().encode("latin-1"), value.strip().encode("latin-1"))
            for name, value in headers
        ]
        return _no_write

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            if self._response is not None and hasattr(self._response, "close"):
                self._response.close()
        finally:
            self._body.close()


def _no_write(data: bytes) -> object:
    raise NotImplementedError("An answer is what the application returns.")
