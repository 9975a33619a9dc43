"""Who a customer's request comes from: the token in its Authorization header."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from conversations.inboxes.models import Inbox
from conversations.intake.models import CustomerSession, token_hash
from helpdesk.core.refusals import Unauthorized


def find_session(token: object, inbox_key: str) -> CustomerSession | None:
    """The living session behind a token, for this inbox only."""
    if not isinstance(token, str) or not 20 <= len(token) <= 100:
        return None
    return (
        CustomerSession.alive().filter(token_hash=token_hash(token), inbox__key=inbox_key).first()
    )


def session_of(request: HttpRequest, inbox_key: str) -> CustomerSession | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return find_session(token.strip(), inbox_key) if scheme.lower() == "bearer" else None


def language_of(request: HttpRequest) -> str:
    """The page's language, which the chat passes along, else the browser's."""
    asked = request.GET.get("lang", "").lower()
    return known_language(asked) or translation.get_language() or "en"


def known_language(code: object) -> str:
    """One of our languages for a browser's code; '' for none."""
    if not isinstance(code, str):
        return ""
    code = code.lower()
    if code.startswith("zh"):
        return "zh-hans"
    return "en" if code.startswith("en") else ""


def customer_view(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view for the holder of a session's token; others get 401.

    The token travels in a header that no foreign page can make a browser send, so there is no
    cookie to forge a request with and no CSRF token to ask for.
    """

    @csrf_exempt
    @wraps(view)
    def checked(request: HttpRequest, key: str, **kwargs: Any) -> HttpResponseBase:
        get_object_or_404(Inbox, key=key, is_active=True)
        session = session_of(request, key)
        if session is None:
            raise Unauthorized
        return view(request, session=session, **kwargs)

    return checked
