"""Settings: who reads sensitive data now, who waits to, who did; and ending it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from conversations.reveals import queries
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.acts.checks import require_duty
from permissions.acts.vocabulary import Duty


@agents_only
@require_GET
def access(request: AgentRequest) -> HttpResponse:
    """The page, or (for htmx, every few seconds) its tables."""
    require_duty(request.user, Duty.ACCESS)
    context = {
        "live": queries.live_now(),
        "waiting": queries.all_waiting(),
        "past": queries.lately(),
        "entitled": queries.entitled(),
    }
    part = request.headers.get("HX-Request")
    name = "partials/access.html" if part else "access.html"
    return render(request, f"collaboration/context/{name}", context)
