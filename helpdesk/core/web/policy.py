"""The Content-Security-Policy of every answer."""

from functools import cached_property

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

_OWN = {f"_csp_{what}" for what in ("exempt", "config", "update", "replace")}


class PolicyMiddleware(CSPMiddleware):
    """django-csp's, with what it says of most answers written once: an answer that has no policy
    of its own, to a request that asked for no nonce."""

    @cached_property
    def usual(self) -> str:
        return build_policy()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if (
            getattr(request, "_csp_nonce", None)
            or settings.DEBUG
            or not _OWN.isdisjoint(vars(response))
        ):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.usual)
        too_late = CheckableLazyObject(self._csp_nonce_post_response)
        request.csp_nonce = too_late  # type: ignore[attr-defined]
        return response
