"""Light or dark: each browser's own choice, in a cookie, so that a page is never drawn twice."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from helpdesk.core.refusals import Invalid
from helpdesk.core.web.back import redirect_back

COOKIE = "theme"
THEMES = ("light", "dark")
LASTS = 365 * 86_400  # seconds


def theme_of(request: HttpRequest) -> str:
    """The theme that was chosen in this browser; '' follows the system."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else ""


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme and come back to the same page."""
    theme = request.POST.get("theme", "")
    if theme not in ("", *THEMES):
        raise Invalid
    response = redirect_back(request, otherwise="/")
    if theme:
        response.set_cookie(
            COOKIE,
            theme,
            max_age=LASTS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response
