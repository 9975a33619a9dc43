from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from helpdesk.core.context import origin
from helpdesk.core.refusals import NotAllowed
from helpdesk.core.web.middleware import refusal_response
from helpdesk.core.web.negotiation import wants_json
from permissions.accounts import sessions
from permissions.accounts.security import Security
from permissions.policies.rules import current

OPEN = ("/profile/second-factor/", "/logout/", "/language/", "/jsi18n/", "/appearance/")


class SignInMiddleware:
    """Ends sign-ins that the rules end, and lets nobody past a second factor that is due."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        session, address = request.session, origin.get().address
        key = session.session_key or ""
        if sessions.MARK in session and sessions.due(key, address):
            used = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
            if not sessions.look(key, address, used=used, rules=current(Security)):
                session.flush()
                request.user = AnonymousUser()
        if session.get(sessions.DUE) and not request.path.startswith(OPEN):
            if request.method != "GET" or wants_json(request) or getattr(request, "htmx", False):
                return refusal_response(request, NotAllowed(_("Set up your second factor first.")))
            return redirect("accounts:second-factor")
        return self.get_response(request)
