"""Live lists: a changed conversation's row, drawn once per language for all who may see it.

Changes are gathered for a moment, so a busy conversation costs a few rows a second and not one per
message. A screen says which list it shows; whether a row belongs there is asked of that list's own
conditions, in memory. Counts are asked with the same conditions, once per agent and second at most,
more seldom where counting takes its time, and not at all where a row changed in nothing that those
conditions ask.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError
from django.http import QueryDict
from django.template.loader import get_template
from django.utils import translation

from collaboration.saved.queries import listings, saved_views
from collaboration.workspace.screens import Screen, screens, spawn
from collaboration.workspace.seats import visible_among
from conversations.grants.sight import Sight, unknown_among
from conversations.threads import feeds, queries
from conversations.threads.covering import cover_previews
from conversations.threads.listing import VIEWS, Listing, Reader
from conversations.threads.models import Conversation
from helpdesk.core.frames import Frame
from helpdesk.core.live.sockets import dump
from helpdesk.core.live.threads import in_thread
from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Agent

logger = logging.getLogger(__name__)

GATHER = 0.25  # seconds of changes told together
COUNT_PAUSE = 1.0  # seconds between two counts, at least
COUNT_SHARE = 10  # times as long as a count took is waited before the next
KNOWN = 20_000  # conversations whose last number is remembered
ASKED = (  # of a row, by the conditions of lists and by what is seen of its inbox
    *("inbox_id", "team_id", "assignee_id", "customer_id", "status", "is_spam", "waiting_since"),
    *("priority", "tags", "issue_type"),
)
ROW = "collaboration/workspace/partials/row.html"

names: dict[int, tuple[str, int]] = {}  # agent → (name, colour)
_known: OrderedDict[str, int] = OrderedDict()
_changed: dict[str, int] = {}  # conversation → inbox
_facts: OrderedDict[str, list[Any]] = OrderedDict()  # of conversations: what is `ASKED`
_told_of: set[int] = set()  # inboxes with anything new
_recount: set[int] = set()  # inboxes of which lists hold something else now
_tasks: dict[str, asyncio.Task[None]] = {}
_count_took = 0.0


@dataclass(frozen=True, slots=True)
class Shown:
    """The list a screen shows, under the rights its agent had when it was asked for."""

    query: str
    version: int
    holds: Callable[[Conversation], bool]


_shown: WeakKeyDictionary[Screen, Shown] = WeakKeyDictionary()


async def show_list(screen: Screen, query: object) -> None:
    """From now on this screen hears which changed rows belong to the list of this address."""
    if not isinstance(query, str) or len(query) > 4000 or screen.seat is None:
        return screen.tell(type="error", code="bad_list")
    try:
        shown = await in_thread(_read_list, screen.seat.agent_id, query)
    except Invalid:
        return screen.tell(type="error", code="bad_list")
    _shown[screen] = shown
    screen.tell(type="listing", query=query)


def _read_list(agent_id: int, query: str) -> Shown:
    reader = Reader(Agent.objects.get(pk=agent_id))
    where = Listing.read(QueryDict(query)).where(reader)
    return Shown(query, reader.version, where.holds)


async def _renew_lists() -> None:
    """Ask anew for the lists of agents whose rights or teams changed."""
    for screen, shown in list(_shown.items()):
        if screen.seat and screen.seat.version > shown.version:
            await show_list(screen, shown.query)


@feeds.on_head
def note_change(conversation_id: str, inbox_id: int, seq: int) -> None:
    if _known.get(conversation_id, -1) >= seq:
        return
    _remember(_known, conversation_id, seq)
    _changed[conversation_id] = inbox_id
    _told_of.add(inbox_id)
    _start("rows", _tell_rows, GATHER)
    _start_counts()


def _remember(known: OrderedDict[str, Any], conversation_id: str, value: Any) -> None:
    known[conversation_id] = value
    known.move_to_end(conversation_id)
    if len(known) > KNOWN:
        known.popitem(last=False)


def _start_counts() -> None:
    _start("counts", _tell_counts, max(COUNT_PAUSE, COUNT_SHARE * _count_took))


def _start(name: str, work: Callable[[], Any], pause: float) -> None:
    loop, task = asyncio.get_running_loop(), _tasks.get(name)
    if task is None or task.get_loop() is not loop:
        _tasks[name] = loop.create_task(_later(name, work, pause))


async def _later(name: str, work: Callable[[], Any], pause: float) -> None:
    await asyncio.sleep(pause)
    _tasks.pop(name, None)
    try:
        await work()
    except DatabaseError as error:  # away for a moment; a tick tells of what changed since
        logger.warning("live %s wait: %s", name, error)
    except Exception:
        logger.exception("live %s failed", name)


def row_html(conversation: Conversation, language: str) -> str:
    with translation.override(language):
        return get_template(ROW).render({"conversation": conversation}).strip()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A changed row, and its frame by language for lists it belongs to and for those it left."""

    row: Conversation
    here: dict[str, Frame]
    gone: dict[str, Frame]


