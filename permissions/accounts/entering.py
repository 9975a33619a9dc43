"""The last steps of a sign-in: after the password, perhaps a code, then the session."""

import time
from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone

from permissions.accounts.models import Agent
from permissions.accounts.security import Security
from permissions.accounts.session_commands import keep_sign_in, must_set_up
from permissions.accounts.sessions import DUE, MARK
from permissions.policies.rules import current

BACKEND = "permissions.accounts.backends.AgentBackend"
WAITING = "waits_for_code"  # in the session of somebody whose password was right
PATIENCE = 300  # seconds from the password to the code


def ask_second_factor(request: HttpRequest, agent: Agent, to: str) -> None:
    """Remember whose password was right. Nobody is signed in by it."""
    request.session.flush()
    request.session[WAITING] = {"agent": agent.pk, "to": to, "at": time.time()}
    request.session.set_expiry(PATIENCE)


def waiting(request: HttpRequest) -> tuple[Agent, str] | None:
    """Who has to show a code now, and where they want to go."""
    found: dict[str, Any] | None = request.session.get(WAITING)
    if not found or time.time() - found["at"] > PATIENCE:
        return None
    agent = Agent.objects.filter(pk=found["agent"], is_active=True).first()
    return (agent, found["to"]) if agent else None


def enter(
    request: HttpRequest, agent: Agent, to: str, *, second_factor: bool = False
) -> HttpResponse:
    """Sign in. A sign-in that cannot be recorded does not happen."""
    login(request, agent, backend=BACKEND)
    request.session.pop(WAITING, None)
    limited = must_set_up(agent)
    try:
        kept = keep_sign_in(
            agent=agent,
            session_key=request.session.session_key or "",
            device=request.headers.get("User-Agent", ""),
            limited=limited,
            second_factor=second_factor,
        )
    except BaseException:
        request.session.flush()
        raise
    request.session[MARK] = kept.pk
    request.session.set_expiry(timezone.now() + current(Security).length)
    if limited:
        request.session[DUE] = True
        return redirect("accounts:second-factor")
    return HttpResponseRedirect(to)
