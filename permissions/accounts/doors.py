"""Doors that only signed-in agents pass."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase

from helpdesk.core.refusals import Unauthorized
from helpdesk.core.web.negotiation import wants_json
from permissions.accounts.models import Agent


class AgentRequest(HttpRequest):
    """A request whose user is known to be an agent: what a view behind `agents_only` gets."""

    user: Agent


def agents_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A signed-in agent; others are sent to the sign-in page, or told 401 if a program asks."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if wants_json(request) or request.method != "GET" or request.headers.get("HX-Request"):
            raise Unauthorized
        return login_required(view)(request, *args, **kwargs)

    return checked
