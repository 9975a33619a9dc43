"""uvicorn's sockets hand whole binary messages past their parser, and everything stays in order."""

import asyncio
import base64
import random

import uvicorn
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from helpdesk.core.frames import READ
from helpdesk.stack.uvicorn import Socket

HANDSHAKE = b"\r\n".join(
    [
        b"GET / HTTP/1.1",
        b"Host: localhost",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)),
        b"\r\n",
    ]
)


class Wire(asyncio.Transport):
    """A transport that keeps nothing."""

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def sent(rng: random.Random) -> tuple[list[bytes], list[bytes]]:
    """Messages of all kinds, and the frames in which they travel."""
    messages: list[bytes] = []
    frames: list[Frame] = []
    for number in range(60):
        kind = rng.choice(["small", "small", "small", "large", "huge", "text", "cut", "ping"])
        size = {"large": 300, "huge": 70_000}.get(kind, rng.randrange(100))
        message = b"%d:" % number + rng.randbytes(size)
        if kind == "text":
            message = message.hex().encode()
            frames.append(Frame(Opcode.TEXT, message))
        elif kind == "cut":
            frames += [
                Frame(Opcode.BINARY, message[:2], fin=False),
                Frame(Opcode.CONT, message[2:]),
            ]
        elif kind == "ping":
            frames.append(Frame(Opcode.PING, b"?"))
            continue
        else:
            frames.append(Frame(Opcode.BINARY, message))
        messages.append(message)
    return messages, [frame.serialize(mask=True) for frame in frames]


async def received(pieces: list[bytes]) -> tuple[list[bytes], int]:
    """What an application gets of them, and how many messages of that past the queue."""
    got: list[bytes] = []
    past = 0

    def take(data: bytes) -> None:
        nonlocal past
        past += 1
        got.append(data)

    async def application(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        scope["extensions"][READ](take)
        while (message := await receive())["type"] == "websocket.receive":
            got.append(message.get("bytes") or message["text"].encode())

    config = uvicorn.Config(
        application, ws=Socket, ws_per_message_deflate=False, ws_ping_interval=None, log_config=None
    )
    protocol = Socket(config, ServerState(), {})
    protocol.connection_made(Wire())
    protocol.data_received(HANDSHAKE)
    while not protocol.handshake_complete:
        await asyncio.sleep(0)
    for piece in pieces:
        protocol.data_received(piece)
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.tasks)
    return got, past


def cut(rng: random.Random, frames: list[bytes]) -> list[bytes]:
    """The frames as a network delivers them: mostly whole, some in parts, some together."""
    pieces = [b""]
    for frame in frames:
        at = rng.choice([0, 0, 0, rng.randrange(len(frame))])
        pieces[-1] += frame[:at]
        pieces.append(frame[at:])
    return pieces


def test_messages_come_in_order_however_they_are_cut():
    past = 0
    for seed in range(12):
        rng = random.Random(seed)
        messages, frames = sent(rng)
        got, direct = asyncio.run(received(cut(rng, frames)))
        assert got == messages
        past += direct
    assert past > 12 * 10
