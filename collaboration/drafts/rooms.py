"""Rooms: the sockets of this process that have one draft open.

A room has one turn at a time, so nothing overtakes anything: what came until its turn, in several
rooms, goes into one commit. Only what is in the log is told to anybody. A poke (an event, or a look
into PostgreSQL) says that other processes appended; what Redis loses, the look finds.
"""

import asyncio
import base64
import binascii
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import DatabaseError

from collaboration.drafts import log, protocol
from collaboration.drafts.documents import Document, joined
from collaboration.drafts.events import DraftBegun, DraftGrew, DraftLong, DraftPointers
from collaboration.drafts.log import Batch, Key, News, Offer
from collaboration.drafts.models import SharedDraft
from collaboration.drafts.parts import in_groups, parts_of
from collaboration.drafts.pointers import Pointers
from collaboration.drafts.protocol import MOST_POINTERS, Pointer
from collaboration.drafts.together import append_together
from collaboration.presence.table import PROCESS
from collaboration.workspace.screens import spawn
from collaboration.workspace.seats import Seat
from helpdesk.core import events
from helpdesk.core.frames import Frame
from helpdesk.core.live import hub
from helpdesk.core.live.sockets import TRY_LATER, UNREADABLE
from helpdesk.core.live.threads import in_thread

logger = logging.getLogger(__name__)
AT_ONCE = 256  # updates in one transaction
ROOMS = 8  # in one commit: while it runs, the next is made ready, and colleagues hear of the last
COMMITS = 2  # on their way
MOMENT = 0.02  # seconds
REST = 5.0  # seconds before a log that grows fast is folded again
EARLY = 20  # updates of a client that was not yet heard what it has


class Editor(Protocol):
    """A socket with a draft open."""

    seat: Seat | None
    acknowledges: bool
    writes: bool
    taken: int
    early: int  # updates that may still build on what its client has yet to say

    def push(self, frame: Frame | str | bytes) -> None: ...
    def end(self, code: int) -> None: ...


