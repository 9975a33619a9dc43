"""The agents' window: entries of the conversations they watch, their lists, who else is there."""

import asyncio
import secrets
import time
import uuid
from typing import Any

from collaboration.approvals import live as approvals
from collaboration.context import live as customers
from collaboration.drafts.live import show_begun
from collaboration.notices import live as notices
from collaboration.policy import live as policy
from collaboration.presence import attending, table
from collaboration.workspace import lists
from collaboration.workspace.screens import screens, spawn
from collaboration.workspace.seated import SeatedSocket
from collaboration.workspace.seats import Seat, may_see, visible_among
from conversations.intake.events import AgentTypingToCustomer, CustomerTyping
from conversations.threads import feeds
from conversations.threads.covering import readings_of
from conversations.threads.events import CustomerHasRead, ReadMarkMoved
from helpdesk.core.frames import Frame
from helpdesk.core.live import hub
from helpdesk.core.live.sockets import dump
from helpdesk.core.live.threads import in_thread

MOST_WATCHED = 20  # conversations by one screen
MOST_ROWS = 100  # of its list, whose people it hears of
A_DAY = 86_400.0  # no timer of an event loop is set for longer
SILENT = 25.0  # seconds after which a screen that said it is looked at is believed no more

# Conversation → the screens that are told of its people: they watch it, or their list shows it.
_watching: dict[str, set["WorkspaceConsumer"]] = {}
_listing: dict[str, set["WorkspaceConsumer"]] = {}


