from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from permissions.policies.rules import read_once


class RulesMiddleware:
    """A page is drawn by the same rules from its head to its foot; acts always ask anew."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        with read_once():
            return self.get_response(request)
