"""A shared draft in memory: its Yjs document, and where it is asked who wrote which span of it.

Updates are applied in the order of the log, each on behalf of one agent; what the text's own delta
says was inserted is theirs. So every process finds the same authors.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any

from pycrdt import Doc, Text, merge_updates
from pycrdt import get_update as part_of

from collaboration.drafts.updates import deletes_what_is_known, sections

BODY = "body"
ENCODING = "utf-8"  # Yrs counts bytes
NOTHING = b"\x00\x00"  # an update without content
EMPTY = b"\x00"  # the state of who has nothing
MANY = 2048  # bytes of updates that are applied as one

Author = int | None  # an agent's id; None: nobody known any more
Run = tuple[Author, int]  # a span of the text, in bytes
Piece = tuple[Author, str]


class Unfit(Exception):
    """An update that cannot be part of a draft. The document is to be read anew from the log."""


class Ahead(Unfit):
    """An update that builds on what nobody has said yet."""


def joined(updates: Sequence[bytes]) -> bytes:
    """One update that does what all of these do. Raises Unfit."""
    if len(updates) == 1:
        return updates[0]
    try:
        return merge_updates(*updates)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # what Rust panics with is no Exception
        raise Unfit from error


def _joined_up(updates: Iterable[bytes]) -> Iterator[bytes]:
    """They in fewer. Each costs a transaction; to join many costs the square of their number."""
    group: list[bytes] = []
    size = 0
    for update in updates:
        if group and size + len(update) > MANY:
            yield joined(group)
            group, size = [], 0
        group.append(update)
        size += len(update)
    if group:
        yield joined(group)


class _Ear:
    """What is heard while updates are applied. It holds nothing else: pycrdt keeps its methods."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def hear(self, event: Any) -> None:
        self.heard.append(event.update)

    def hear_delta(self, event: Any) -> None:
        self.heard.append(event.delta)


