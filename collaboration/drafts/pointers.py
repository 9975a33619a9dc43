"""Carets, selections and names on one draft: what its clients show of themselves right now.

A name is ours: whatever a client says of its user is replaced by whose session it is. Nothing is
stored; a client that leaves is gone for all, one that falls silent is forgotten.
"""

import time
from dataclasses import dataclass

from collaboration.drafts.protocol import Pointer
from collaboration.workspace.seats import Seat

FORGET = 35.0  # seconds of silence; clients repeat themselves every fifteen
MOST_OF_ONE = 4  # clients of one socket
COLOURS = ("#6d4bd8", "#c2410c", "#0369a1", "#a21c62")  # --p1 … --p4, for editors not our own


@dataclass(slots=True)
class _Shown:
    owner: object  # the socket, or the process that has it
    pointer: Pointer
    heard_at: float


class Pointers:
    def __init__(self) -> None:
        self._shown: dict[int, _Shown] = {}

    def all(self) -> list[Pointer]:
        return [shown.pointer for shown in self._shown.values()]

    def show(self, owner: object, said: list[Pointer], seat: Seat | None) -> list[Pointer]:
        """Take what an owner says of its clients; returns what is new, under the seat's name.

        Nobody speaks for another's client. Without a seat it was named by another process.
        """
        now, news = time.monotonic(), []
        mine = sum(shown.owner == owner for shown in self._shown.values())
        for one in said:
            known = self._shown.get(one.client)
            if known and (known.owner != owner or one.clock < known.pointer.clock):
                continue
            if one.state is None:
                if known:
                    del self._shown[one.client]
                    news.append(one)
                continue
            if not known and seat and mine >= MOST_OF_ONE:
                continue
            mine += not known
            found = (
                Pointer(one.client, one.clock, one.state | {"user": _user(seat)}) if seat else one
            )
            self._shown[one.client] = _Shown(owner, found, now)
            news.append(found)
        return news

    def forget(self, owner: object) -> list[Pointer]:
        """The owner is gone: what tells others that its clients are."""
        gone = [shown.pointer for shown in self._shown.values() if shown.owner == owner]
        for one in gone:
            del self._shown[one.client]
        return [Pointer(one.client, one.clock + 1, None) for one in gone]

    def forget_silent(self) -> None:
        """Clients of other processes that repeat nothing any more; all clients do the same."""
        silent = time.monotonic() - FORGET
        for client, shown in list(self._shown.items()):
            if shown.heard_at < silent:
                del self._shown[client]


def _user(seat: Seat) -> dict[str, object]:
    return {
        "id": seat.agent_id,
        "name": seat.name,
        "colour": seat.colour,
        "color": COLOURS[seat.colour - 1],
    }
