"""Customers on open screens: what changed is asked for anew, what was revealed ends everywhere.

Frames carry ids only; values are read over HTTP, masked for whoever asks.
"""

import asyncio
import uuid
from collections.abc import Collection

from collaboration.workspace.screens import Screen, screens, spawn
from collaboration.workspace.seats import Seat
from conversations.customers.events import CustomerChanged, FieldsChanged, RevealsChanged
from conversations.reveals.queries import Held, held_by
from conversations.threads import feeds
from conversations.threads.covering import is_on, readings_of
from conversations.threads.models import Conversation
from helpdesk.core.live import hub
from helpdesk.core.live.threads import in_thread
from permissions.approvals.events import ApprovalMoved
from permissions.policies.events import PolicyChanged

EVERYONE = "*"  # whichever customer a screen shows
Version = tuple[int, int]  # of somebody's rights, and how many exceptions they have

_held: dict[tuple[int, str], Held] = {}  # (agent, customer) → what is revealed
_versions: dict[int, Version] = {}  # by agent: when the screens were told
_masked = False  # whether message texts were masked when the screens were told
_timer: asyncio.TimerHandle | None = None


def _read(agent_ids: set[int]) -> tuple[dict[tuple[int, str], Held], bool]:
    return held_by(agent_ids), is_on()


def _tell(agent_id: int, customer_id: str, *, texts: bool = False) -> None:
    for screen in list(screens):
        if screen.seat and screen.seat.agent_id == agent_id:
            screen.tell(type="customer", customer=customer_id, texts=texts)


async def know(agent_id: int) -> None:
    """Called before a screen of theirs is greeted: from then on it is told of what ends."""
    if not any(screen.seat and screen.seat.agent_id == agent_id for screen in screens):
        found, _texts = await in_thread(_read, {agent_id})
        _held.update(found)


@hub.on_tick
async def look() -> None:
    """Compare what is revealed with what was: whatever began, ended or was revoked is told.

    Two short queries for all agents before this process's screens, whatever was told or not.
    """
    global _timer, _masked
    agents = {screen.seat.agent_id for screen in screens if screen.seat}
    found, masked = await in_thread(_read, agents) if agents else ({}, _masked)
    changed, _masked = masked != _masked, masked
    before = {key: held for key, held in _held.items() if key[0] in agents}
    here = {screen.seat.agent_id for screen in screens if screen.seat}  # who came meanwhile too
    for key in [key for key in _held if key in before or key[0] not in here]:
        del _held[key]
    _held.update(found)
    for key in before.keys() | found.keys():
        old, new = before.get(key), found.get(key)
        if (old and old.ids) != (new and new.ids):
            texts = bool(old and old.texts) != bool(new and new.texts)
            if texts:
                await _see(key[0])
            _tell(*key, texts=texts)
    for agent_id in _versions.keys() - here:
        del _versions[agent_id]
    for agent_id, (version, *others) in _seated().items():
        if not others:  # all of their screens know the same
            await _tell_rights(agent_id, version, unless=_versions.get(agent_id, version))
    if changed:
        await _tell_all()
    if _timer:
        _timer.cancel()
        _timer = None
    if found:
        pause = max(0.0, min(one.ends_in for one in found.values())) + 0.05
        _timer = asyncio.get_running_loop().call_later(pause, lambda: spawn(look()))


def _seated() -> dict[int, set[Version]]:
    """Which versions the agents' screens know."""
    found: dict[int, set[Version]] = {}
    for screen in screens:
        if seat := screen.seat:
            found.setdefault(seat.agent_id, set()).add((seat.version, seat.grants))
    return found


async def rights_changed(seat: Seat) -> None:
    """Told by the first of their screens that notices; the look finds what nobody told."""
    version = seat.version, seat.grants
    await _tell_rights(seat.agent_id, version, unless=_versions.get(seat.agent_id))


async def _tell_rights(agent_id: int, version: Version, *, unless: Version | None) -> None:
    _versions[agent_id] = version
    if version != unless:
        await _see(agent_id)
        _tell(agent_id, EVERYONE, texts=True)


@hub.hears(RevealsChanged)
def hear_reveal(event: RevealsChanged) -> None:
    spawn(look())


@hub.hears(CustomerChanged)
def hear_change(event: CustomerChanged) -> None:
    spawn(_tell_watchers(event.customer_id))


@hub.hears(ApprovalMoved)
def hear_request(event: ApprovalMoved) -> None:
    """Who asked sees the state of the request beside the fields."""
    if event.customer_id:
        _tell(event.requester_id, event.customer_id)


@hub.hears(FieldsChanged)
def hear_fields(event: FieldsChanged) -> None:
    for screen in list(screens):
        screen.tell(type="customer", customer=EVERYONE, texts=False)


@hub.hears(PolicyChanged)
def hear_policy(event: PolicyChanged) -> None:
    if event.subject == "customer-privacy":
        spawn(look())


async def _tell_all() -> None:
    for agent_id in {screen.seat.agent_id for screen in screens if screen.seat}:
        await _see(agent_id)
        _tell(agent_id, EVERYONE, texts=True)


async def _see(agent_id: int) -> None:
    """Ask anew how the agent reads the conversations on their screens."""
    mine = [screen for screen in screens if screen.seat and screen.seat.agent_id == agent_id]
    watched = {pk for screen in mine for pk in getattr(screen, "watched", ())}
    found = await in_thread(readings_of, agent_id, watched) if watched else {}
    for screen in mine:
        for conversation_id in list(getattr(screen, "watched", ())):
            feeds.see(conversation_id, screen, found.get(conversation_id, feeds.NOTHING_MORE))


async def _tell_watchers(customer_id: str) -> None:
    """The screens that have a conversation of this customer open, and may."""
    watching: dict[str, list[Screen]] = {}
    for screen in list(screens):
        for conversation_id in getattr(screen, "watched", ()):
            watching.setdefault(conversation_id, []).append(screen)
    if not watching:
        return
    for conversation_id in await in_thread(_of_customer, customer_id, list(watching)):
        for screen in watching[conversation_id]:
            screen.tell(type="customer", customer=customer_id, texts=False)


def _of_customer(customer_id: str, among: Collection[str]) -> list[str]:
    found = Conversation.objects.filter(customer=uuid.UUID(customer_id), pk__in=among)
    return [str(pk) for pk in found.values_list("pk", flat=True)]
