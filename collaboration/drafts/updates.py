"""How Yjs writes an update: per client its structs in order, then what was deleted.

Enough of it to see what a draft is to be written with, and to cut it between two structs.
"""

from collections.abc import Iterator
from typing import NamedTuple

_GC, _DELETED, _STRING, _FORMAT, _SKIP = 0, 1, 4, 6, 10


class Unknown(ValueError):
    """Something a draft's text does not consist of."""


class Struct(NamedTuple):
    """One struct of a client: the clock after it, and where its bytes end."""

    after: int
    end: int


class Section(NamedTuple):
    """What an update has of one client."""

    client: int
    clock: int
    begin: int
    structs: list[Struct]


def read_number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where the next thing begins. Raises IndexError."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > 63:
            raise IndexError


def sections(update: bytes) -> tuple[list[Section], int]:
    """What an update has of each client, and where it says what was deleted.

    Raises Unknown for what is no text, IndexError for what is cut off.
    """
    found = []
    clients, at = read_number(update, 0)
    for _ in range(clients):
        count, at = read_number(update, at)
        client, at = read_number(update, at)
        first, begin = read_number(update, at)
        structs, clock, at = [], first, begin
        for _ in range(count):
            at, length = _struct(update, at)
            clock += length
            structs.append(Struct(clock, at))
        found.append(Section(client, first, begin, structs))
    return found, at


def _struct(data: bytes, at: int) -> tuple[int, int]:
    """Where the struct that begins here ends, and how many clocks it takes."""
    info = data[at]
    kind = info & 0x1F
    at += 1
    if kind in (_GC, _SKIP):
        length, at = read_number(data, at)
        return at, length
    for origin in (0x80, 0x40):  # what stood to its left, to its right
        if info & origin:
            at = read_number(data, read_number(data, at)[1])[1]
    if not info & 0xC0:
        named, at = read_number(data, at)
        at = _text(data, at) if named else read_number(data, read_number(data, at)[1])[1]
        if info & 0x20:
            at = _text(data, at)
    if kind == _DELETED:
        length, at = read_number(data, at)
        return at, length
    if kind == _STRING:
        begin = read_number(data, at)[1]
        end = _text(data, at)
        return end, len(data[begin:end].decode().encode("utf-16-le")) // 2
    if kind == _FORMAT:
        return _text(data, _text(data, at)), 1
    raise Unknown


def _text(data: bytes, at: int) -> int:
    length, at = read_number(data, at)
    if at + length > len(data):
        raise IndexError
    return at + length


def _numbers(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        number, at = read_number(data, at)
        yield number


def clocks_of(state: bytes) -> dict[int, int]:
    """How much of whose writing a state vector names; the order in which it does means nothing."""
    numbers = list(_numbers(state))
    return dict(zip(numbers[1::2], numbers[2::2], strict=True))


def deletes_what_is_known(deleted: bytes, state: bytes) -> bool:
    """Whether all that is deleted has been written: nobody deletes what others are yet to write."""
    clocks, values = clocks_of(state), _numbers(deleted)
    for _ in range(next(values, 0)):
        client, ranges = next(values, -1), next(values, 0)
        for _ in range(ranges):
            if next(values, 0) + next(values, 0) > clocks.get(client, 0):
                return False
    return True
