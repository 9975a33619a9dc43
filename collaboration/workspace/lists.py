"""Live lists: a changed conversation's row, drawn once per language for all who may see it.

Changes are gathered for a moment, so a busy conversation costs a few rows a second and not one per
message. Counts are asked with the very predicate of the lists, once per agent and second at most.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from django.db import DatabaseError
from django.template.loader import get_template
from django.utils import translation

from collaboration.workspace.screens import screens
from conversations.threads import feeds, queries
from conversations.threads.models import Conversation
from helpdesk.core.live.sockets import dump
from helpdesk.core.live.threads import in_thread
from permissions.accounts.models import Agent

logger = logging.getLogger(__name__)

GATHER = 0.25  # seconds of changes told together
COUNT_PAUSE = 1.0  # seconds between two counts
KNOWN = 20_000  # conversations whose last number is remembered
ROW = "collaboration/workspace/partials/row.html"

names: dict[int, tuple[str, int]] = {}  # agent → (name, colour)
_known: OrderedDict[str, int] = OrderedDict()
_changed: dict[str, int] = {}  # conversation → inbox
_recount: set[int] = set()  # inboxes
_tasks: dict[str, asyncio.Task[None]] = {}


@feeds.on_head
def note_change(conversation_id: str, inbox_id: int, seq: int) -> None:
    if _known.get(conversation_id, -1) >= seq:
        return
    _known[conversation_id] = seq
    _known.move_to_end(conversation_id)
    if len(_known) > KNOWN:
        _known.popitem(last=False)
    _changed[conversation_id] = inbox_id
    _recount.add(inbox_id)
    _start("rows", _tell_rows, GATHER)
    _start("counts", _tell_counts, COUNT_PAUSE)


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


def draw_rows(ids: Iterable[str], languages: set[str]) -> list[tuple[int, dict[str, str]]]:
    """(inbox, frame by language) of each conversation."""
    rows = queries.for_rows(Conversation.objects.filter(pk__in=list(ids)), None)
    return [
        (
            row.inbox_id,
            {
                language: dump(
                    {
                        "type": "list",
                        "conversation": str(row.pk),
                        "head": row.last_seq,
                        "messages": row.messages,
                        "status": row.status,
                        "assignee": row.assignee_id,
                        "html": row_html(row, language),
                    }
                )
                for language in languages
            },
        )
        for row in rows
    ]


async def _tell_rows() -> None:
    changed = dict(_changed)
    _changed.clear()
    languages = {screen.language for screen in screens}
    if not languages:
        return
    try:
        drawn = await in_thread(draw_rows, changed, languages)
    except Exception:
        for conversation_id in changed:  # so that the next tick tells of them again
            _known.pop(conversation_id, None)
        raise
    for inbox_id, frames in drawn:
        for screen in list(screens):
            if screen.seat and inbox_id in screen.seat.inboxes and screen.language in frames:
                screen.push(frames[screen.language])


def _count(agent_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    agents = Agent.objects.filter(pk__in=list(agent_ids), is_active=True)
    return {agent.pk: queries.counts(agent) for agent in agents}


async def _tell_counts() -> None:
    inboxes = set(_recount)
    _recount.clear()
    concerned = {
        screen.seat.agent_id
        for screen in screens
        if screen.seat and not inboxes.isdisjoint(screen.seat.inboxes)
    }
    if not concerned:
        return
    counted = await in_thread(_count, concerned)
    for screen in list(screens):
        if screen.seat and screen.seat.agent_id in counted:
            screen.tell(type="counts", views=counted[screen.seat.agent_id])


def _names_of(ids: list[int]) -> dict[int, tuple[str, int]]:
    return {agent.pk: (str(agent), agent.colour) for agent in Agent.objects.filter(pk__in=ids)}


def learn_names(ids: list[int], then: Callable[[], None]) -> None:
    """Read the names of agents seen for the first time, then go on."""

    async def learn() -> None:
        found = await in_thread(_names_of, ids)
        for agent_id in ids:
            names[agent_id] = found.get(agent_id, ("?", 1))
        then()

    asyncio.get_running_loop().create_task(learn())
