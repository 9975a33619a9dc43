"""Pages for what went wrong. A server error asks nothing of the database."""

from django.http import HttpRequest, HttpResponse

from helpdesk.core.refusals import NotAllowed, NotFound
from helpdesk.core.web.middleware import refusal_response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal_response(request, NotFound())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal_response(request, NotAllowed())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    from django.utils.translation import gettext as _

    return refusal_response(
        request,
        NotAllowed(_("This page was open for too long. Reload it and try again.")),
    )