class Room:
    def __init__(self, key: Key) -> None:
        self.key = key
        self.editors: set[Editor] = set()
        self.pointers = Pointers()
        self.told: int | None = None  # the last number the editors have; None: nothing yet
        self.generation = 0
        self._document: Document | None = None
        self._draft: SharedDraft | None = None  # its row as the document was looked at last
        self._offers: list[tuple[Editor, Offer]] = []
        self._asking: list[tuple[Editor, bytes]] = []
        self._greeting: list[Editor] = []
        self._unsaid: dict[int, tuple[Pointer, Editor | None]] = {}
        self._behind = False
        self._bell: asyncio.TimerHandle | None = None
        self._rung_at = -REST
        self._task: asyncio.Task[None] | None = None

    # --- editors come, ask, write and go ---

    def join(self, editor: Editor) -> None:
        self.editors.add(editor)
        self._greeting.append(editor)
        if editor.writes and not editor.acknowledges:  # which counts on each that was taken
            editor.early = EARLY
        if shown := self.pointers.all():
            editor.push(protocol.awareness(shown))
        self._wake()

    def leave(self, editor: Editor) -> None:
        self.editors.discard(editor)
        self._say(self.pointers.forget(editor))
        if not self.editors and rooms.get(self.key) is self:
            del rooms[self.key]
            if self._bell:  # whoever comes next begins with the log
                self._bell.cancel()
                self._ring()

    def ask(self, editor: Editor, state: bytes) -> None:
        """The editor says how far it is and gets what it lacks."""
        self._asking.append((editor, state))
        self._wake()

    def offer(self, editor: Editor, seat: Seat, update: bytes) -> None:
        offer = Offer(seat.agent_id, seat.session_key, update, editor.early > 0)
        editor.early -= offer.is_early
        self._offers.append((editor, offer))
        self._wake()

    def poke(self, n: int | None = None) -> None:
        """Others may have appended, up to `n`."""
        if n is None or self.told is None or n > self.told:
            self._behind = True
            self._wake()

    def point(self, editor: Editor, seat: Seat, said: list[Pointer]) -> None:
        self._say(self.pointers.show(editor, said, seat), but=editor)

    def _say(self, news: list[Pointer], but: Editor | None = None) -> None:
        """Tell the editors here and everywhere what somebody shows of themselves: after the text
        in which their caret stands, if that is on its way."""
        self._unsaid |= {one.client: (one, but) for one in news}
        if self._task is None:
            self._say_all()

    def _say_all(self) -> None:
        unsaid, self._unsaid = list(self._unsaid.values()), {}
        conversation_id, kind = self.key
        for at in range(0, len(unsaid), MOST_POINTERS):
            group = unsaid[at : at + MOST_POINTERS]
            frame = protocol.awareness([one for one, _ in group])
            self.push(frame, but=_only(editor for _, editor in group))
            hub.announce(
                DraftPointers(
                    process=PROCESS,
                    conversation_id=conversation_id,
                    kind=kind,
                    frame=base64.b64encode(frame).decode(),
                )
            )

    def push(self, frame: bytes, but: Editor | None = None) -> None:
        made = Frame(frame)
        for editor in self.editors:
            if editor is not but:
                editor.push(made)

    # --- one turn at a time ---

    def _wake(self) -> None:
        if self._task is None and (self._offers or self._asking or self._greeting or self._behind):
            if self._document and any(offer.has_content for _, offer in self._offers):
                self._task = _together.take(self)
            else:
                self._task = asyncio.get_running_loop().create_task(self._alone())

    def turn(self) -> "Turn":
        """What there is to do by now."""
        offers, self._offers = self._offers[:AT_ONCE], self._offers[AT_ONCE:]
        asking, self._asking = self._asking, []
        greeting, self._greeting = self._greeting, []
        behind, self._behind = self._behind, False
        document, self._document = self._document, None  # the thread's while it works on it
        batch = Batch(
            self.key,
            document,
            self._draft,
            self.told,
            [state for _, state in asking],
            [offer for _, offer in offers],
        )
        editors = [editor for editor, _ in offers], [editor for editor, _ in asking]
        return Turn(batch, *editors, greeting, behind)

    def end(self, turn: "Turn", news: News | None) -> None:
        """It is done, and others hear of it; or (None) it is left to be done alone."""
        if news is None:
            self._task = asyncio.get_running_loop().create_task(self._alone(turn))
            return
        try:
            self._go_on(turn, news)
        except Exception as error:
            self._fail(turn, error)
        self._rest()

    async def _alone(self, turn: "Turn | None" = None) -> None:
        turn = turn or self.turn()
        batch, document = turn.batch, turn.batch.document
        try:
            if any(offer.has_content for offer in batch.offers):
                news = await in_thread(log.append, batch)
            elif document and document.size <= log.SMALL and not turn.behind:
                news = log.answer(batch)
            elif document or not (news := await log.open_small(batch)):
                news = await in_thread(log.catch_up, batch)
        except Exception as error:
            self._fail(turn, error)
            self._rest()
        else:
            self.end(turn, news)

    def _fail(self, turn: "Turn", error: Exception) -> None:
        if isinstance(error, DatabaseError):
            logger.warning("draft of %s waits: %s", self.key, error)
        else:
            logger.error("draft of %s failed", self.key, exc_info=error)
        self._document = None  # it may be ahead of what was told
        # They come back and say where they are; what was stored is not stored again.
        for editor in {*turn.greeting, *turn.asking, *turn.offering}:
            editor.end(TRY_LATER)

    def _rest(self) -> None:
        self._task = None
        self._say_all()
        self._wake()

    def _go_on(self, turn: "Turn", news: News) -> None:
        self._document, self._draft = news.document, news.draft
        self._tell(news, turn.offering, turn.asking)
        if news.is_long and not self._bell:
            loop = asyncio.get_running_loop()
            rest = self._rung_at + REST if self.editors else 0.0
            self._bell = loop.call_at(max(loop.time(), rest), self._ring)
        if turn.greeting:
            hello = protocol.step_1(news.document.state)
            for editor in turn.greeting:
                if editor.writes:  # who reads along is not asked for what they have
                    editor.push(hello)

    def _ring(self) -> None:
        self._bell, self._rung_at = None, asyncio.get_running_loop().time()
        if self._draft:  # beside us: a broker that hangs holds up nobody who writes
            spawn(in_thread(events.publish, DraftLong(draft_id=self._draft.pk)))

    def _tell(self, news: News, offering: list[Editor], asking: list[Editor]) -> None:
        for rows in in_groups(news.rows):
            authors: set[Editor | None] = set()
            for row in rows:
                authors |= {offering[offer] for offer in row.offers} or {None}
            self.push(protocol.update(joined([row.update for row in rows])), but=_only(authors))
        if any(row.offers for row in news.rows):
            _tell_processes(self.key, news.document.n)
        if news.begun is not None:
            conversation_id, kind = self.key
            begun = DraftBegun(conversation_id=conversation_id, kind=kind, begun=news.begun)
            events.publish(begun)
        for editor, answer in zip(asking, news.answers, strict=True):
            if answer is None:
                editor.end(UNREADABLE)
            else:
                *parts, last = parts_of(answer)
                for part in parts:
                    editor.push(protocol.update(part))
                editor.push(protocol.step_2(last))  # by which its client knows that this is all
        for position, code in news.refused.items():
            offering[position].end(code)
        self.told = news.document.n
        moved, self.generation = news.generation != self.generation, news.generation
        for editor in offering:
            editor.taken += 1
        for editor in self.editors if moved else {*offering, *asking}:
            if editor.acknowledges:
                editor.push(protocol.acknowledged(self.told, self.generation, editor.taken))


