"""What travels: small updates joined into one frame, a large one in parts that each fit a frame.

Yjs keeps a part whose neighbours are still on the way until they are there.
"""

from collections.abc import Iterable, Iterator

from collaboration.drafts.log import Row
from collaboration.drafts.protocol import number
from collaboration.drafts.updates import Unknown, sections

PART = 48 * 1024  # bytes, besides a single span that is longer


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


def parts_of(update: bytes, size: int = PART) -> list[bytes]:
    """The update itself if it is small, or holds what only a Yjs client can take apart."""
    if len(update) <= size:
        return [update]
    try:
        return _split(update, size)
    except (Unknown, IndexError):
        return [update]


def _split(update: bytes, size: int) -> list[bytes]:
    parts: list[bytes] = []
    found, deleted = sections(update)
    for section in found:
        begin, clock, count = section.begin, section.clock, 0
        for struct in section.structs:
            count += 1
            if struct.end - begin >= size or struct is section.structs[-1]:
                head = b"".join(map(number, (1, count, section.client, clock)))
                parts.append(head + update[begin : struct.end] + b"\x00")
                begin, clock, count = struct.end, struct.after, 0
    parts.append(b"\x00" + update[deleted:])
    return parts
