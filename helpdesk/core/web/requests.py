"""A request as we read it."""

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters


class Request(WSGIRequest):
    """One whose texts are UTF-8, as browsers write them, whatever its Content-Type claims.

    Django would take any of Python's codecs by name, for the address too: some do not decode text,
    and others make of it what cannot be stored.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            header = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):  # one that cannot be read
            header = "", {}
        self.content_type, self.content_params = header