class Document:
    """A draft as the log tells it up to number `n`."""

    def __init__(self, snapshot: bytes = b"", n: int = 0) -> None:
        self.doc: Doc[Text] = Doc()
        self.body = self.doc.get(BODY, type=Text)
        self.n = n
        self.size = len(snapshot)
        if snapshot:
            self.doc.apply_update(snapshot)
        self._whole: bytes | None = snapshot or None  # these three: None: to be asked for
        self._state: bytes | None = None
        self._length: int | None = None
        self._changes = _Ear()
        self._listening = False

    @property
    def text(self) -> str:
        return str(self.body)

    @property
    def length(self) -> int:
        """Of the text, in bytes."""
        if self._length is None:
            self._length = len(self.body)
        return self._length

    @property
    def state(self) -> bytes:
        """How much of whose writing it holds: what Yjs calls the state vector."""
        if self._state is None:
            self._state = self.doc.get_state()
        return self._state

    def update_since(self, state: bytes | None = None) -> bytes:
        """All that whoever is at `state` does not have. Raises Unfit for what is no state."""
        if state is not None and state != EMPTY:
            try:
                return self.doc.get_update(state)
            except ValueError as error:
                raise Unfit from error
        if self._whole is None:
            self._whole = self.doc.get_update()
        return self._whole

    def _subscribe(self) -> list[Any]:
        # pycrdt's own observers draw every event as objects nobody reads: twice the work of it all.
        return [self.doc._doc.observe(self._changes.hear)]

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Around many updates that one thread applies: a subscription costs as much as they do, and
        must end in the thread it began in."""
        if self._listening:
            yield
            return
        self._listening = True
        subscriptions = self._subscribe()
        try:
            yield
        finally:
            self._listening = False
            for subscription in subscriptions:
                subscription.drop()

    def apply(self, update: bytes, author: Author = None) -> bool:
        """Take in an update. Returns whether anything is other than before. Raises Unfit."""
        with self.listening():
            try:
                self._apply(update)
            finally:
                changed = bool(self._changes.heard)
                self._changes.heard.clear()
        self.size += len(update) if changed else 0
        return changed

    def replay(self, written: Iterable[tuple[Author, bytes]]) -> None:
        """Take in what is in the log, in its order."""
        for update in _joined_up(update for _, update in written):
            self._apply(update)
            self.size += len(update)

    def _apply(self, update: bytes) -> None:
        self._whole = self._state = self._length = None
        try:
            self.doc.apply_update(update)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            raise Unfit from error

    def admit(self, update: bytes) -> bool:
        """Take in an update from outside, whole or not at all. Raises Unfit; the document is of no
        use then.

        What builds on something that is not there would wait in memory for ever, and could take
        effect later under another name. What is no text could not be read by others.
        """
        try:
            _, end = sections(update)
            before = self.state
            if update[end:] == NOTHING[1:]:  # it deletes nothing; to listen would cost the most
                with self.doc.transaction():  # one for both
                    self._apply(update)
                    changed = self.state != before
                self.size += len(update) if changed else 0
            else:
                changed = self.apply(update)
            state = self.state
            left = part_of(update, state)
            if left != NOTHING and not (
                left[:1] == b"\x00" and deletes_what_is_known(left[1:], state)
            ):
                raise Ahead
        except (ValueError, IndexError) as error:
            raise Unfit from error
        return changed


class Signed(Document):
    """The same, and who wrote which span of it.

    To tell where an update changed the text costs a walk through all of it: it is done when it is
    asked for, and not with every keystroke.
    """

    def __init__(
        self, snapshot: bytes = b"", n: int = 0, runs: Iterable[Sequence[Any]] = ()
    ) -> None:
        super().__init__(snapshot, n)
        self._runs = Runs(runs)
        self._deltas = _Ear()

    @property
    def runs(self) -> list[Run]:
        """Who wrote which span of the text, side by side."""
        return self._runs.all()

    def _subscribe(self) -> list[Any]:
        return [*super()._subscribe(), self.body.integrated.observe(self._deltas.hear_delta)]

    def apply(self, update: bytes, author: Author = None) -> bool:
        """Take in an update on behalf of its author."""
        with self.listening():
            try:
                changed = super().apply(update)
                for delta in self._deltas.heard:
                    self._follow(delta, author)
            finally:
                self._deltas.heard.clear()
        return changed

    def replay(self, written: Iterable[tuple[Author, bytes]]) -> None:
        with self.listening():
            for author, updates in groupby(written, key=itemgetter(0)):
                for update in _joined_up(update for _, update in updates):
                    self.apply(update, author)

    def write(self, text: str, author: Author) -> bytes:
        """Go on at the end of the text; the update that does it."""
        at = self.length
        update = self._change(lambda: self.body.insert(at, text))
        self._runs.insert(at, len(text.encode(ENCODING)), author)
        return update

    def clear(self) -> bytes:
        """The update that takes exactly this text away and nothing that was typed since."""
        update = self._change(self.body.clear)
        self._runs = Runs()
        return update

    def _change(self, change: Callable[[], None]) -> bytes:
        """Change the text ourselves; the update that does it."""
        self._whole = self._state = self._length = None
        with self.listening():
            change()
            found = self._changes.heard.copy()
            self._changes.heard.clear()
            self._deltas.heard.clear()
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
        at = 0
        for part in delta:
            if "retain" in part:
                at += part["retain"]
            elif "delete" in part:
                self._runs.remove(at, part["delete"])
            elif isinstance(part["insert"], str):
                length = len(part["insert"].encode(ENCODING))
                self._runs.insert(at, length, author)
                at += length
            else:
                raise Unfit  # a draft is text and nothing else


class Runs:
    """Spans side by side, those of one author joined.

    They stand to the left and, turned round, to the right of where the text was changed last: who
    types changes it there again, so a text of many authors costs no more than one of few.
    """

    def __init__(self, runs: Iterable[Sequence[Any]] = ()) -> None:
        self._left: list[Run] = []
        self._right: list[Run] = []
        self._at = 0
        for author, length in runs:
            self._put(self._left, author, length)
            self._at += length

    def all(self) -> list[Run]:
        found = self._left.copy()
        for author, length in reversed(self._right):
            self._put(found, author, length)
        return found

    def insert(self, at: int, length: int, author: Author) -> None:
        self._go(at)
        self._put(self._left, author, length)
        self._at += length

    def remove(self, at: int, length: int) -> None:
        self._go(at)
        while length and self._right:
            author, there = self._right.pop()
            if there > length:
                self._right.append((author, there - length))
            length -= min(there, length)

    def _go(self, at: int) -> None:
        """Move to a place in the text, at most to its end."""
        while self._at > at and self._left:
            author, length = self._left.pop()
            step = min(length, self._at - at)
            self._put(self._left, author, length - step)
            self._put(self._right, author, step)
            self._at -= step
        while self._at < at and self._right:
            author, length = self._right.pop()
            step = min(length, at - self._at)
            if step < length:
                self._right.append((author, length - step))
            self._put(self._left, author, step)
            self._at += step

    @staticmethod
    def _put(runs: list[Run], author: Author, length: int) -> None:
        if runs and runs[-1][0] == author:
            length += runs.pop()[1]
        if length:
            runs.append((author, length))


def in_characters(pieces: Iterable[Piece]) -> list[Run]:
    """The lengths of pieces, side by side, as they are kept with a text."""
    return Runs((author, len(text)) for author, text in pieces).all()


def in_pieces(text: str, runs: Iterable[Sequence[Any]]) -> list[Piece]:
    """A kept text in pieces of one author each."""
    found, at = [], 0
    for author, length in runs:
        found.append((author, text[at : at + length]))
        at += length
    return found
