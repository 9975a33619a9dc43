"""What every socket does, whatever happens at which moment."""

import asyncio
import json

import pytest

from helpdesk.core.frames import Frame
from helpdesk.core.live import hub, sockets
from helpdesk.core.live.sockets import RESTARTING, TRY_LATER, Socket


class Door(Socket):
    """A socket whose opening waits until it is let go."""

    def __init__(self):
        super().__init__()
        self.gate = asyncio.Event()

    async def opened(self):
        await self.gate.wait()
        await self.accept()


class Peer:
    """The server's side of a socket: what was sent, and in which order it may be."""

    def __init__(self, *, fails=None):
        self.sent = []
        self.fails = fails

    async def send(self, message):
        kinds = [kind for kind, _ in self.sent]
        kind = message["type"].removeprefix("websocket.")
        if kind == "send" and kinds[:1] != ["accept"]:
            raise RuntimeError("a frame before the handshake's end")
        if kind == "accept" and kinds:
            raise RuntimeError("accepted twice")
        if kind == "send" and self.fails is not None:
            raise self.fails
        value = json.loads(message["text"]) if kind == "send" else message.get("code")
        self.sent.append((kind, value))


@pytest.fixture
async def door(monkeypatch):
    """`door(peer)`: a socket in the middle of its opening."""
    monkeypatch.setattr(hub, "ensure", lambda: None)
    monkeypatch.setattr(sockets, "_beat", lambda: None)
    monkeypatch.setattr(sockets, "open_sockets", set())
    tasks = []

    async def begin(peer):
        socket = Door()
        socket.scope = {"headers": [(b"host", b"localhost")], "client": ("192.0.2.9", 1)}
        socket.base_send = peer.send
        tasks.append(asyncio.create_task(socket.websocket_connect({})))
        await until(lambda: socket in sockets.open_sockets)
        return socket

    yield begin
    for task in tasks:
        task.cancel()


async def until(state):
    async with asyncio.timeout(5):
        while not state():
            await asyncio.sleep(0)


async def test_what_is_told_during_the_handshake_comes_after_it(door):
    """A heartbeat may come at any moment; it must not mute the screen for good."""
    peer = Peer()
    socket = await door(peer)
    socket.tell(type="head")
    await asyncio.sleep(0)
    socket.gate.set()
    await until(lambda: len(peer.sent) == 2)
    socket.tell(type="entry")
    await until(lambda: len(peer.sent) == 3)
    assert peer.sent == [
        ("accept", None),
        ("send", {"type": "head"}),
        ("send", {"type": "entry"}),
    ]


async def test_who_is_sent_away_during_the_handshake_learns_the_code(door):
    peer = Peer()
    socket = await door(peer)
    socket.end(RESTARTING)
    await until(lambda: len(peer.sent) == 2)
    socket.gate.set()
    await asyncio.sleep(0)
    assert peer.sent == [("accept", None), ("close", RESTARTING)]


async def test_a_socket_that_cannot_be_written_to_is_closed_not_muted(door, caplog):
    peer = Peer(fails=RuntimeError("of the server's own"))
    socket = await door(peer)
    socket.gate.set()
    socket.tell(type="head")
    await until(lambda: len(peer.sent) == 2)
    assert peer.sent == [("accept", None), ("close", TRY_LATER)]
    assert "could not be written to" in caplog.text


async def test_a_peer_that_is_gone_is_no_incident(door, caplog):
    peer = Peer(fails=ConnectionResetError())
    socket = await door(peer)
    socket.gate.set()
    socket.tell(type="head")
    await until(lambda: socket.ended and socket.writer is None)
    assert peer.sent == [("accept", None)]
    assert caplog.text == ""


async def test_what_the_server_takes_at_once_is_not_queued_and_overtakes_nothing(door):
    peer, taken, takes = Peer(), [], True
    socket = await door(peer)
    socket.write_now = lambda data: takes and taken.append(data) is None
    socket.gate.set()
    await until(lambda: socket.accepted)
    socket.tell(type="first")
    takes = False
    socket.tell(type="second")
    takes = True
    socket.tell(type="third")  # behind the second, which waits
    await until(lambda: len(peer.sent) == 3)
    assert taken == [Frame('{"type":"first"}').wire]
    assert peer.sent[1:] == [("send", {"type": "second"}), ("send", {"type": "third"})]
    socket.tell(type="fourth")
    await asyncio.sleep(0)
    assert taken[1:] == [Frame('{"type":"fourth"}').wire]
