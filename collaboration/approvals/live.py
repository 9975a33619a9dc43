"""How many requests wait for whom, on their open screens; and which conversation's changed.

Nothing depends on being heard: every look at PostgreSQL finds what changed, also what merely ended.
"""

import asyncio
import time

from collaboration.approvals import queries
from collaboration.workspace.screens import Screen, screens, spawn
from helpdesk.core.live import hub
from helpdesk.core.live.threads import in_thread
from permissions.accounts.models import Agent
from permissions.approvals.events import ApprovalMoved
from permissions.approvals.queries import waiting_mark

GATHER = 0.15  # seconds of changes taken together
LOOK = 6.0  # seconds between two looks for what no event told

_moved: set[str] = set()  # conversations; "" is anything
_telling = False
_mark: object = None
_looked_at = 0.0


@hub.hears(ApprovalMoved)
def hear(event: ApprovalMoved) -> None:
    _tell_soon(event.conversation_id)


def arrived(screen: Screen) -> None:
    """A screen opened: it is told the count of the server."""
    spawn(_tell_screens([screen], set()))


def _tell_soon(conversation_id: str = "") -> None:
    global _telling
    _moved.add(conversation_id)
    if not _telling:
        _telling = True
        spawn(_tell())


async def _tell() -> None:
    global _telling
    try:
        await asyncio.sleep(GATHER)
    finally:
        _telling = False
    moved = set() if "" in _moved else set(_moved)
    _moved.clear()
    await _tell_screens(list(screens), moved)


async def _tell_screens(told: list[Screen], moved: set[str]) -> None:
    """The count, and which of the conversations a screen has open changed; none named: any."""
    agents = {screen.seat.agent_id for screen in told if screen.seat}
    counts = await in_thread(_counts, agents) if agents else {}
    for screen in told:
        if screen.seat and screen.seat.agent_id in counts:
            screen.tell(
                type="approvals",
                waiting=counts[screen.seat.agent_id],
                conversations=sorted(moved & screen.watched.keys()),
                all=not moved,
            )


def _counts(agent_ids: set[int]) -> dict[int, int]:
    agents = Agent.objects.filter(pk__in=agent_ids, is_active=True)
    return {agent.pk: queries.waiting_count(agent) for agent in agents}


@hub.on_tick
async def look_for_missed() -> None:
    """Requests that came, went or ran out of time, whatever Redis told or did not."""
    global _looked_at, _mark
    if time.monotonic() - _looked_at < LOOK or not screens:
        return
    _looked_at = time.monotonic()
    found = await in_thread(waiting_mark)
    if _mark not in (None, found):
        _tell_soon()
    _mark = found
