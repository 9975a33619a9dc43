"""A shared draft in memory: its Yjs document, and who wrote which span of its text.

Updates are applied in the order of the log, each on behalf of one agent; what the text's own delta
says was inserted is theirs. So every process finds the same authors.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from pycrdt import Doc, Text
from pycrdt import get_update as part_of

BODY = "body"
ENCODING = "utf-8"  # Yrs counts bytes
NOTHING = b"\x00\x00"  # an update without content

Author = int | None  # an agent's id; None: nobody known any more
Run = tuple[Author, int]  # a span of the text, in bytes
Piece = tuple[Author, str]


class Unfit(Exception):
    """An update that cannot be part of a draft. The document is to be read anew from the log."""


class _Ear:
    """What is heard while one update is applied. It holds nothing else: pycrdt keeps its method."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def hear(self, event: Any) -> None:
        self.heard.append(event)


class Document:
    """A draft as the log tells it up to number `n`."""

    def __init__(
        self, snapshot: bytes = b"", runs: Iterable[Sequence[Any]] = (), n: int = 0
    ) -> None:
        self.doc: Doc[Text] = Doc()
        self.body = self.doc.get(BODY, type=Text)
        self.n = n
        self.size = len(snapshot)
        if snapshot:
            self.doc.apply_update(snapshot)
        self.runs: list[Run] = [(author, length) for author, length in runs]
        self._changes, self._deltas = _Ear(), _Ear()

    @property
    def text(self) -> str:
        return str(self.body)

    @property
    def state(self) -> bytes:
        """How much of whose writing it holds: what Yjs calls the state vector."""
        return self.doc.get_state()

    def update_since(self, state: bytes | None = None) -> bytes:
        """All that whoever is at `state` does not have. Raises Unfit for what is no state."""
        try:
            return self.doc.get_update(state)
        except ValueError as error:
            raise Unfit from error

    def apply(self, update: bytes, author: Author) -> bool:
        """Take in an update. Returns whether anything is other than before. Raises Unfit."""
        # A subscription must end in the thread it began in, so it lasts for one update.
        watching = self.doc.observe(self._changes.hear)
        reading = self.body.observe(self._deltas.hear)
        try:
            try:
                self.doc.apply_update(update)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # what Rust panics with is no Exception
                raise Unfit from error
            for event in self._deltas.heard:
                self._follow(event.delta, author)
        finally:
            self.doc.unobserve(watching)
            self.body.unobserve(reading)
            changed = bool(self._changes.heard)
            self._changes.heard.clear()
            self._deltas.heard.clear()
        self.size += len(update) if changed else 0
        return changed

    def admit(self, update: bytes, author: Author) -> bool:
        """Take in an update from outside, whole or not at all. Raises Unfit.

        What builds on something that is not there would wait in memory for ever, and could take
        effect later under another name.
        """
        changed = self.apply(update, author)
        try:
            state = self.state
            left = part_of(update, state)
            if left[:1] != b"\x00" or not _known(left[1:], state):
                raise Unfit
        except (ValueError, IndexError) as error:
            raise Unfit from error
        return changed

    def clear(self) -> bytes:
        """The update that takes exactly this text away and nothing that was typed since."""
        watching = self.doc.observe(self._changes.hear)
        try:
            self.body.clear()
            found = [event.update for event in self._changes.heard]
        finally:
            self.doc.unobserve(watching)
            self._changes.heard.clear()
        self.runs = []
        return found[0] if found else NOTHING

    def pieces(self) -> list[Piece]:
        """The text in pieces of one author each."""
        raw, found, at = self.text.encode(ENCODING), [], 0
        for author, length in self.runs:
            found.append((author, raw[at : at + length].decode(ENCODING, "replace")))
            at += length
        return found

    def _follow(self, delta: Iterable[dict[str, Any]], author: Author) -> None:
        """Carry the runs through a change of the text."""
        old, new = list(reversed(self.runs)), _Runs()
        for part in delta:
            if "insert" in part:
                if not isinstance(part["insert"], str):
                    raise Unfit  # a draft is text and nothing else
                new.add(author, len(part["insert"].encode(ENCODING)))
                continue
            left = part.get("retain") or part.get("delete") or 0
            while left and old:
                whose, length = old.pop()
                taken = min(left, length)
                if "retain" in part:
                    new.add(whose, taken)
                if taken < length:
                    old.append((whose, length - taken))
                left -= taken
        for whose, length in reversed(old):
            new.add(whose, length)
        self.runs = new.runs


class _Runs:
    """Spans side by side, those of one author joined."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def add(self, author: Author, length: int) -> None:
        if self.runs and self.runs[-1][0] == author:
            length += self.runs.pop()[1]
        if length:
            self.runs.append((author, length))


def in_characters(pieces: Iterable[Piece]) -> list[Run]:
    """The lengths of pieces, side by side, as they are kept with a text."""
    runs = _Runs()
    for author, text in pieces:
        runs.add(author, len(text))
    return runs.runs


def in_pieces(text: str, runs: Iterable[Sequence[Any]]) -> list[Piece]:
    """A kept text in pieces of one author each."""
    found, at = [], 0
    for author, length in runs:
        found.append((author, text[at : at + length]))
        at += length
    return found


# --- how Yjs writes what was deleted, and how far it got --------------------------------------


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


def _numbers(data: bytes) -> Iterable[int]:
    at = 0
    while at < len(data):
        number, at = read_number(data, at)
        yield number


def _known(deleted: bytes, state: bytes) -> bool:
    """Whether all that is deleted has been written: nobody deletes what others are yet to write."""
    numbers = list(_numbers(state))
    clocks = dict(zip(numbers[1::2], numbers[2::2], strict=True))
    values = iter(_numbers(deleted))
    for _ in range(next(values, 0)):
        client, ranges = next(values, -1), next(values, 0)
        for _ in range(ranges):
            if next(values, 0) + next(values, 0) > clocks.get(client, 0):
                return False
    return True
