"""Feeds: what this process's screens hear of one open conversation, in order and without a gap.

A feed remembers the last number it has sent. A poke (an event, or a look into PostgreSQL) only
says "there may be more"; the feed then reads everything after its number, draws it once per
language and hands it to its sockets. One task per feed does this, so entries cannot overtake each
other, and whatever was missed comes with the next poke.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from django.db import DatabaseError

from conversations.threads import queries
from conversations.threads.covering import Reading
from conversations.threads.draw import Drawn, Eyes, draw
from conversations.threads.events import EntryAdded
from conversations.threads.models import Conversation
from helpdesk.core.frames import Frame
from helpdesk.core.live import hub
from helpdesk.core.live.threads import in_thread

logger = logging.getLogger(__name__)

CATCH_UP = 100  # entries sent over a socket that comes back; more are fetched page by page
BREATH = 0.005  # seconds in which a busy conversation gathers what is read and drawn together …
BREATHS = 3  # … as many at most
OVERLAP = timedelta(seconds=20)  # longer than any transaction of ours may take
NOTHING_MORE = Reading()  # than everybody who sees it


class Screen(Protocol):  # pragma: no cover
    """A socket that watches a conversation."""

    language: str

    def push(self, frame: Frame) -> None: ...
    def tell(self, **frame: object) -> None: ...


class Watcher:
    """One screen's place in a feed, as agent or as customer."""

    __slots__ = ("after", "public", "reading", "screen")

    def __init__(
        self, screen: Screen, *, public: bool, after: int | None, reading: Reading
    ) -> None:
        self.screen = screen
        self.public = public
        self.after = after
        self.reading = reading  # of its agent

    @property
    def eyes(self) -> Eyes:
        return self.screen.language, self.reading


class Feed:
    def __init__(self, conversation_id: str) -> None:
        self.conversation_id = conversation_id
        self.inbox_id = 0  # 0: not known, before the customer's first message
        self.head = -1  # -1: not read yet
        self.public_head = -1
        self.watchers: dict[Screen, Watcher] = {}
        self._joining: list[Watcher] = []
        self._behind = False
        self._clock = asyncio.get_running_loop().time
        self._rests_until = 0.0  # by this clock
        self._task: asyncio.Task[None] | None = None

    def join(self, watcher: Watcher) -> None:
        self._joining.append(watcher)
        self._wake()

    def leave(self, screen: Screen) -> None:
        self.watchers.pop(screen, None)
        self._joining = [one for one in self._joining if one.screen is not screen]
        if not self.watchers and not self._joining and feeds.get(self.conversation_id) is self:
            del feeds[self.conversation_id]

    def poke(self) -> None:
        self._behind = True
        self._wake()

    def retry(self) -> None:
        """Take up what an outage interrupted."""
        if self._joining:
            self._wake()

    def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._joining or self._behind:
                if self.head < 0:
                    await self._begin()
                while self._joining:
                    await self._welcome(self._joining[0])
                if self._behind:
                    await self._rest()
                    self._behind = False
                    if not self.inbox_id:
                        self.inbox_id, *_ = await in_thread(_heads_of, self.conversation_id)
                    came = await self._advance()
                    self._rests_until = self._clock() + BREATH * min(came, BREATHS)
        except Exception as error:  # the next tick pokes again
            if isinstance(error, DatabaseError):
                logger.warning("feed of %s waits: %s", self.conversation_id, error)
            else:
                logger.exception("feed of %s failed", self.conversation_id)
            self._behind = True
        finally:
            self._task = None

    async def _rest(self) -> None:
        """The more came at once, the more is told together."""
        if (pause := self._rests_until - self._clock()) > 0:
            await asyncio.sleep(pause)

    async def _begin(self) -> None:
        self.inbox_id, self.head, self.public_head = await in_thread(
            _heads_of, self.conversation_id
        )

    async def _welcome(self, watcher: Watcher) -> None:
        """Send what the screen missed up to our number; from then on it hears with the others.

        It stays among those who join until it watches: a feed that looks empty is forgotten.
        """
        head = self.public_head if watcher.public else self.head
        screen, after = watcher.screen, watcher.after
        missed: list[str] = []
        if after is not None and head - CATCH_UP <= after < head:
            try:
                missed = await in_thread(
                    _missed, self.conversation_id, after, head, watcher.eyes, watcher.public
                )
            except Exception:  # one who joins never holds up the others: it can fetch what it lacks
                logger.warning("a screen joins %s unaided", self.conversation_id, exc_info=True)
        if watcher not in self._joining:
            return  # it left meanwhile
        self._joining.remove(watcher)
        self.watchers[screen] = watcher
        if missed:
            screen.push(Frame(*missed))
        screen.tell(type="head", conversation=self.conversation_id, seq=head)

    async def _advance(self) -> int:
        """Tell what is new; how many entries that were."""
        agents = {w.eyes for w in self.watchers.values() if not w.public}
        customers = {w.screen.language for w in self.watchers.values() if w.public}
        drawn = await in_thread(_new, self.conversation_id, self.head, agents, customers)
        # What is new may have ended somebody's sight of it: they hear nothing of it.
        watching = [w.screen for w in self.watchers.values() if not w.public]
        for screen in await _refused(self.conversation_id, watching) if drawn else ():
            self.leave(screen)
        if drawn:
            self._tell(drawn, agents, customers)
        if len(drawn) == queries.PAGE:
            self._behind = True
        return len(drawn)

    def _tell(self, drawn: list[Drawn], agents: set[Eyes], customers: set[str]) -> None:
        """Hand what is new to the screens, in one piece for all who read it the same way."""
        public = [one for one in drawn if one.public_seq is not None]
        self.head = drawn[-1].seq
        if public:
            self.public_head = public[-1].public_seq or 0
        texts = {eyes: tuple(one.agents[eyes] for one in drawn) for eyes in agents}
        frames = {told: Frame(*told) for told in set(texts.values())}
        for_agents = {eyes: frames[told] for eyes, told in texts.items()}
        for_customers = {own: Frame(*(one.customer[own] for one in public)) for own in customers}
        for watcher in list(self.watchers.values()):
            if not watcher.public:
                frame, number = for_agents.get(watcher.eyes), self.head
            elif public:
                frame, number = for_customers.get(watcher.screen.language), self.public_head
            else:
                continue
            if frame is not None:
                watcher.screen.push(frame)
            else:  # its eyes changed while this was drawn: it fetches what it lacks
                watcher.screen.tell(type="head", conversation=self.conversation_id, seq=number)


