"""Daphne with bounds: body sizes, read deadlines, and flow control in both directions.

Stock daphne spools any body before the application sees it, lets a peer take for ever, queues
frames without end, and buffers without end for a peer that does not read. Verified against the
pinned versions of daphne, Twisted and autobahn; tests/stack/test_serving.py holds it.
"""

# daphne.server installs the reactor and has to come before anything of Twisted.
from daphne import server as stock  # isort: skip

import asyncio
import contextlib
import io
import logging
import signal
import socket
from functools import partial
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import defer, interfaces
from twisted.internet.protocol import connectionDone
from twisted.logger import ILogObserver, globalLogBeginner
from twisted.web import http
from zope.interface import implementer

from helpdesk.core.frames import WRITE
from helpdesk.stack import limits
from helpdesk.stack.drain import drain

logger = logging.getLogger(__name__)
reactor: Any = stock.reactor

BODY_CHUNK = 64 * 1024

_TOO_LARGE = (
    b"HTTP/1.1 413 Content Too Large\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n"
    b"Connection: close\r\n\r\n%s"
) % (len(limits.TOO_LARGE_TEXT), limits.TOO_LARGE_TEXT)


class Disconnected(OSError):
    """The peer is gone; whatever is sent to it is lost."""


@implementer(interfaces.IPushProducer)
class Outflow:
    """Tells whoever writes when the transport's buffer is full, and when it is empty again."""

    def __init__(self) -> None:
        self._drained: asyncio.Event | None = None

    @property
    def is_full(self) -> bool:
        return self._drained is not None

    async def writable(self) -> None:
        """Return when the transport takes more (or will never take anything again)."""
        if self._drained is not None:
            await self._drained.wait()

    def pauseProducing(self) -> None:
        if self._drained is None:
            self._drained = asyncio.Event()

    def resumeProducing(self) -> None:
        if self._drained is not None:
            self._drained.set()
            self._drained = None

    stopProducing = resumeProducing


class Request(WebRequest):
    """An HTTP request whose body is bounded while it is read, and read again piece by piece."""

    error_template = "<!doctype html><title>%(title)s</title><h1>%(title)s</h1><p>%(body)s</p>"

    refused = False
    received = 0
    allowed = 0
    body: Any = None
    outflow: Outflow | None = None

    # --- reading ---

    def gotLength(self, length: int | None) -> None:
        path = self.channel.target.partition(b"?")[0].decode("latin-1")
        self.allowed = self.server.body_limit.of(path)
        if length is not None and length > self.allowed:
            self.content = io.BytesIO()
            self.refuse()
        else:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        if self.refused:
            return
        self.received += len(data)
        if self.received > self.allowed:
            self.refuse()
        else:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if not self.refused:
            self.requestHeaders.removeHeader(b"daphne-root-path")  # daphne fails on odd bytes in it
            super().requestReceived(command, path, version)

    def refuse(self) -> None:
        """Answer 413 at once, then read on for a moment so that the peer gets to see it."""
        self.refused = True
        self.requestHeaders.removeHeader(b"expect")  # no "100 Continue" after a refusal
        self.channel.answer_and_linger(_TOO_LARGE)

    # --- the application's side ---

    def messages(self) -> "RequestMessages":
        """Take over the body that was read, so that it is not copied into memory as a whole."""
        self.body, self.content = self.content, io.BytesIO()
        return RequestMessages(self.body)

    async def send(self, message: dict[str, Any]) -> None:
        """One message of the application; a stream waits for a peer that reads slowly."""
        if message.get("more_body") and self.outflow is None and not self.finished:
            self.outflow = Outflow()
            self.registerProducer(self.outflow, True)
        if self.outflow is not None:
            await self.outflow.writable()
        if not message.get("more_body") and message["type"] == "http.response.body":
            self.unregister_outflow()
        self.handle_reply(message)

    def unregister_outflow(self) -> None:
        if self.outflow is not None:
            self.outflow.stopProducing()
            self.outflow = None
            if self.channel is not None:
                self.unregisterProducer()

    def finish(self) -> None:
        self.unregister_outflow()
        super().finish()
        self._close_body()

    def connectionLost(self, reason: Any) -> None:
        if self.outflow is not None:
            self.outflow.stopProducing()
        super().connectionLost(reason)
        self._close_body()

    def _close_body(self) -> None:
        if self.body is not None:
            self.body.close()


