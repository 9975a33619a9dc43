"""The parts of the panel that are read on demand: the customer's past, older notes and files."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from collaboration.context import queries
from helpdesk.core.refusals import Invalid
from helpdesk.core.web.negotiation import read_number
from permissions.accounts.doors import AgentRequest, agents_only

PARTIALS = "collaboration/workspace/partials/"


@agents_only
@require_GET
def timeline(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """The customer's other conversations, before a key."""
    conversation = queries.seen(request.user, pk)
    page = queries.past(request.user, conversation, request.GET.get("before", ""))
    context = {"conversation": conversation, "page": page}
    return render(request, PARTIALS + "panel_past.html", context)


@agents_only
@require_GET
def said(request: AgentRequest, pk: uuid.UUID, past: uuid.UUID) -> HttpResponse:
    """What was said and done in one of them, after a number."""
    conversation = queries.seen(request.user, pk)
    after = read_number(request.GET.get("after"))
    page = queries.said(request.user, conversation, past, after)
    context = {"conversation": conversation, "past": past, "page": page}
    return render(request, PARTIALS + "panel_said.html", context)


@agents_only
@require_GET
def notes(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    conversation = queries.seen(request.user, pk)
    page = queries.notes(request.user, conversation, read_number(request.GET.get("before")))
    context = {"conversation": conversation, "page": page}
    return render(request, PARTIALS + "panel_notes.html", context)


@agents_only
@require_GET
def files(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    conversation = queries.seen(request.user, pk)
    page = queries.files(request.user, conversation, _read_id(request.GET.get("before", "")))
    context = {"conversation": conversation, "page": page}
    return render(request, PARTIALS + "panel_files.html", context)


def _read_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise Invalid from None
