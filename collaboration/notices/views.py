"""The bell, the settings of notices, and whom a note can mention."""

import uuid

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from collaboration.notices import commands, queries
from collaboration.notices.forms import LABELS, NoticeSettingsForm
from collaboration.notices.preferences import settings_of
from helpdesk.core.refusals import NotFound
from helpdesk.core.web.negotiation import read_input, read_number, wants_json
from permissions.accounts.doors import AgentRequest, agents_only


@agents_only
@require_GET
def notices(request: AgentRequest) -> HttpResponse:
    """One page: JSON for programs, the bell's panel for htmx, a page of its own for a person."""
    page = queries.page(request.user, cursor=request.GET.get("cursor", ""))
    if wants_json(request):
        shown = [queries.notice_json(notice) for notice in page.notices]
        return JsonResponse({"notices": shown, "unread": page.unread, "next": page.next or None})
    name = "list" if request.GET.get("cursor") else "panel"
    template = f"collaboration/notices/partials/{name}.html"
    if not request.headers.get("HX-Request"):
        template = "collaboration/notices/notices.html"
    return render(request, template, {"page": page})


def _done(request: AgentRequest) -> HttpResponse:
    if wants_json(request) or request.content_type == "application/json":
        return JsonResponse({"unread": queries.unread_count(request.user)})
    if request.headers.get("HX-Request"):
        page = queries.page(request.user)
        return render(request, "collaboration/notices/partials/panel.html", {"page": page})
    return redirect("notices:notices")


@agents_only
@require_POST
def read(request: AgentRequest, notice_id: int) -> HttpResponse:
    """For a screen the notice alone, drawn anew where it stands."""
    pk = min(notice_id, 2**63 - 1)
    commands.read_notice(agent=request.user, notice_id=pk)
    if not request.headers.get("HX-Request"):
        return _done(request)
    context = {"notice": queries.find(request.user, pk)}
    return render(request, "collaboration/notices/partials/notice.html", context)


@agents_only
@require_POST
def read_all(request: AgentRequest) -> HttpResponse:
    """All that were shown: `upto` is the id of the newest."""
    upto = read_number(read_input(request).get("upto"), most=2**63 - 1)
    commands.read_all(agent=request.user, upto=upto)
    return _done(request)


@agents_only
@require_http_methods(["GET", "POST"])
def settings(request: AgentRequest) -> HttpResponse:
    form = NoticeSettingsForm(request.POST or None, instance=settings_of(request.user))
    if request.method == "POST" and form.is_valid():
        commands.change_settings(agent=request.user, **form.chosen())
        return redirect("/settings/notices/?saved=1")
    context = {"form": form, "channels": LABELS.values(), "saved": "saved" in request.GET}
    status = 422 if request.method == "POST" else 200
    return render(request, "collaboration/notices/settings.html", context, status=status)


@agents_only
@require_GET
def mentionable(request: AgentRequest, pk: uuid.UUID) -> JsonResponse:
    """Whom a note on this conversation can mention: colleagues and teams who may see it."""
    found = queries.find_conversation(request.user, pk)
    if found is None:
        raise NotFound
    asked = request.GET.get("q", "").replace("\x00", "")[:80]
    sensitive = bool(request.GET.get("sensitive"))
    people = queries.mentionable(request.user, found, asked, sensitive=sensitive)
    return JsonResponse({"people": people})
