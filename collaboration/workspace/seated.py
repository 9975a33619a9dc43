"""Sockets before which an agent sits: so many of a kind each, with rights as they are now."""

import logging
from collections import Counter

from django.conf import settings
from django.db import DatabaseError

from collaboration.workspace.screens import spawn
from collaboration.workspace.seats import (
    Seat,
    language_of,
    session_key_of,
    still_valid,
    take_seat,
)
from helpdesk.core.live import hub
from helpdesk.core.live.sockets import NOT_SIGNED_IN, TOO_MANY, Socket
from helpdesk.core.live.threads import in_thread
from permissions.acts.scope import AccessChanged

logger = logging.getLogger(__name__)

_seated: set["SeatedSocket"] = set()
_per_agent: Counter[tuple[type, int]] = Counter()


class SeatedSocket(Socket):
    """`opened` asks `find_seat`, then calls `sit_down`; `seat_renewed` looks at what changed."""

    seat: Seat | None = None

    async def find_seat(self) -> Seat | None:
        """The seat of who opens it; refused where nobody is signed in or has too many open."""
        headers = dict(self.scope["headers"])
        self.browser_language = language_of(headers)
        session_key = session_key_of(headers)
        seat = await self.ask_seat(session_key) if session_key else None
        if seat is None:
            await self.refuse(NOT_SIGNED_IN)
        elif _per_agent[type(self), seat.agent_id] >= settings.LIMITS["sockets per agent"][0]:
            await self.refuse(TOO_MANY)
        else:
            return seat
        return None

    async def ask_seat(self, session_key: str) -> Seat | None:
        return await in_thread(self.look_up, session_key)

    def look_up(self, session_key: str) -> Seat | None:
        """On a thread, which may ask in the same turn what else has to be known of them."""
        return take_seat(session_key, self.browser_language)

    def sit_down(self, seat: Seat) -> None:
        self.seat, self.language = seat, seat.language
        _per_agent[type(self), seat.agent_id] += 1
        _seated.add(self)

    def closed(self) -> None:
        if self.seat is None:
            return
        _seated.discard(self)
        place = type(self), self.seat.agent_id
        _per_agent[place] -= 1
        if not _per_agent[place]:
            del _per_agent[place]

    async def check_seat(self) -> None:
        """Ask anew who this is and what they may; nobody signed in any more: that was it."""
        old = self.seat
        if old is None or self.ended:
            return
        seat = await in_thread(self.look_up, old.session_key)
        if seat is None:
            return self.end(NOT_SIGNED_IN)
        await self.seat_renewed(old, seat)

    async def seat_renewed(self, old: Seat, seat: Seat) -> None:
        """Sit down on the new seat, and let go what is not theirs any more."""
        raise NotImplementedError

    def is_sure(self, seat: Seat) -> bool:
        """Whether a seat that is still valid says all there is to know of the socket's rights."""
        return True


@hub.hears(AccessChanged)
def ask_anew(event: AccessChanged) -> None:
    concerned = set(event.agent_ids)
    for socket in list(_seated):
        if socket.seat and socket.seat.agent_id in concerned:
            spawn(socket.check_seat())


@hub.on_tick
async def look_for_changed_rights() -> None:
    """Two queries for all sockets, whatever Redis told or did not."""
    held = {socket: socket.seat for socket in _seated if socket.seat}
    if not held:
        return
    valid = await in_thread(still_valid, list(held.values()))
    for socket, seat in held.items():
        if seat not in valid or not socket.is_sure(seat):
            try:
                await socket.check_seat()
            except DatabaseError as error:  # away for a moment; the next tick asks again
                logger.warning("rights of a socket could not be asked anew: %s", error)
