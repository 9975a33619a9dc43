import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation


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
