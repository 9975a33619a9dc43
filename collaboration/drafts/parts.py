"""What travels: small updates joined into one frame, a large one in parts that each fit a frame.

Yjs keeps a part whose neighbours are still on the way until they are there. The layout is that of
Yjs' first encoding: per client its structs in order, then what was deleted.
"""

from collections.abc import Iterable, Iterator, Sequence

from pycrdt import merge_updates

from collaboration.drafts.documents import read_number
from collaboration.drafts.log import Row
from collaboration.drafts.protocol import number

PART = 48 * 1024  # bytes, besides a single span that is longer
_GC, _DELETED, _STRING, _FORMAT, _SKIP = 0, 1, 4, 6, 10


class _Unknown(Exception):
    """Something a draft's text does not consist of."""


def in_groups(rows: Iterable[Row], size: int = PART) -> Iterator[list[Row]]:
    """Rows in groups that fit a frame each."""
    group: list[Row] = []
    length = 0
    for row in rows:
        if group and length + len(row.update) > size:
            yield group
            group, length = [], 0
        group.append(row)
        length += len(row.update)
    if group:
        yield group


def joined(rows: Sequence[Row]) -> bytes:
    """One update that does what all of these do."""
    return rows[0].update if len(rows) == 1 else merge_updates(*(row.update for row in rows))


def parts_of(update: bytes, size: int = PART) -> list[bytes]:
    """The update itself if it is small, or holds what only a Yjs client can take apart."""
    if len(update) <= size:
        return [update]
    try:
        return _split(update, size)
    except (_Unknown, IndexError):
        return [update]


def _split(update: bytes, size: int) -> list[bytes]:
    parts: list[bytes] = []
    clients, at = read_number(update, 0)
    for _ in range(clients):
        structs, at = read_number(update, at)
        client, at = read_number(update, at)
        clock, at = read_number(update, at)
        first, first_clock, count = at, clock, 0
        for left in range(structs, 0, -1):
            end, length = _struct(update, at)
            count, clock, at = count + 1, clock + length, end
            if at - first >= size or left == 1:
                head = b"".join(map(number, (1, count, client, first_clock)))
                parts.append(head + update[first:at] + b"\x00")
                first, first_clock, count = at, clock, 0
    parts.append(b"\x00" + update[at:])
    return parts


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
    raise _Unknown


def _text(data: bytes, at: int) -> int:
    length, at = read_number(data, at)
    if at + length > len(data):
        raise IndexError
    return at + length
