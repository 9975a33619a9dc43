import zoneinfo
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from permissions.accounts.session_store import SessionStore, agent_of


class AgentMiddleware(AuthenticationMiddleware):
    """Whoever is signed in, as read with their session; where that is nobody, as Django asks."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            request.user = agent_of(cast(SessionStore, request.session)) or request.user


class AgentLocaleMiddleware:
    """A signed-in agent's own language and time zone go before the browser's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.languages = {code for code, _ in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        agent = request.user
        if not agent.is_authenticated:
            return self.get_response(request)
        if agent.language in self.languages:
            translation.activate(agent.language)
            request.LANGUAGE_CODE = agent.language
        if not agent.time_zone:
            return self.get_response(request)
        try:
            zone = zoneinfo.ZoneInfo(agent.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)