class RequestMessages:
    """What the application receives: the body from its file in pieces, then the disconnect.

    Daphne puts its own messages into it as into a queue; of those only the disconnect counts.
    """

    def __init__(self, body: Any) -> None:
        self._body = body
        self._more = True
        self._gone = asyncio.Event()

    def put_nowait(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.disconnect":
            self._gone.set()

    async def get(self) -> dict[str, Any]:
        if self._more and not self._gone.is_set() and not self._body.closed:
            chunk = self._body.read(BODY_CHUNK)
            self._more = len(chunk) == BODY_CHUNK
            return {"type": "http.request", "body": chunk, "more_body": self._more}
        await self._gone.wait()
        return {"type": "http.disconnect"}


class Channel(http.HTTPChannel):
    """One HTTP connection, with deadlines for headers and body that dripping does not extend."""

    transport: Any
    totalHeadersSize = limits.HEADER_BYTES
    _deadline: Any = None
    _lingering = False

    @property
    def target(self) -> bytes:
        """The request target of the request line that was read last."""
        return self._path

    def connectionMade(self) -> None:
        super().connectionMade()
        self._set_deadline(limits.HEADER_SECONDS)

    def dataReceived(self, data: bytes) -> None:
        if self._lingering:
            return
        if self._deadline is None and not self._handlingRequest:
            self._set_deadline(limits.HEADER_SECONDS)  # the next request of a kept connection
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        self._body_until = reactor.seconds() + limits.BODY_SECONDS
        self._set_deadline(limits.BODY_SECONDS)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        self._set_deadline(None)
        super().allContentReceived()

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self._set_deadline(None)
        super().connectionLost(reason)

    def answer_and_linger(self, response: bytes) -> None:
        """Send a last response, drop what else arrives, and close soon."""
        self._lingering = True
        self.persistent = False
        self._set_deadline(limits.LINGER_SECONDS)
        self.transport.write(response)
        self.transport.loseWriteConnection()

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = seconds and reactor.callLater(seconds, self._too_late)

    def _too_late(self) -> None:
        self._deadline = None
        if not self._lingering and self.requests and self.length != 0:
            received = self.requests[-1].received / limits.BODY_BYTES_PER_SECOND
            if (left := self._body_until + received - reactor.seconds()) > 0:
                self._set_deadline(left)
                return
        self.transport.abortConnection()


class Socket(WebSocketProtocol):
    """A WebSocket that stops reading while its application is behind, and can be waited for."""

    held = False

    def connectionMade(self) -> None:
        self.outflow = Outflow()
        super().connectionMade()

    def onOpen(self) -> None:
        # Until here the HTTP channel was the transport's producer; drop it, with its request.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.outflow, True)
        super().onOpen()

    # --- in ---

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        super().onMessage(payload, isBinary)
        if not self.held and self.application_queue.qsize() >= limits.WAITING_FRAMES:
            self.held = True
            self.transport.pauseProducing()

    def processData(self) -> bool:
        # One read may hold thousands of small frames; they stay bytes until there is room.
        return not self.held and super().processData()

    async def receive(self, queue: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
        """The application's next message; makes room for more."""
        message = await queue.get()
        if self.held and queue.qsize() <= limits.WAITING_FRAMES // 2:
            self.held = False
            self.transport.resumeProducing()
            asyncio.get_running_loop().call_soon(self.consumeData)
        return message

    # --- out ---

    async def send(self, message: dict[str, Any]) -> None:
        """One message of the application; waits for a peer that reads slowly; closing does not."""
        if message["type"] == "websocket.send":
            await self.outflow.writable()
            if self.state in (self.STATE_CLOSING, self.STATE_CLOSED):
                raise Disconnected
        if self.state != self.STATE_CLOSED:
            self.handle_reply(message)

    def write_now(self, data: bytes) -> bool:
        """Write finished frames past the queue, which is empty while the peer reads."""
        if self.state != self.STATE_OPEN or self.outflow.is_full:
            return False
        self.transport.write(data)
        return True

    def serverClose(self, code: int | None = None) -> None:
        # sendClose() refuses codes such as 1012 that a server may well send.
        if self.state == self.STATE_OPEN:
            self.outflow.stopProducing()
            self.sendCloseFrame(code=1000 if code is None else code, isReply=False)

    def _closeConnection(self, abort: bool = False) -> None:
        self.transport.unregisterProducer()  # a paused producer would keep it from closing
        self.outflow.stopProducing()
        super()._closeConnection(abort)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.outflow.stopProducing()
        super().onClose(wasClean, code, reason)


class Server(stock.Server):
    """Daphne's server on an inherited listening socket, with an orderly end on SIGTERM."""

    def __init__(self, application: Any, listener: socket.socket) -> None:
        super().__init__(
            application,
            endpoints=["inherited"],
            signal_handlers=False,
            http_timeout=limits.RESPONSE_SECONDS,
            websocket_timeout=limits.SOCKET_SECONDS,
            websocket_connect_timeout=limits.CONNECT_SECONDS,
            websocket_handshake_timeout=limits.CONNECT_SECONDS,
            ping_interval=limits.PING_SECONDS,
            ping_timeout=limits.PING_SECONDS,
            websocket_max_message_size=limits.FRAME_BYTES,
            websocket_max_frame_size=limits.FRAME_BYTES,
            server_name=None,
        )
        self.listener = listener
        self.body_limit = limits.BodyLimit()
        self._ending: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then end in order."""
        self.connections: dict[Any, dict[str, Any]] = {}
        self.ws_factory = _SocketFactory(self, server=self.server_name)
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            allowNullOrigin=True,  # origins are the application's to judge
            openHandshakeTimeout=self.websocket_handshake_timeout,
            closeHandshakeTimeout=limits.CLOSE_SECONDS,
            maxMessagePayloadSize=self.websocket_max_message_size,
            maxFramePayloadSize=self.websocket_max_frame_size,
        )
        globalLogBeginner.beginLoggingTo([_ignore], redirectStandardIO=False, discardBuffer=True)
        reactor.callLater(1, self.application_checker)
        reactor.callLater(2, self.timeout_checker)
        self.port = reactor.adoptStreamPort(
            self.listener.fileno(), self.listener.family, _ConnectionFactory(self)
        )
        self.listener.close()  # the reactor has its own copy
        loop = stock.twisted_loop
        asyncio.set_event_loop(loop)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        reactor.addSystemEventTrigger("before", "shutdown", self.kill_all_applications)
        reactor.run(installSignalHandlers=False)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Start the application for a request or socket; returns the queue of its messages."""
        scope["asgi"] = {"version": "3.0"}
        scope["root_path"] = ""  # the header Daphne-Root-Path is the client's
        if scope["type"] == "websocket":
            messages: Any = asyncio.Queue()
            scope.setdefault("extensions", {})[WRITE] = protocol.write_now
            receive = partial(protocol.receive, messages)
        else:
            messages = protocol.messages()
            receive = messages.get
        if protocol not in self.connections:
            return None
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(
            self._run_application(scope, receive, partial(self.handle_reply, protocol))
        )
        return messages

    async def _run_application(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        with contextlib.suppress(Disconnected):
            await self.application(scope, receive, send)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Pass a message of the application on, when the peer has room for it."""
        connection = self.connections.get(protocol)
        if connection is None or connection.get("disconnected"):
            # An application that sends in a loop has to hear of it, or it would never yield.
            if isinstance(protocol, Socket):
                raise Disconnected
            return await asyncio.sleep(0)
        try:
            self.check_headers_type(message)
        except ValueError:
            protocol.basic_error(500, b"Server Error", "Server Error")
            raise
        await protocol.send(message)

    def kill_all_applications(self) -> defer.Deferred[Any]:
        """Cancel what still runs at the very end."""
        running = self._running()
        for application in running:
            application.cancel()
        done = defer.Deferred.fromFuture(asyncio.gather(*running, return_exceptions=True))
        done.addErrback(lambda _: None)
        return done

    def _running(self) -> list[asyncio.Future[Any]]:
        found = (details.get("application_instance") for details in self.connections.values())
        return [application for application in found if application and not application.done()]

    def _end(self) -> None:
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end_in_order())

    async def _end_in_order(self) -> None:
        try:
            self.port.stopListening()
            await drain()
            if running := self._running():
                await asyncio.wait(running, timeout=limits.STOP_SECONDS)
            await asyncio.sleep(0.1)  # the last bytes leave the buffers
        except Exception:
            logger.exception("the end was not in order")
        finally:
            self.stop()


@implementer(ILogObserver)
def _ignore(event: Any) -> None:
    """Twisted's own log says nothing an operator needs."""


class _SocketFactory(WebSocketFactory):
    protocol = Socket


class _ConnectionFactory(HTTPFactory):
    protocol = Channel

    def buildProtocol(self, addr: Any) -> Channel:
        channel = super().buildProtocol(addr)
        # Twisted would read forms on the loop, for nobody, and drop the connection at odd ones.
        channel.requestFactory = partial(Request, parsePOSTFormSubmission=False)
        return channel
