"""Who of the agents is there: this process's open screens, kept in PostgreSQL, told to all screens.

What is true stands in a row per agent (`permissions.accounts`): every process renews the rows of
those whose screens it serves and looks at all of them with every tick. A process that is killed
renews nothing any more, and a dead Redis only makes the news a tick older.
"""

import asyncio
import time
from collections.abc import Iterable

from collaboration.workspace.screens import Screen, screens, spawn
from helpdesk.core.live import hub
from helpdesk.core.live.sockets import dump
from helpdesk.core.live.threads import in_thread
from permissions.accounts import attendance, sessions
from permissions.accounts.events import StatusChosen

GATHER = 0.1  # seconds of questions answered together
RENEW = 15.0  # seconds between two renewals of one agent by one process

statuses: dict[int, str] = {}  # agent → status; who is missing is offline
_renewed: dict[int, float] = {}  # agent → when this process last said that they are here
_active: set[int] = set()  # whose screens were used since
_looking = False


def status_of(agent_id: int) -> str:
    return statuses.get(agent_id, "offline")


def arrived(screen: Screen) -> None:
    """A screen opened: its agent is there, and it is told who else is."""
    if screen.seat is None:
        return
    screen.tell(type="status", all=True, agents=statuses)
    renew_soon(screen.seat.agent_id)


def used(agent_id: int) -> None:
    """Somebody moved or typed before a screen of theirs."""
    _active.add(agent_id)
    if status_of(agent_id) in ("away", "offline"):
        renew_soon(agent_id)


def renew_soon(agent_id: int) -> None:
    _renewed.pop(agent_id, None)
    _look_soon()


def _look_soon() -> None:
    global _looking
    if not _looking:
        _looking = True
        spawn(_gather())


async def _gather() -> None:
    """What many ask for at once (a changed team, a restart) is one look."""
    global _looking
    try:
        await asyncio.sleep(GATHER)
    finally:
        _looking = False
    await look()


@hub.on_tick
async def look() -> None:
    """Renew those who are due, then tell the screens whose status is another now."""
    now = time.monotonic()
    here = {screen.seat.agent_id for screen in screens if screen.seat}
    if not here:
        _renewed.clear()
        return
    due = {agent_id for agent_id in here if now - _renewed.get(agent_id, -RENEW) >= RENEW}
    active = _active & due
    if due:
        await in_thread(attendance.renew, due, active)
        keys = {screen.seat.session_key for screen in screens if screen.seat}
        await in_thread(sessions.seen, sorted(keys))
        _renewed.update(dict.fromkeys(due, now))
        _active.difference_update(active)
    _take(await in_thread(attendance.statuses))


def _take(found: dict[int, str]) -> None:
    changed = {
        agent_id: found.get(agent_id, "offline")
        for agent_id in statuses.keys() | found.keys()
        if statuses.get(agent_id) != found.get(agent_id)
    }
    statuses.clear()
    statuses.update(found)
    if changed:
        _push(screens, changed)


def _push(to: Iterable[Screen], agents: dict[int, str]) -> None:
    text = dump({"type": "status", "agents": agents})
    for screen in list(to):
        screen.push(text)


@hub.hears(StatusChosen)
def hear_status(event: StatusChosen) -> None:
    _look_soon()
