"""Notices on the screens: made as soon as an entry is heard of, told to the agents' open screens.

Nothing depends on being heard: a sweep makes what nobody made, and whoever comes back is told the
count of the server.
"""

import asyncio
import random
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable

from django.db import DatabaseError
from django.utils import translation

from collaboration.notices import commands, deriving, queries
from collaboration.notices.events import NoticesChanged
from collaboration.notices.models import Notice
from collaboration.notices.preferences import channels_of, settings_of
from collaboration.presence import attending, table
from collaboration.workspace.screens import Screen, screens, spawn
from conversations.threads import feeds
from conversations.threads.events import ReadMarkMoved
from helpdesk.core.live import hub
from helpdesk.core.live.threads import in_thread
from permissions.accounts.models import Agent

GATHER = 0.15  # seconds of changes taken together
LOOK = 6.0  # seconds between two looks at PostgreSQL for what no event told
KNOWN = 20_000  # conversations whose last number is remembered

_known: OrderedDict[str, int] = OrderedDict()
_changed: set[str] = set()  # conversations
_due: set[int] = set()  # agents
_newcomers: set[Screen] = set()  # screens that were told nothing yet
_told: dict[int, dict[int, int]] = {}  # agent → notice → its count when it was told
_unread_in: dict[int, set[str]] = {}  # agent → conversations with unread notices, if all are known
_marks: dict[int, tuple[int, int]] = {}  # agent → what their unread notices came to
_deriving = _telling = False
_looked_at = 0.0


# --- from entries to notices ----------------------------------------------------------------


@feeds.on_head
def note_change(conversation_id: str, inbox_id: int, seq: int) -> None:
    global _deriving
    if _known.get(conversation_id, -1) >= seq:
        return
    _known[conversation_id] = seq
    _known.move_to_end(conversation_id)
    if len(_known) > KNOWN:
        _known.popitem(last=False)
    _changed.add(conversation_id)
    if not _deriving:
        _deriving = True
        spawn(_derive())


async def _derive() -> None:
    """Every serving process tries; they meet at the conversation's position."""
    global _deriving
    try:
        await asyncio.sleep(GATHER * random.uniform(0.5, 1.5))  # noqa: S311 no secret
    finally:
        _deriving = False
    changed = set(_changed)
    _changed.clear()
    if concerned := await in_thread(deriving.derive, changed):
        hub.announce(NoticesChanged(tuple(sorted(concerned))))


# --- from notices to screens ----------------------------------------------------------------


@hub.hears(NoticesChanged)
def hear_change(event: NoticesChanged) -> None:
    _tell_soon(event.agent_ids)


@hub.hears(ReadMarkMoved)
def hear_read(event: ReadMarkMoved) -> None:
    """What was read in the conversation needs no notice any more."""
    if event.agent_id in _told and not event.back:
        seen(event.agent_id, event.conversation_id)


def _tell_soon(agent_ids: Iterable[int]) -> None:
    global _telling
    here = {screen.seat.agent_id for screen in screens if screen.seat}
    _due.update(here.intersection(agent_ids))
    if _due and not _telling:
        _telling = True
        spawn(_tell())


async def _tell() -> None:
    """One after the other, so that an older count never comes after a newer one."""
    global _telling
    try:
        await asyncio.sleep(GATHER)
        while _due:
            agent_id = _due.pop()
            try:
                await _tell_agent(agent_id)
            except DatabaseError:  # away for a moment; the next look goes on
                _due.add(agent_id)
                raise
    finally:
        _telling = False


def arrived(screen: Screen) -> None:
    """A screen opened: it is told the count of the server, and nothing old pops up on it."""
    if screen.seat is not None:
        _newcomers.add(screen)
        _tell_soon([screen.seat.agent_id])


def rights_changed(agent_id: int) -> None:
    """What one may not see any more is not counted either."""
    _tell_soon([agent_id])


def seen(agent_id: int, conversation_id: str) -> None:
    """A screen of the agent shows the conversation: what was told of it is read by that."""
    if conversation_id not in _unread_in.get(agent_id, {conversation_id}):
        return
    conversation = uuid.UUID(conversation_id)
    spawn(in_thread(commands.read_conversation, agent_id=agent_id, conversation=conversation))


async def _tell_agent(agent_id: int) -> None:
    mine = [screen for screen in screens if screen.seat and screen.seat.agent_id == agent_id]
    _newcomers.intersection_update(screens)
    if not mine:
        _told.pop(agent_id, None)
        _unread_in.pop(agent_id, None)
        return
    languages = {screen.language for screen in mine}
    news = await in_thread(_read, agent_id, languages, _told.get(agent_id))
    _told[agent_id] = news.told
    if len(news.told) < queries.MOST_COUNTED:
        _unread_in[agent_id] = news.conversations
    else:  # there may be more
        _unread_in.pop(agent_id, None)
    for conversation_id in news.viewed:
        seen(agent_id, conversation_id)
    for screen in mine:
        pops = [] if screen in _newcomers else news.pops.get(screen.language, [])
        _newcomers.discard(screen)
        screen.tell(type="notice", unread=news.unread, news=pops)


@hub.on_tick
async def look_for_missed() -> None:
    """Whatever another process made or marked as read, and Redis did not tell."""
    global _looked_at
    here = {screen.seat.agent_id for screen in screens if screen.seat}
    if time.monotonic() - _looked_at < LOOK or not here:
        return
    _looked_at = time.monotonic()
    found = await in_thread(queries.unread_marks, here)
    changed = {agent_id for agent_id in here if _marks.get(agent_id) != found.get(agent_id)}
    _marks.clear()
    _marks.update(found)
    _tell_soon(changed)


class News:
    """What there is to tell one agent."""

    def __init__(self) -> None:
        self.unread = 0
        self.told: dict[int, int] = {}
        self.pops: dict[str, list[dict[str, object]]] = {}
        self.conversations: set[str] = set()
        self.viewed: set[str] = set()


def _read(agent_id: int, languages: set[str], told: dict[int, int] | None) -> News:
    """The agent's unread notices; those that were not told before pop up.

    What concerns a conversation before their eyes is read by that. Without a memory of what was
    told (their first screen here) nothing pops up.
    """
    news = News()
    agent = Agent.objects.filter(pk=agent_id, is_active=True).first()
    if agent is None:
        return news
    settings = settings_of(agent)
    fresh: list[tuple[Notice, frozenset[str]]] = []
    for notice in queries.latest_unread(agent):
        conversation_id = str(notice.conversation_id)
        news.told[notice.pk] = notice.count
        news.conversations.add(conversation_id)
        is_new = told is not None and told.get(notice.pk) != notice.count
        if table.is_before_eyes(agent_id, conversation_id):
            news.viewed.add(conversation_id)
            is_new = is_new and not settings.quiet_viewing
        else:
            news.unread += 1
        if is_new:
            fresh.append((notice, channels_of(settings, notice.kind)))
    disturbs = not (settings.quiet_busy and attending.status_of(agent_id) in ("busy", "away"))
    for language in languages if disturbs else ():
        with translation.override(language):
            news.pops[language] = [
                queries.notice_json(notice) | {"channels": sorted(channels)}
                for notice, channels in reversed(fresh)
            ]
    return news
