"""A draft's socket: the y-websocket protocol for any Yjs client whose agent may see the draft.

With `?ack=1` the client is also told how many of its updates are durable.
"""

import uuid
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from collaboration.drafts import protocol, returning, rooms
from collaboration.drafts.models import SharedDraft
from collaboration.drafts.protocol import BadFrame, Frame
from collaboration.drafts.writing import verdicts
from collaboration.policy import live as policy
from collaboration.workspace.screens import spawn
from collaboration.workspace.seated import SeatedSocket
from collaboration.workspace.seats import Seat
from conversations.threads.events import EntryAdded
from helpdesk.core.frames import READ
from helpdesk.core.live import hub
from helpdesk.core.live.sockets import (
    MAX_FRAME,
    NO_RIGHT,
    NOTHING_HERE,
    TOO_LARGE,
    TOO_MANY,
    UNREADABLE,
)
from helpdesk.core.live.threads import in_thread

_editors: set["DraftConsumer"] = set()


class DraftConsumer(SeatedSocket):
    max_outbox = 12 * 1024 * 1024  # a whole document of the largest size, and what follows it
    room: rooms.Room | None = None
    acknowledges = sees = writes = unseen = False
    taken = 0  # updates of this socket that are in the log, or were there already
    early = 0

    def __init__(self) -> None:
        # Who types sends a change and a caret with each key.
        self.frames_at_once, seconds = settings.LIMITS["draft frames"]
        self.frames_per_second = self.frames_at_once / seconds
        super().__init__()

    async def opened(self) -> None:
        route = self.scope["url_route"]["kwargs"]
        try:
            self.conversation_id = str(uuid.UUID(route["pk"]))
        except ValueError:
            return await self.refuse(NOTHING_HERE)
        self.kind = route.get("kind") or SharedDraft.Kind.REPLY.value
        asked = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        self.acknowledges = asked.get("ack") == ["1"]
        await self.accept()  # their client may ask while we ask who they are; it is read after that
        await policy.know()
        try:
            await self._enter()
        finally:
            if self.room is None:
                rooms.forgo(self.key)

    @property
    def key(self) -> tuple[str, str]:
        return self.conversation_id, self.kind

    async def _enter(self) -> None:
        seat = await self.find_seat()
        if seat is None:
            return
        if not self.sees:
            return await self.refuse(NOTHING_HERE)
        self.sit_down(seat)
        _editors.add(self)
        self.room = rooms.enter(self.key, self)
        if read_by := self.scope.get("extensions", {}).get(READ):
            read_by(self.take)

    async def ask_seat(self, session_key: str) -> Seat | None:
        """And what they may, on the loop if they were here before and all is as it was then."""
        rooms.foresee(self.key)
        back = await returning.look(session_key, *self.key)
        if back.seat is None:
            seat = await super().ask_seat(session_key)
            if seat is not None:
                returning.remember(seat, back.versions)
            return seat
        if back.writes and not policy.hides_supervisors():
            self.sees = self.writes = True
        else:
            await in_thread(self.look_at_rights, back.seat)
        return back.seat

    def look_up(self, session_key: str) -> Seat | None:
        seat = super().look_up(session_key)
        if seat is not None:
            self.look_at_rights(seat)
        return seat

    def look_at_rights(self, seat: Seat) -> None:
        """Whether they may write, so that their client is asked for what it has; each edit is asked
        about anew. And whether colleagues see them."""
        hand = seat.agent_id, seat.session_key
        found = verdicts([hand], *self.key).get(hand)
        self.sees, self.writes = found or (False, False)
        self.unseen = policy.hides_supervisors() and policy.is_unseen(
            seat.agent_id, self.conversation_id
        )

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        self.take(message.get("bytes"))

    def take(self, data: bytes | None) -> None:
        seat, room = self.seat, self.room
        if self.ended or seat is None or room is None:
            return
        if data is None:
            return self.end(UNREADABLE)
        if len(data) > MAX_FRAME:
            return self.end(TOO_LARGE)
        if not self.spend_frame():
            return self.end(TOO_MANY)
        try:
            self._take(protocol.read_frame(data), seat, room)
        except BadFrame:
            self.end(UNREADABLE)

    def _take(self, frame: Frame, seat: Seat, room: rooms.Room) -> None:
        if frame.kind == protocol.AWARENESS:
            said = protocol.read_awareness(frame.data)
            if not self.unseen:
                room.point(self, seat, said)
        elif frame.kind == protocol.QUERY_AWARENESS:
            self.beat()
        elif frame.part == protocol.STEP_1:
            room.ask(self, frame.data)
        else:
            if frame.part == protocol.STEP_2:
                self.early = 0
            room.offer(self, seat, frame.data)

    def beat(self) -> None:
        """Yjs clients believe that a server which says nothing for thirty seconds is gone."""
        if self.room:
            self.push(protocol.awareness(self.room.pointers.all()))

    def closed(self) -> None:
        super().closed()
        _editors.discard(self)
        if self.room:
            self.room.leave(self)

    # --- rights ---

    async def seat_renewed(self, old: Seat, seat: Seat) -> None:
        """Who does not see the conversation any more has no business here."""
        if not self.sees:
            return self.end(NO_RIGHT)
        self.seat = seat

    def is_sure(self, seat: Seat) -> bool:
        """Whether no hand-over can take a conversation from their sight."""
        return not seat.sight.exceptions and seat.sight.inboxes == seat.sight.all_of


@hub.hears(EntryAdded)
def ask_who_still_writes(event: EntryAdded) -> None:
    """It may have been handed on, merged or put into another mode."""
    for editor in list(_editors):
        if editor.conversation_id == event.conversation_id:
            spawn(editor.check_seat())