def _only(editors: Iterable[Editor | None]) -> Editor | None:
    """The one there is, if they are all the same: nobody else needs not to be told."""
    found = set(editors)
    return found.pop() if len(found) == 1 else None


@dataclass(slots=True)
class Turn:
    """What a room does at once, and for whom."""

    batch: Batch
    offering: list[Editor]
    asking: list[Editor]
    greeting: list[Editor]
    behind: bool


class _Together:
    """Commits for the rooms of this process: each takes along what came until then, in several."""

    def __init__(self) -> None:
        self._waiting: list[Room] = []
        self._tasks: list[asyncio.Task[None]] = []

    def take(self, room: Room) -> asyncio.Task[None]:
        """Give the room its turn; the task that works for it or for others."""
        self._waiting.append(room)
        if len(self._tasks) < COMMITS:
            self._tasks.append(asyncio.get_running_loop().create_task(self._work()))
        return self._tasks[-1]

    async def _work(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # rooms that were just told come along
                taken, self._waiting = self._waiting[:ROOMS], self._waiting[ROOMS:]
                turns = [room.turn() for room in taken]
                found = await self._append([turn.batch for turn in turns])
                for room, turn, news in zip(taken, turns, found, strict=True):
                    room.end(turn, news)
        finally:
            self._tasks = [one for one in self._tasks if one is not asyncio.current_task()]

    async def _append(self, batches: list[Batch]) -> Sequence[News | None]:
        try:
            return await append_together(batches)
        except Exception as error:
            logger.warning("%d drafts could not be appended to together: %s", len(batches), error)
        for batch in batches:
            batch.document = None  # it may be ahead of the log
        return [None] * len(batches)


_together = _Together()
rooms: dict[Key, Room] = {}
_grown: dict[Key, int] = {}  # by what was just stored
_told_at = 0.0


def foresee(key: Key) -> None:
    """Somebody is at the door: what they will be shown is read while it is asked who they are."""
    if key not in rooms:
        rooms[key] = Room(key)
        rooms[key].poke()


def forgo(key: Key) -> None:
    """They were not let in."""
    if (room := rooms.get(key)) and not room.editors:
        del rooms[key]


def enter(key: Key, editor: Editor) -> Room:
    room = rooms.get(key)
    if room is None:
        room = rooms[key] = Room(key)
    room.join(editor)
    return room


def _tell_processes(key: Key, n: int) -> None:
    """At once; what follows within a moment, in any room, is one more event."""
    if key not in _grown:  # else it is about to be told
        loop = asyncio.get_running_loop()
        loop.call_at(max(loop.time(), _told_at + MOMENT), _tell_grown)
    _grown[key] = n


def _tell_grown() -> None:
    global _told_at
    if _grown:
        _told_at = asyncio.get_running_loop().time()
        heads = [(*key, n) for key, n in _grown.items()]
        _grown.clear()
        events.publish(DraftGrew(heads=heads))


@hub.hears(DraftGrew)
def hear_growth(event: DraftGrew) -> None:
    for conversation_id, kind, n in event.heads:
        if room := rooms.get((conversation_id, kind)):
            room.poke(n)


@hub.hears(DraftPointers)
def hear_pointers(event: DraftPointers) -> None:
    """Carets of another process's clients, named by that process."""
    room = rooms.get((event.conversation_id, event.kind))
    if room is None or event.process == PROCESS:
        return
    try:
        frame = protocol.read_frame(base64.b64decode(event.frame))
        news = room.pointers.show(event.process, protocol.read_awareness(frame.data), None)
    except (binascii.Error, ValueError):
        logger.warning("pointers of another process could not be read")
        return
    if news:
        room.push(protocol.awareness(news))


@hub.on_tick
async def look_for_updates() -> None:
    """One query for all open drafts, whatever Redis told or did not."""
    for room in rooms.values():
        room.pointers.forget_silent()
    if not rooms:
        return
    for key, n in await in_thread(_heads, list({key[0] for key in rooms})):
        if room := rooms.get(key):
            room.poke(n)


def _heads(conversation_ids: list[str]) -> list[tuple[Key, int]]:
    ids = [uuid.UUID(pk) for pk in conversation_ids]
    found = SharedDraft.objects.filter(conversation__in=ids).values_list(
        "conversation_id", "kind", "n"
    )
    return [((str(pk), kind), n) for pk, kind, n in found]