class WorkspaceConsumer(SeatedSocket):
    async def opened(self) -> None:
        self.screen = secrets.token_hex(6)
        self.watched: dict[str, feeds.Feed] = {}
        self.rows: set[str] = set()
        self.unseen: set[str] = set()  # conversations a supervisor watches without being seen
        self.written: set[str] = set()  # … where they were seen to write, until they turn away
        self.heard_at = time.monotonic()
        self.end_of_grant: asyncio.TimerHandle | None = None
        seat = await self.find_seat()
        if seat is None:
            return
        await policy.know()
        await customers.know(seat.agent_id)
        self.sit_down(seat)
        screens.add(self)
        await self.accept()
        lists.names[seat.agent_id] = (seat.name, seat.colour)
        self._await_end_of_grant()
        self.tell(type="hello", agent={"id": seat.agent_id, "name": seat.name})
        attending.arrived(self)
        notices.arrived(self)
        approvals.arrived(self)

    async def received(self, frame: dict[str, Any]) -> None:
        seat = self.seat
        if seat is None:
            return
        self.heard_at = time.monotonic()
        conversation_id = _conversation_of(frame.get("conversation"))
        match frame.get("type"):
            case "watch" if conversation_id:
                await self._watch(seat, conversation_id, frame.get("after"))
            case "unwatch" if conversation_id:
                self._unwatch(conversation_id)
            case "viewing" if conversation_id in self.watched:
                await self._find_out_whether_seen(seat, conversation_id)
                self._viewing(seat, conversation_id, frame.get("visible", True))
            case "rows" if isinstance(frame.get("conversations"), list):
                await self._show_rows(seat, frame["conversations"])
            case "listing":
                await lists.show_list(self, frame.get("query"))
            case "input":  # somebody moves or types before this screen
                attending.used(seat.agent_id)
            case "typing" if conversation_id in self.watched:
                self._typing(seat, conversation_id, frame)
            case "head":  # a screen that asks whether it is up to date
                self.tell(**self.heartbeat())
            case _:
                self.tell(type="error", code="unknown_type")

    async def _watch(self, seat: Seat, conversation_id: str, after: Any) -> None:
        if len(self.watched) >= MOST_WATCHED and conversation_id not in self.watched:
            return self.tell(type="error", code="too_many", conversation=conversation_id)
        if not await in_thread(may_see, seat.agent_id, conversation_id):
            return self.tell(type="access", conversation=conversation_id, allowed=False)
        found = await in_thread(readings_of, seat.agent_id, [conversation_id])
        if self.ended:
            return
        after = after if type(after) is int and after >= 0 else None
        self.watched[conversation_id] = feeds.watch(
            conversation_id,
            self,
            after=after,
            reading=found.get(conversation_id, feeds.NOTHING_MORE),
        )
        _watching.setdefault(conversation_id, set()).add(self)
        await self._find_out_whether_seen(seat, conversation_id)
        self._show(seat, conversation_id, "viewing")
        if conversation_id in self.unseen or table.people(conversation_id):
            tell_people(conversation_id, only=self)
        await show_begun([self], {conversation_id})
        notices.seen(seat.agent_id, conversation_id)

    async def _show_rows(self, seat: Seat, listed: list[Any]) -> None:
        """Tell who is on the conversations of the screen's list, now and with every change."""
        ids = {found for value in listed[:MOST_ROWS] if (found := _conversation_of(value))}
        rows = await in_thread(visible_among, seat.agent_id, ids) if ids else set()
        if self.ended:
            return
        self._forget_rows()
        self.rows = rows
        for conversation_id in rows:
            _listing.setdefault(conversation_id, set()).add(self)
            if table.people(conversation_id):
                tell_people(conversation_id, only=self)
        await show_begun([self], rows)

    def _forget_rows(self) -> None:
        for conversation_id in self.rows:
            _forget(_listing, conversation_id, self)
        self.rows = set()

    def _viewing(self, seat: Seat, conversation_id: str, visible: Any) -> None:
        """Told when the screen is turned to or away, and every few seconds as a sign of life."""
        if not visible:
            return self._show(seat, conversation_id, "open")
        if not table.is_writing(self.screen, conversation_id):
            self._show(seat, conversation_id, "viewing")
        notices.seen(seat.agent_id, conversation_id)

    def _unwatch(self, conversation_id: str) -> None:
        if self.watched.pop(conversation_id, None) is not None and self.seat:
            feeds.unwatch(conversation_id, self)
            _forget(_watching, conversation_id, self)
            table.gone(self.screen, self.seat.agent_id, conversation_id)
            self.unseen.discard(conversation_id)
            self.written.discard(conversation_id)

    async def _find_out_whether_seen(self, seat: Seat, conversation_id: str) -> None:
        """Asked again with each sign of life: who joins, or wrote, is seen from then on."""
        hides = policy.hides_supervisors() and conversation_id not in self.written
        unseen = hides and await in_thread(policy.is_unseen, seat.agent_id, conversation_id)
        (self.unseen.add if unseen else self.unseen.discard)(conversation_id)

    def _show(self, seat: Seat, conversation_id: str, state: str) -> None:
        """Tell colleagues what this screen does; whoever watches unseen is seen once they write."""
        if state in table.WRITING_STATES:
            self.written.add(conversation_id)
            self.unseen.discard(conversation_id)
        if conversation_id in self.unseen:
            table.gone(self.screen, seat.agent_id, conversation_id)
        else:
            table.show(self.screen, seat.agent_id, conversation_id, state)

    def _typing(self, seat: Seat, conversation_id: str, frame: dict[str, Any]) -> None:
        writes = frame.get("mode") if frame.get("typing", True) else None
        state = writes if writes in table.WRITING_STATES else "viewing"
        self._show(seat, conversation_id, state)
        feed = self.watched[conversation_id]
        name = policy.name_for_customers(feed.inbox_id, seat.public_name)
        if writes not in ("field", "note") and name is not None:
            hub.announce(
                AgentTypingToCustomer(
                    conversation_id=conversation_id,
                    public_name=name,
                    typing=writes == "reply",
                )
            )

    def heartbeat(self) -> dict[str, Any]:
        return {
            "type": "head",
            "heads": {key: feed.head for key, feed in self.watched.items() if feed.head >= 0},
        }

    def closed(self) -> None:
        super().closed()
        if self.seat is None:
            return
        for conversation_id in list(self.watched):
            self._unwatch(conversation_id)
        self._forget_rows()
        if self.end_of_grant:
            self.end_of_grant.cancel()
        screens.discard(self)

    # --- rights ---

    async def seat_renewed(self, old: Seat, seat: Seat) -> None:
        """Blank what is not theirs any more."""
        self.seat, self.language = seat, seat.language
        self._await_end_of_grant()
        seen = await in_thread(visible_among, seat.agent_id, set(self.watched))
        for conversation_id in set(self.watched) - seen:
            self.lose(conversation_id)
        if self.rows:
            await self._show_rows(seat, list(self.rows))
        if (seat.sight, seat.grants) != (old.sight, old.grants):
            self.tell(type="access", lists=True)
        if (seat.version, seat.grants) != (old.version, old.grants):
            await customers.rights_changed(seat)
        attending.renew_soon(seat.agent_id)  # signing out elsewhere said that nobody is there
        notices.rights_changed(seat.agent_id)

    def lose(self, conversation_id: str) -> None:
        """Blank a conversation that may not be seen any more."""
        shown = conversation_id in self.watched or conversation_id in self.rows
        self._unwatch(conversation_id)
        if conversation_id in self.rows:
            self.rows.discard(conversation_id)
            _forget(_listing, conversation_id, self)
        if shown:
            self.tell(type="access", conversation=conversation_id, allowed=False)

    def _await_end_of_grant(self) -> None:
        """Ask anew the moment an exception ends; the tick would find it a second later."""
        if self.end_of_grant:
            self.end_of_grant.cancel()
            self.end_of_grant = None
        if self.seat and self.seat.ends is not None:
            pause = max(0.0, min(self.seat.ends - time.monotonic(), A_DAY)) + 0.02
            loop = asyncio.get_running_loop()
            self.end_of_grant = loop.call_later(pause, lambda: spawn(self.check_seat()))


