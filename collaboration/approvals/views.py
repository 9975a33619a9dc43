"""Requests for approvals: what waits for oneself, what one asked for, what was decided."""

import uuid
from typing import Any

from django.http import FileResponse, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from collaboration.approvals import queries
from conversations.threads.models import Conversation, File
from conversations.threads.serving import file_response
from helpdesk.core.refusals import NotFound
from helpdesk.core.web.negotiation import read_input, read_number, wants_json
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.approvals import commands
from permissions.approvals.doors import read_words

EDIT = "edit_"  # what an approver wrote anew: edit_<field>


@agents_only
@require_GET
def waiting(request: AgentRequest) -> HttpResponse:
    shown = queries.queue(request.user)
    if wants_json(request):
        found = [queries.approval_json(one.approval) for one in shown]
        return JsonResponse({"waiting": found, "count": queries.waiting_count(request.user)})
    return _page(request, "waiting", {"shown": shown})


@agents_only
@require_GET
def own(request: AgentRequest) -> HttpResponse:
    return _page(request, "own", _read(request, queries.own))


@agents_only
@require_GET
def decided(request: AgentRequest) -> HttpResponse:
    return _page(request, "decided", _read(request, queries.decided))


def _read(request: AgentRequest, read: Any) -> dict[str, Any]:
    page = read(request.user, request.GET.get("before", ""))
    return {"shown": page.shown, "next": page.next}


def _page(request: AgentRequest, at: str, context: dict[str, Any]) -> HttpResponse:
    part = "collaboration/approvals/partials/list.html"
    template = part if request.headers.get("HX-Request") else "collaboration/approvals/page.html"
    return render(request, template, {"at": at, "with_context": at == "waiting", **context})


@agents_only
@require_GET
def in_conversation(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """What waits in an open conversation, above where one writes."""
    conversation = Conversation.objects.visible_to(request.user).filter(pk=pk).first()
    if conversation is None:
        raise NotFound
    context = {"shown": queries.in_conversation(request.user, conversation)}
    return render(request, "collaboration/approvals/partials/list.html", context)


@agents_only
@require_POST
def approve(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    data = read_input(request)
    changes = {key.removeprefix(EDIT): part for key, part in data.items() if key.startswith(EDIT)}
    seen = data.get("seen")
    commands.approve(
        agent=request.user,
        approval=pk,
        answer=read_words(data.get("answer")),
        changes=changes,
        seen=None if seen in (None, "") else read_number(seen),
    )
    return _drawn(request, pk, data)


@agents_only
@require_POST
def reject(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    data = read_input(request)
    commands.reject(agent=request.user, approval=pk, answer=read_words(data.get("answer")))
    return _drawn(request, pk, data)


@agents_only
@require_POST
def withdraw(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    commands.withdraw(agent=request.user, approval=pk)
    return _drawn(request, pk, read_input(request))


@agents_only
@require_POST
def note(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Who asked has read the outcome."""
    commands.note_outcome(agent=request.user, approval=pk)
    return HttpResponse() if request.headers.get("HX-Request") else redirect("approvals:own")


def _drawn(request: AgentRequest, pk: uuid.UUID, data: dict[str, Any]) -> HttpResponse:
    if wants_json(request) or request.content_type == "application/json":
        return JsonResponse(queries.approval_json(queries.find(request.user, pk)))
    if not request.headers.get("HX-Request"):
        return redirect("approvals:waiting")
    with_context = bool(data.get("with_context"))
    context = {
        "one": queries.one(request.user, pk, context=with_context),
        "with_context": with_context,
    }
    return render(request, "collaboration/approvals/partials/request.html", context)


@agents_only
@require_GET
def file(request: AgentRequest, pk: uuid.UUID, file_id: uuid.UUID) -> FileResponse:
    """A file of a reply that waits: its approvers look at it before they decide."""
    asked = queries.find(request.user, pk)
    if str(file_id) not in asked.proposal.get("files", []):
        raise NotFound
    return file_response(get_object_or_404(File, pk=file_id, entry=None, agent=asked.requester_id))
