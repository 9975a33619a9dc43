"""Pages for what went wrong. A server error asks nothing of the database."""

import sys

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from helpdesk.core.refusals import Invalid, NotAllowed, NotFound, Refusal
from helpdesk.core.web.middleware import OUT_OF_REACH, refusal_response, unavailable


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django cannot read: too many fields, another host, a broken form."""
    return refusal_response(request, Refusal(Invalid.sentence))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal_response(request, NotFound())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal_response(request, NotAllowed())


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug is a 500; a middleware that did not reach the database is no bug."""
    error = sys.exc_info()[1]
    if isinstance(error, OUT_OF_REACH):
        return unavailable(request, error)
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    from django.utils.translation import gettext as _

    return refusal_response(
        request,
        NotAllowed(_("This page was open for too long. Reload it and try again.")),
    )
