"""What surrounds every request: where it comes from, how a refusal looks, what an outage says."""

import logging
import random
from collections.abc import Callable

import psycopg
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from helpdesk.core.context import Origin, origin
from helpdesk.core.refusals import Refusal
from helpdesk.core.web.addresses import client_address
from helpdesk.core.web.negotiation import wants_json

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestContextMiddleware:
    """Gives each request an id and an address, and keeps answers out of shared caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = client_address(
            request.META.get("REMOTE_ADDR"), request.META.get("HTTP_X_REAL_IP", "")
        )
        token = origin.set(Origin(f"{random.getrandbits(64):016x}", address))
        try:
            response = self.get_response(request)
        finally:
            origin.reset(token)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        response.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"
        )
        return response


class RefusalMiddleware:
    """A command's refusal becomes JSON for a program, a toast for htmx, a page for a person."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return refusal_response(request, error) if isinstance(error, Refusal) else None


def refusal_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    sentence = str(refusal.sentence)
    response: HttpResponse
    if wants_json(request) or request.content_type == "application/json":
        body = {"error": refusal.code, "detail": sentence, **refusal.facts}
        response = JsonResponse(body, status=refusal.status)
    elif getattr(request, "htmx", False):
        response = render(
            request,
            "core/partials/toast.html",
            {"sentence": sentence},
            status=refusal.status,
        )
        response["HX-Retarget"], response["HX-Reswap"] = "#toasts", "beforeend"
    else:
        response = render(
            request,
            "core/refusal.html",
            {"sentence": sentence, "status": refusal.status},
            status=refusal.status,
        )
    if "retry_after" in refusal.facts:
        response["Retry-After"] = str(refusal.facts["retry_after"])
    return response


# The driver's own as well: what is read of a connection beside Django's cursors wraps nothing.
OUT_OF_REACH = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)


class UnavailableMiddleware:
    """A database that is away for a moment is a 503 with Retry-After, not a 500.

    Nothing was committed (or nobody knows), and every act may be sent again with the same
    client_id. What fails in another middleware ends in handler500, which answers the same.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return unavailable(request, error) if isinstance(error, OUT_OF_REACH) else None


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    logger.warning("The database is out of reach: %s", str(error).splitlines()[:1])
    sentence = _("The service is restarting. Please try again in a moment.")
    response: HttpResponse
    if wants_json(request) or request.content_type == "application/json":
        response = JsonResponse({"error": "unavailable", "detail": sentence}, status=503)
    else:  # plain on purpose: a template could ask the database
        response = HttpResponse(sentence, status=503, content_type="text/plain; charset=utf-8")
    response["Retry-After"] = "1"
    return response
