"""The customer's window on their conversation."""

import asyncio
from collections import Counter
from typing import Any

from django.conf import settings

from conversations.intake.events import AgentTypingToCustomer, CustomerTyping
from conversations.intake.models import CustomerSession
from conversations.intake.sessions import find_session, known_language
from conversations.threads import feeds
from helpdesk.core.live import hub
from helpdesk.core.live.sockets import (
    NOT_SIGNED_IN,
    TOO_MANY,
    Socket,
)
from helpdesk.core.live.threads import in_thread

PATIENCE = 10.0  # seconds until the first frame must have said who this is

_per_session: Counter[int] = Counter()
_by_conversation: dict[str, set["ChatConsumer"]] = {}


class ChatConsumer(Socket):
    """First frame up: who it is. Then entries, heads and typing down, and typing up."""

    session: CustomerSession | None = None
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
                hub.announce(
                    CustomerTyping(
                        conversation_id=self.conversation_id,
                        typing=bool(frame.get("typing", True)),
                    )
                )
            case "head":  # a screen that asks whether it is up to date
                self.tell(**self.heartbeat())
            case _:
                self.tell(type="error", code="unknown_type")

    async def _sign_in(self, frame: dict[str, Any]) -> None:
        session = await in_thread(find_session, frame.get("token"), self.key)
        if session is None:
            return self.end(NOT_SIGNED_IN)
        if _per_session[session.pk] >= settings.LIMITS["sockets per customer"][0]:
            return self.end(TOO_MANY)
        if self.ended:
            return
        if self._deadline:
            self._deadline.cancel()
        _per_session[session.pk] += 1
        self.session = session
        self.language = known_language(frame.get("language")) or session.customer.language or "en"
        self.conversation_id = str(session.conversation_id)
        _by_conversation.setdefault(self.conversation_id, set()).add(self)
        after = frame.get("after")
        self.feed = feeds.watch(
            self.conversation_id,
            self,
            public=True,
            after=after if isinstance(after, int) and after >= 0 else None,
        )

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
        feeds.unwatch(self.conversation_id, self)
        _per_session[self.session.pk] -= 1
        if not _per_session[self.session.pk]:
            del _per_session[self.session.pk]
        sockets = _by_conversation.get(self.conversation_id, set())
        sockets.discard(self)
        if not sockets:
            _by_conversation.pop(self.conversation_id, None)


@hub.hears(AgentTypingToCustomer)
def show_typing(event: AgentTypingToCustomer) -> None:
    for socket in _by_conversation.get(event.conversation_id, ()):
        socket.tell(
            type="typing",
            conversation=event.conversation_id,
            author={"kind": "agent", "name": event.public_name},
            typing=event.typing,
        )