def draw_rows(ids: Iterable[str], languages: set[str]) -> list[Drawn]:
    rows = queries.for_rows(Conversation.objects.filter(pk__in=list(ids)))
    return [_draw(row, languages) for row in cover_previews(list(rows))]


def _draw(row: Conversation, languages: set[str]) -> Drawn:
    facts = {
        "type": "list",
        "conversation": str(row.pk),
        "head": row.last_seq,
        "messages": row.messages,
        "status": row.status,
        "assignee": row.assignee_id,
    }
    here = {one: facts | {"belongs": True, "html": row_html(row, one)} for one in languages}
    return Drawn(
        row,
        {one: Frame(dump(shown)) for one, shown in here.items()},
        dict.fromkeys(languages, Frame(dump(facts | {"belongs": False}))),
    )


async def _tell_rows() -> None:
    changed = dict(_changed)
    _changed.clear()
    languages = {screen.language for screen in screens}
    if not languages:
        return
    try:
        await _renew_lists()
        drawn = await in_thread(draw_rows, changed, languages)
        asked = await _ask_who_sees([one.row for one in drawn])
    except Exception:
        for conversation_id in changed:  # so that the next tick tells of them again
            _known.pop(conversation_id, None)
        raise
    for one in drawn:
        _note_facts(one.row)
        for screen in list(screens):
            if screen.seat is None:
                continue
            seen = screen.seat.sight.sees(one.row)
            if seen is None:
                seen = str(one.row.pk) in asked.get(screen.seat.agent_id, ())
            if not seen:
                screen.lose(str(one.row.pk))
            else:
                shown = _shown.get(screen)
                frames = one.here if shown and shown.holds(one.row) else one.gone
                if frame := frames.get(screen.language):
                    screen.push(frame)


def _note_facts(row: Conversation) -> None:
    """Have it counted anew if lists would ask for it otherwise than when it was last looked at."""
    facts, known = [getattr(row, name) for name in ASKED], str(row.pk)
    if _facts.get(known) != facts:
        _recount.add(row.inbox_id)
        _start_counts()
    _remember(_facts, known, facts)


async def _ask_who_sees(rows: list[Conversation]) -> dict[int, set[str]]:
    """What the database alone knows of these rows: one query per agent with a part of an inbox or
    an exception."""
    unsure = {
        screen.seat.agent_id: {str(row.pk) for row in unknown_among(screen.seat.sight, rows)}
        for screen in screens
        if screen.seat
    }
    return {
        agent_id: await in_thread(visible_among, agent_id, ids)
        for agent_id, ids in unsure.items()
        if ids
    }


def _count(agent_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    agents = Agent.objects.filter(pk__in=list(agent_ids), is_active=True)
    return {agent.pk: queries.counts(agent, listings(saved_views(agent))) for agent in agents}


async def _tell_counts() -> None:
    global _count_took
    told_of, inboxes = set(_told_of), set(_recount)
    _told_of.clear()
    _recount.clear()
    concerned = {
        screen.seat.agent_id
        for screen in screens
        if screen.seat and _is_concerned(screen.seat.sight, told_of, inboxes)
    }
    if not concerned:
        return
    began = time.monotonic()
    try:
        counted = await in_thread(_count, concerned)
    except Exception:  # what was to be counted still is, as soon as it can be
        _told_of.update(told_of)
        _recount.update(inboxes)
        _start_counts()
        raise
    _count_took = time.monotonic() - began
    frames = {agent_id: _counts_frame(found) for agent_id, found in counted.items()}
    for screen in list(screens):
        if screen.seat and (frame := frames.get(screen.seat.agent_id)) is not None:
            screen.push(frame)


def _is_concerned(sight: Sight, told_of: set[int], inboxes: set[int]) -> bool:
    """Whoever sees a part of an inbox may see more of it, or less, by what is in no row."""
    if sight.exceptions or not told_of.isdisjoint(sight.inboxes - sight.all_of):
        return True
    return not inboxes.isdisjoint(sight.all_of)


def _counts_frame(found: dict[str, int]) -> Frame:
    saved = {key: count for key, count in found.items() if key not in VIEWS}
    views = {key: count for key, count in found.items() if key in VIEWS}
    return Frame(dump({"type": "counts", "views": views, "saved": saved}))


def _names_of(ids: list[int]) -> dict[int, tuple[str, int]]:
    return {agent.pk: (str(agent), agent.colour) for agent in Agent.objects.filter(pk__in=ids)}


def learn_names(ids: list[int], then: Callable[[], None]) -> None:
    """Read the names of agents seen for the first time, then go on."""

    async def learn() -> None:
        found = await in_thread(_names_of, ids)
        for agent_id in ids:
            names[agent_id] = found.get(agent_id, ("?", 1))
        then()

    spawn(learn())
