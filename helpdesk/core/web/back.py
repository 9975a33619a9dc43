"""The way back to the page a form was sent from."""

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme


def redirect_back(request: HttpRequest, *, otherwise: str) -> HttpResponseRedirect:
    """To the form's `next` where that is an address of ours, else to the page `otherwise` names."""
    back = request.POST.get("next", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    # Not `redirect`: it takes words for names of pages, and fails where there is no such page.
    return HttpResponseRedirect(back if is_ours else resolve_url(otherwise))
