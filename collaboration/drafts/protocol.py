"""The y-websocket protocol: frames as every Yjs client reads and writes them.

Beside it, a frame of our own for clients that ask for it: how far the log is durable.
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from collaboration.drafts.updates import read_number
from helpdesk.core.text import read_json

SYNC, AWARENESS, QUERY_AWARENESS, ACKNOWLEDGED = 0, 1, 3, 100
STEP_1, STEP_2, UPDATE = 0, 1, 2
MOST_POINTERS = 8  # clients in one awareness frame
MOST_POINTER = 4096  # bytes of one client's state


class BadFrame(ValueError):
    """Bytes that are no frame of the protocol."""


class Frame(NamedTuple):
    kind: int
    part: int = 0  # of a SYNC frame
    data: bytes = b""


def read_frame(data: bytes) -> Frame:
    """Raises BadFrame."""
    try:
        kind, at = read_number(data, 0)
        if kind == SYNC:
            part, at = read_number(data, at)
            if part not in (STEP_1, STEP_2, UPDATE):
                raise BadFrame("unknown part")
            return Frame(kind, part, _bytes(data, at)[0])
        if kind == AWARENESS:
            return Frame(kind, data=_bytes(data, at)[0])
    except IndexError:
        raise BadFrame("cut off") from None
    if kind != QUERY_AWARENESS:
        raise BadFrame("unknown kind")
    return Frame(kind)


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_number(data, at)
    if at + length > len(data):
        raise BadFrame("cut off")
    return data[at : at + length], at + length


def number(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _sync(part: int, data: bytes) -> bytes:
    return bytes((SYNC, part)) + number(len(data)) + data


def step_1(state: bytes) -> bytes:
    return _sync(STEP_1, state)


def step_2(update: bytes) -> bytes:
    return _sync(STEP_2, update)


def update(data: bytes) -> bytes:
    return _sync(UPDATE, data)


def acknowledged(n: int, generation: int, taken: int) -> bytes:
    """The first `taken` updates of this socket are durable as of number `n` of the log."""
    return bytes((ACKNOWLEDGED,)) + number(n) + number(generation) + number(taken)


@dataclass(frozen=True, slots=True)
class Pointer:
    """What one client shows of itself: its caret, its selection, its name. None: it is gone."""

    client: int
    clock: int
    state: dict[str, Any] | None


def read_awareness(data: bytes) -> list[Pointer]:
    """Raises BadFrame."""
    found = []
    try:
        count, at = read_number(data, 0)
        if count > MOST_POINTERS:
            raise BadFrame("too many clients")
        for _ in range(count):
            client, at = read_number(data, at)
            clock, at = read_number(data, at)
            raw, at = _bytes(data, at)
            found.append(Pointer(client, clock, _state(raw)))
    except IndexError:
        raise BadFrame("cut off") from None
    return found


def _state(raw: bytes) -> dict[str, Any] | None:
    if len(raw) > MOST_POINTER or raw.count(b"[") + raw.count(b"{") > 64:
        raise BadFrame("too large")
    try:
        state = read_json(raw)
    except ValueError:
        raise BadFrame("no JSON") from None
    if state is not None and not isinstance(state, dict):
        raise BadFrame("no object")
    return state


def awareness(pointers: list[Pointer]) -> bytes:
    parts = [number(len(pointers))]
    for one in pointers:
        state = json.dumps(one.state, ensure_ascii=True, allow_nan=False).encode()
        parts += [number(one.client), number(one.clock), number(len(state)), state]
    data = b"".join(parts)
    return bytes((AWARENESS,)) + number(len(data)) + data
