"""JSON in, JSON out: the same act for a form, htmx and a program."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Invalid
from helpdesk.core.text import read_json, storable


def wants_json(request: HttpRequest) -> bool:
    """Whether the asker prefers JSON over a page."""
    accept = request.headers.get("Accept", "")
    if "application/json" not in accept:
        return False
    return "text/html" not in accept or accept.index("application/json") < accept.index("text/html")


def read_input(request: HttpRequest) -> dict[str, Any]:
    """The fields of a POST, whether it came as a form or as a JSON object. Raises Invalid."""
    if request.content_type != "application/json":
        return {
            key: storable(values if len(values) > 1 else values[0])
            for key, values in request.POST.lists()
            if key != "csrfmiddlewaretoken"
        }
    if not request.body:
        return {}
    try:
        data = read_json(request.body)
    except ValueError:
        raise Invalid(_("This is not valid JSON.")) from None
    if not isinstance(data, dict):
        raise Invalid(_("A JSON object is expected here."))
    return data


def read_number(value: Any, default: int = 0, *, most: int = 2**31 - 1) -> int:
    """A whole number from 0 to `most`. Raises Invalid for anything else."""
    if value in (None, ""):
        return default
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Invalid(_("A number is expected here."))
    try:
        number = int(str(value)[:20])
    except ValueError:
        raise Invalid(_("A number is expected here.")) from None
    if not 0 <= number <= most:
        raise Invalid(_("A number is expected here."))
    return number