def _heads_of(conversation_id: str) -> tuple[int, int, int]:
    found = (
        Conversation.objects.filter(pk=conversation_id)
        .values_list("inbox_id", "last_seq", "last_public_seq")
        .first()
    )
    return found or (0, 0, 0)  # reserved for a customer who has not written yet


def _missed(conversation_id: str, after: int, upto: int, eyes: Eyes, public: bool) -> list[str]:
    pk, limit = uuid.UUID(conversation_id), upto - after
    if public:
        entries = queries.public_entries_after(pk, after, limit=limit)
        drawn = draw(conversation_id, entries, set(), {eyes[0]})
        return [one.customer[eyes[0]] for one in drawn]
    entries = queries.entries_after(pk, after, limit=limit)
    drawn = draw(conversation_id, entries, {eyes}, set())
    return [one.agents[eyes] for one in drawn]


def _new(conversation_id: str, after: int, agents: set[Eyes], customers: set[str]) -> list[Drawn]:
    return draw(
        conversation_id,
        queries.entries_after(uuid.UUID(conversation_id), after),
        agents,
        customers,
    )


feeds: dict[str, Feed] = {}

Guard = Callable[[str, list[Screen]], Awaitable[set[Screen]]]
_guards: list[Guard] = []


def guard(function: Guard) -> Guard:
    """Registers who knows which of a conversation's screens may not see it any more."""
    _guards.append(function)
    return function


async def _refused(conversation_id: str, watching: list[Screen]) -> set[Screen]:
    refused: set[Screen] = set()
    for function in _guards if watching else ():
        refused |= await function(conversation_id, watching)
    return refused


def watch(
    conversation_id: str,
    screen: Screen,
    *,
    public: bool = False,
    after: int | None = None,
    reading: Reading = NOTHING_MORE,
) -> Feed:
    """Let a screen hear a conversation it may see. `after` is the last number it has, `reading`
    how its agent reads it."""
    feed = feeds.get(conversation_id)
    if feed is None:
        feed = feeds[conversation_id] = Feed(conversation_id)
    feed.join(Watcher(screen, public=public, after=after, reading=reading))
    return feed


def see(conversation_id: str, screen: Screen, reading: Reading) -> None:
    """From now on this screen's agent reads it so."""
    feed = feeds.get(conversation_id)
    for watcher in (*feed.watchers.values(), *feed._joining) if feed else ():
        if watcher.screen is screen:
            watcher.reading = reading


def unwatch(conversation_id: str, screen: Screen) -> None:
    feed = feeds.get(conversation_id)
    if feed is not None:
        feed.leave(screen)


# --- whatever Redis did not tell -----------------------------------------------------------

HeadListener = Callable[[str, int, int], None]
_head_listeners: list[HeadListener] = []
_looked_at: datetime | None = None


def on_head(function: HeadListener) -> HeadListener:
    """Registers who wants to know (conversation, inbox, last number), told or found by looking."""
    _head_listeners.append(function)
    return function


def _tell_head(conversation_id: str, inbox_id: int, seq: int) -> None:
    feed = feeds.get(conversation_id)
    if feed is not None and seq > feed.head:
        feed.poke()
    for listener in _head_listeners:
        listener(conversation_id, inbox_id, seq)


@hub.hears(EntryAdded)
def hear_entry(event: EntryAdded) -> None:
    _tell_head(event.conversation_id, event.inbox_id, event.seq)


@hub.on_tick
async def look_for_missed() -> None:
    """Read the heads of the conversations open here, and of those that changed just now."""
    global _looked_at
    at, found = await in_thread(queries.heads, list(feeds), _looked_at and _looked_at - OVERLAP)
    _looked_at = at
    for conversation_id, inbox_id, seq in found:
        _tell_head(conversation_id, inbox_id, seq)
    for feed in list(feeds.values()):
        feed.retry()