def _forget(
    told: dict[str, set[WorkspaceConsumer]], conversation_id: str, socket: WorkspaceConsumer
) -> None:
    others = told.get(conversation_id, set())
    others.discard(socket)
    if not others:
        told.pop(conversation_id, None)


def _sockets() -> list[WorkspaceConsumer]:
    return [screen for screen in screens if isinstance(screen, WorkspaceConsumer)]


def _conversation_of(value: Any) -> str:
    """A conversation's id in its usual spelling; '' for anything that is not an id."""
    if not isinstance(value, str) or len(value) != 36:
        return ""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return ""


@table.on_change
def tell_people(conversation_id: str, only: WorkspaceConsumer | None = None) -> None:
    """Tell who has it open or in their list who is on a conversation, and what they do."""
    if only:
        told = {only}
    else:
        told = _watching.get(conversation_id, set()) | _listing.get(conversation_id, set())
    if not told:
        return
    found = table.people(conversation_id)
    unknown = [agent_id for agent_id in found if agent_id not in lists.names]
    if unknown:
        lists.learn_names(unknown, lambda: tell_people(conversation_id, only))
        return
    text = dump(
        {
            "type": "presence",
            "conversation": conversation_id,
            "agents": [
                {
                    "id": agent_id,
                    "name": lists.names[agent_id][0],
                    "colour": lists.names[agent_id][1],
                    "state": state,
                }
                for agent_id, state in sorted(found.items())
            ],
        }
    )
    frame = Frame(text)
    for screen in told:
        screen.push(frame)


@hub.hears(CustomerTyping)
def show_typing(event: CustomerTyping) -> None:
    feed = feeds.feeds.get(event.conversation_id)
    for watcher in list(feed.watchers.values()) if feed else ():
        if not watcher.public:
            watcher.screen.tell(
                type="typing",
                conversation=event.conversation_id,
                author={"kind": "customer"},
                typing=event.typing,
                # Half a number cannot be recognised: who does not read clearly reads none of it.
                text=event.text if watcher.reading.clear else "",
            )


@hub.hears(CustomerHasRead)
def show_seen(event: CustomerHasRead) -> None:
    """The customer has our replies up to this public number before their eyes."""
    feed = feeds.feeds.get(event.conversation_id)
    for watcher in list(feed.watchers.values()) if feed else ():
        if not watcher.public:
            watcher.screen.tell(
                type="seen", conversation=event.conversation_id, public_seq=event.public_seq
            )


@hub.hears(ReadMarkMoved)
def show_read(event: ReadMarkMoved) -> None:
    """Read on one device is read on all."""
    for socket in list(screens):
        if socket.seat and socket.seat.agent_id == event.agent_id:
            socket.tell(
                type="read",
                conversation=event.conversation_id,
                messages=event.messages,
                back=event.back,
            )


@feeds.guard
async def refuse_unseen(conversation_id: str, watching: list[feeds.Screen]) -> set[feeds.Screen]:
    """Those who may not see a conversation any more. Asked of the database for agents alone who
    see a part of its inbox or were given an exception."""
    feed = feeds.feeds.get(conversation_id)
    inbox = feed.inbox_id if feed else 0
    unsure = {
        screen: screen.seat.agent_id
        for screen in watching
        if isinstance(screen, WorkspaceConsumer)
        and screen.seat
        and inbox not in screen.seat.sight.all_of
    }
    seen = {
        agent_id: await in_thread(may_see, agent_id, conversation_id)
        for agent_id in set(unsure.values())
    }
    refused: set[feeds.Screen] = set()
    for screen, agent_id in unsure.items():
        if not seen[agent_id]:
            screen.lose(conversation_id)
            refused.add(screen)
    return refused


@hub.on_tick
async def believe_no_sleeper() -> None:
    """A machine that sleeps or lost its network leaves its socket half open: nobody looks there."""
    silent = time.monotonic() - SILENT
    for socket in _sockets():
        if socket.seat and socket.heard_at < silent:
            for conversation_id in socket.watched:
                table.fell_silent(socket.screen, socket.seat.agent_id, conversation_id)
