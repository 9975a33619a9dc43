"""Suggestions over HTTP: drawn for screens, JSON for programs; acts answer JSON."""

import uuid
from collections.abc import Callable

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from collaboration.suggestions import commands, queries
from collaboration.suggestions.models import Suggestion
from conversations.threads.forms import read_uuid
from conversations.threads.models import MAX_BODY
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text
from helpdesk.core.web.negotiation import read_input, read_number, wants_json
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.approvals.doors import read_words

PARTIALS = "collaboration/suggestions/partials"


@agents_only
@require_GET
def strip(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """What waits beside where one writes."""
    found = queries.find(request.user, pk)
    shown = queries.waiting(request.user, found)
    may_answer = queries.may_answer(request.user, found)
    if wants_json(request):
        told = [queries.suggestion_json(one) for one in shown]
        return JsonResponse({"suggestions": told, "may_answer": may_answer})
    context = {"shown": shown, "may_answer": may_answer}
    return render(request, f"{PARTIALS}/strip.html", context)


@agents_only
@require_GET
def own(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """What the agent proposed here, and what became of it."""
    shown = queries.own(request.user, queries.find(request.user, pk))
    if wants_json(request):
        return JsonResponse({"suggestions": [queries.suggestion_json(one) for one in shown]})
    return render(request, f"{PARTIALS}/own.html", {"shown": shown})


@agents_only
@require_GET
def sent(request: AgentRequest) -> HttpResponse:
    """Replies sent before, found by all words of `q`; `before` is the number to go on from."""
    text = request.GET.get("q", "").replace("\0", "")[:80]
    before = read_number(request.GET.get("before"), most=2**63 - 1)
    page = queries.sent_replies(request.user, text, before)
    if wants_json(request):
        found = [queries.sent_json(entry) for entry in page.found]
        return JsonResponse({"replies": found, "next": page.next})
    return render(request, f"{PARTIALS}/sent.html", {"page": page})


@agents_only
@require_POST
def suggest(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """201 with the suggestion, or 200 if it was there."""
    data = read_input(request)
    text = clean_text(data.get("text"), limit=MAX_BODY).strip()
    if not text:
        raise Invalid(_("Write something first."))
    one, made = commands.suggest(
        agent=request.user, conversation=pk, text=text, client_id=read_uuid(data.get("client_id"))
    )
    return JsonResponse(queries.suggestion_json(one), status=201 if made else 200)


@agents_only
@require_POST
def use(request: AgentRequest, pk: uuid.UUID, suggestion: int) -> HttpResponse:
    """The text as its author wrote it: who answers has to know what they send."""
    return _settled(commands.use_suggestion, request, pk, suggestion)


@agents_only
@require_POST
def decline(request: AgentRequest, pk: uuid.UUID, suggestion: int) -> HttpResponse:
    answer = read_words(read_input(request).get("answer"))
    return _settled(commands.decline_suggestion, request, pk, suggestion, answer=answer)


@agents_only
@require_POST
def withdraw(request: AgentRequest, pk: uuid.UUID, suggestion: int) -> HttpResponse:
    return _settled(commands.withdraw_suggestion, request, pk, suggestion)


def _settled(
    command: Callable[..., Suggestion],
    request: AgentRequest,
    pk: uuid.UUID,
    suggestion: int,
    **extra: str,
) -> HttpResponse:
    one = command(agent=request.user, conversation=pk, suggestion=suggestion, **extra)
    return JsonResponse(queries.suggestion_json(one))
