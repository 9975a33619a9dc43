"""The customer's window on their conversation."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from typing import Any

from django.conf import settings

from conversations.intake.events import AgentTypingToCustomer, CustomerTyping, SessionsMoved
from conversations.intake.models import CustomerSession
from conversations.intake.queries import own_id
from conversations.intake.sessions import find_session, known_language
from conversations.threads import feeds
from conversations.threads.events import TeamHasRead
from conversations.threads.forms import read_uuid
from conversations.threads.models import Conversation
from helpdesk.core.live import hub
from helpdesk.core.live.sockets import (
    NOT_SIGNED_IN,
    TOO_MANY,
    Socket,
)
from helpdesk.core.live.threads import in_thread
from helpdesk.core.refusals import Invalid, NotFound
from helpdesk.core.text import clean_text

LOOK = 10.0  # seconds between two looks at what was read
MOST_SHOWN = 500  # characters of what is being typed
PATIENCE = 10.0  # seconds until the first frame must have said who this is

_per_session: Counter[int] = Counter()
_by_conversation: dict[str, set["ChatConsumer"]] = {}


class ChatConsumer(Socket):
    """First frame up: who it is. Then entries, heads and typing down, and typing up."""

    session: CustomerSession | None = None
    told_read = 0  # the last public number of theirs that the team has read, as far as told
    _deadline: asyncio.TimerHandle | None = None

    async def opened(self) -> None:
        await self.accept()
        self.key = self.scope["url_route"]["kwargs"]["key"]
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(PATIENCE, self.end, NOT_SIGNED_IN)

    async def received(self, frame: dict[str, Any]) -> None:
        match frame.get("type"):
            case "auth" if self.session is None:
                await self._sign_in(frame)
            case _ if self.session is None:
                self.end(NOT_SIGNED_IN)
            case "typing":
                self._typing(bool(frame.get("typing", True)), frame.get("text"))
            case "head":  # a screen that asks whether it is up to date
                self.tell(**self.heartbeat())
            case _:
                self.tell(type="error", code="unknown_type")

    async def _sign_in(self, frame: dict[str, Any]) -> None:
        found = await in_thread(_find, frame.get("token"), self.key, frame.get("conversation"))
        if found is None:
            return self.end(NOT_SIGNED_IN)
        session, conversation_id = found
        if _per_session[session.pk] >= settings.LIMITS["sockets per customer"][0]:
            return self.end(TOO_MANY)
        if self.ended:
            return
        if self._deadline:
            self._deadline.cancel()
        _per_session[session.pk] += 1
        self.session = session
        self.language = known_language(frame.get("language")) or session.customer.language or "en"
        after = frame.get("after")
        self._watch(conversation_id, after if type(after) is int and after >= 0 else None)

    def _typing(self, typing: bool, text: object) -> None:
        """Tell the agents; of what is being typed the beginning, where the inbox allows it."""
        shown = ""
        if typing and isinstance(text, str) and self.session and self.session.inbox.shows_typing:
            with suppress(Invalid):
                shown = clean_text(text[:MOST_SHOWN], limit=MOST_SHOWN)
        hub.announce(
            CustomerTyping(conversation_id=self.conversation_id, typing=typing, text=shown)
        )

    def _watch(self, conversation_id: str, after: int | None) -> None:
        self.conversation_id = conversation_id
        _by_conversation.setdefault(conversation_id, set()).add(self)
        self.feed = feeds.watch(conversation_id, self, public=True, after=after)

    def _unwatch(self) -> None:
        feeds.unwatch(self.conversation_id, self)
        sockets = _by_conversation.get(self.conversation_id, set())
        sockets.discard(self)
        if not sockets:
            _by_conversation.pop(self.conversation_id, None)

    def move(self, conversation_id: str) -> None:
        """Go on in another conversation of this customer."""
        self._unwatch()
        self.tell(type="moved", conversation=conversation_id)
        self._watch(conversation_id, None)

    def heartbeat(self) -> dict[str, Any]:
        if self.session is None:
            return {"type": "head"}
        return {
            "type": "head",
            "conversation": self.conversation_id,
            "seq": max(0, self.feed.public_head),
        }

    def closed(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        if self.session is None:
            return
        self._unwatch()
        _per_session[self.session.pk] -= 1
        if not _per_session[self.session.pk]:
            del _per_session[self.session.pk]


def _find(token: object, key: str, asked: object) -> tuple[CustomerSession, str] | None:
    """The session and that conversation of its customer which the screen shows."""
    session = find_session(token, key)
    if session is None:
        return None
    conversation_id = session.conversation_id
    with suppress(Invalid, NotFound):
        conversation_id = own_id(session, read_uuid(asked))
    return session, str(conversation_id)


def _tell_read(conversation_id: str, seq: int) -> None:
    """The customer learns that their messages were read: not by whom, and of nothing else."""
    for socket in _by_conversation.get(conversation_id, ()):
        socket.told_read = max(seq, socket.told_read)
        socket.tell(type="read", conversation=conversation_id, seq=seq)


@hub.hears(TeamHasRead)
def show_read(event: TeamHasRead) -> None:
    _tell_read(event.conversation_id, event.public_seq)


_looked_at = 0.0


@hub.on_tick
async def look_for_read() -> None:
    """Every few seconds: what was read while Redis could not tell of it."""
    global _looked_at
    if not _by_conversation or time.monotonic() - _looked_at < LOOK:
        return
    _looked_at = time.monotonic()
    found = await in_thread(_read_numbers, list(_by_conversation))
    for conversation_id, read in found:
        if any(socket.told_read < read for socket in _by_conversation.get(conversation_id, ())):
            _tell_read(conversation_id, read)


def _read_numbers(ids: list[str]) -> list[tuple[str, int]]:
    found = Conversation.objects.filter(pk__in=ids, team_read__gt=0)
    return [(str(pk), read) for pk, read in found.values_list("pk", "team_read")]


@hub.hears(AgentTypingToCustomer)
def show_typing(event: AgentTypingToCustomer) -> None:
    for socket in _by_conversation.get(event.conversation_id, ()):
        socket.tell(
            type="typing",
            conversation=event.conversation_id,
            author={"kind": "agent", "name": event.public_name},
            typing=event.typing,
        )


@hub.hears(SessionsMoved)
def move_sessions(event: SessionsMoved) -> None:
    for socket in list(_by_conversation.get(event.conversation_id, ())):
        socket.move(event.into_id)
