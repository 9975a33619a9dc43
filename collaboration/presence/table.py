"""Who is looking at a conversation and who is writing, as far as anybody knows right now.

Nothing is stored: each process tells the others what its screens do, at every change and all of it
every few seconds. What a process does not repeat is forgotten, so a crash leaves no ghosts.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from collaboration.presence.events import PresenceChanged, PresenceRoster
from helpdesk.core.live import hub

WRITING_STATES = ("field", "reply", "note")
STATES = ("open", "viewing", *WRITING_STATES)  # from least to most telling
REPEAT = 10.0  # seconds between two rosters
FORGET = 25.0  # seconds of a process's silence
WRITING = 6.0  # seconds that one sign of typing lasts
GATHER = 0.1  # seconds in which changes of one conversation are told together

PROCESS = secrets.token_hex(6)


@dataclass(slots=True)
class Sighting:
    """One screen on one conversation."""

    agent_id: int
    state: str
    process: str
    heard_at: float

    def now(self) -> str:
        old = time.monotonic() - self.heard_at > WRITING
        return "viewing" if old and self.state in WRITING_STATES else self.state


_table: dict[str, dict[str, Sighting]] = {}  # conversation → screen → sighting
_heard: dict[str, float] = {}  # process → when
Teller = TypeVar("Teller", bound=Callable[[str], None])
_tellers: list[Callable[[str], None]] = []
_waiting: set[str] = set()


def on_change(function: Teller) -> Teller:
    """Registers who tells the screens of a conversation that its people changed."""
    _tellers.append(function)
    return function


def people(conversation_id: str) -> dict[int, str]:
    """Agents on a conversation and the most telling thing one of their screens does."""
    found: dict[int, str] = {}
    for sighting in _table.get(conversation_id, {}).values():
        state = sighting.now()
        known = found.get(sighting.agent_id)
        if known is None or STATES.index(state) > STATES.index(known):
            found[sighting.agent_id] = state
    return found


def is_before_eyes(agent_id: int, conversation_id: str) -> bool:
    """Whether some screen of the agent, anywhere, shows the conversation right now."""
    return people(conversation_id).get(agent_id, "open") != "open"


def is_writing(screen: str, conversation_id: str) -> bool:
    known = _table.get(conversation_id, {}).get(screen)
    return known is not None and known.now() in WRITING_STATES


def show(screen: str, agent_id: int, conversation_id: str, state: str) -> None:
    """A screen of this process does something; repeats of the same are kept to ourselves."""
    known = _table.get(conversation_id, {}).get(screen)
    if known is not None and known.now() == state and state in ("open", "viewing"):
        return
    hub.announce(
        PresenceChanged(
            process=PROCESS,
            screen=screen,
            agent_id=agent_id,
            conversation_id=conversation_id,
            state=state,
        )
    )


def fell_silent(screen: str, agent_id: int, conversation_id: str) -> None:
    """A screen that was looked at says nothing any more: a sleeping machine, a lost network."""
    known = _table.get(conversation_id, {}).get(screen)
    if known is not None and known.state != "open":
        gone(screen, agent_id, conversation_id)


def gone(screen: str, agent_id: int, conversation_id: str) -> None:
    if screen in _table.get(conversation_id, {}):
        show(screen, agent_id, conversation_id, "gone")


@hub.hears(PresenceChanged)
def hear_change(event: PresenceChanged) -> None:
    _heard[event.process] = time.monotonic()
    screens = _table.setdefault(event.conversation_id, {})
    if event.state in STATES:
        screens[event.screen] = Sighting(
            event.agent_id, event.state, event.process, time.monotonic()
        )
    else:
        screens.pop(event.screen, None)
    if not screens:
        del _table[event.conversation_id]
    _changed(event.conversation_id)


@hub.hears(PresenceRoster)
def hear_roster(event: PresenceRoster) -> None:
    """Another process's whole picture replaces what we believed of it."""
    if event.process == PROCESS:
        return
    _heard[event.process] = time.monotonic()
    told = {
        (str(conversation_id), str(screen)): (agent_id, state)
        for screen, agent_id, conversation_id, state in event.screens
    }
    for conversation_id, screens in list(_table.items()):
        for screen, sighting in list(screens.items()):
            if sighting.process == event.process and (conversation_id, screen) not in told:
                _forget(conversation_id, screen)
    for (conversation_id, screen), (agent_id, state) in told.items():
        known = _table.get(conversation_id, {}).get(screen)
        # A change of theirs may have been lost on its way.
        is_news = known is None or known.now() != state
        if is_news and state in STATES and isinstance(agent_id, int):
            _table.setdefault(conversation_id, {})[screen] = Sighting(
                agent_id, str(state), event.process, time.monotonic()
            )
            _changed(conversation_id)


def _forget(conversation_id: str, screen: str) -> None:
    screens = _table.get(conversation_id, {})
    screens.pop(screen, None)
    if not screens:
        _table.pop(conversation_id, None)
    _changed(conversation_id)


def _changed(conversation_id: str) -> None:
    if conversation_id in _waiting:
        return
    _waiting.add(conversation_id)
    asyncio.get_running_loop().call_later(GATHER, _tell, conversation_id)


def _tell(conversation_id: str) -> None:
    _waiting.discard(conversation_id)
    for teller in _tellers:
        teller(conversation_id)


_repeated_at = 0.0


@hub.on_tick
async def keep_true() -> None:
    """Tell the others what we see, forget silent processes, let old signs of typing fade."""
    global _repeated_at
    now = time.monotonic()
    silent = {process for process, at in _heard.items() if now - at > FORGET} - {PROCESS}
    mine = []
    for conversation_id, screens in list(_table.items()):
        for screen, sighting in list(screens.items()):
            if sighting.process in silent:
                _forget(conversation_id, screen)
            elif sighting.process == PROCESS:
                mine.append([screen, sighting.agent_id, conversation_id, sighting.now()])
            if sighting.state != sighting.now():
                sighting.state = "viewing"
                _changed(conversation_id)
    for process in silent:
        del _heard[process]
    if now - _repeated_at > REPEAT:
        _repeated_at = now
        hub.announce(PresenceRoster(process=PROCESS, screens=mine))
