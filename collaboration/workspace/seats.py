"""A seat: who sits before a socket and what they may see, never older than a tick.

Sockets do not keep a user object and believe it. A change of rights raises the agent's version and
is told as an event; a look into PostgreSQL every second or two finds it even if nobody was told.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Count, F, Min
from django.db.models.functions import Now
from django.http import parse_cookie
from django.utils.translation import get_language_from_request

from conversations.grants.models import Grant
from conversations.grants.sight import Sight, sight_of
from conversations.threads.models import Conversation
from permissions.accounts.models import Agent
from permissions.accounts.session_store import SessionStore, agent_of
from permissions.accounts.sessions import DUE


@dataclass(frozen=True, slots=True)
class Seat:
    agent_id: int
    name: str
    public_name: str
    colour: int
    language: str
    version: int
    session_key: str
    sight: Sight  # what of the conversations may be seen
    grants: int  # how many exceptions hold
    ends: float | None  # when the first of them ends, by this process's monotonic clock


def take_seat(session_key: str, browser_language: str) -> Seat | None:
    """The seat of a signed-in session; None when it is over or its agent may not enter."""
    store = SessionStore(session_key)
    agent = agent_of(store)
    if agent is None or store.get(DUE):
        return None
    sight = sight_of(agent)
    grants, ends = _exceptions(agent) if sight.exceptions else (0, None)
    return Seat(
        agent_id=agent.pk,
        name=str(agent),
        public_name=agent.shown_name,
        colour=agent.colour,
        language=agent.language or browser_language,
        version=agent.authz_version,
        session_key=session_key,
        sight=sight,
        grants=grants,
        ends=ends,
    )


def _exceptions(agent: Agent) -> tuple[int, float | None]:
    """How many hold, and when the first ends: measured by the database, kept by our clock."""
    live = Grant.objects.live().filter(agent=agent)
    found = live.aggregate(held=Count("pk"), left=Min(F("expires_at") - Now()))
    left = found["left"]
    return found["held"], None if left is None else time.monotonic() + left.total_seconds()


def session_key_of(headers: dict[bytes, bytes]) -> str:
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    return SessionStore(cookies.get(settings.SESSION_COOKIE_NAME)).session_key or ""


def language_of(headers: dict[bytes, bytes]) -> str:
    """The browser's language among ours, chosen as Django does for pages."""

    class Asked:
        COOKIES = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        META = {"HTTP_ACCEPT_LANGUAGE": headers.get(b"accept-language", b"").decode("latin-1")}

    return get_language_from_request(Asked())  # type: ignore[arg-type]


def visible_among(agent_id: int, conversation_ids: Collection[str]) -> set[str]:
    """Which of these the agent may see: by the same predicate as the page."""
    agent = Agent.objects.filter(pk=agent_id).first()
    if agent is None or not conversation_ids:
        return set()
    found = Conversation.objects.visible_to(agent).filter(pk__in=conversation_ids)
    return {str(pk) for pk in found.values_list("pk", flat=True)}


def may_see(agent_id: int, conversation_id: str) -> bool:
    return conversation_id in visible_among(agent_id, [conversation_id])


def still_valid(seats: list[Seat]) -> set[Seat]:
    """Those seats whose session lives and whose rights are unchanged: two queries for all, and
    one more if any of their agents were given exceptions."""
    versions = dict(
        Agent.objects.filter(pk__in={seat.agent_id for seat in seats}, is_active=True).values_list(
            "pk", "authz_version"
        )
    )
    sessions = set(
        Session.objects.filter(
            session_key__in={seat.session_key for seat in seats}, expire_date__gt=Now()
        ).values_list("session_key", flat=True)
    )
    excepted = {seat.agent_id for seat in seats if seat.grants}
    grants = dict(
        Grant.objects.live()
        .filter(agent__in=excepted)
        .values_list("agent")
        .annotate(held=Count("pk"))
        if excepted
        else ()
    )
    return {
        seat
        for seat in seats
        if versions.get(seat.agent_id) == seat.version
        and seat.session_key in sessions
        and grants.get(seat.agent_id, 0) == seat.grants
    }
