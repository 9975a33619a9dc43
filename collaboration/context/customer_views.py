"""A customer over HTTP: what is known of them, changed field by field, revealed for minutes."""

import uuid
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from collaboration.context import queries
from conversations.customers import commands
from conversations.customers import queries as customers
from conversations.customers.operations import proposal_of
from conversations.reveals import commands as reveals
from conversations.reveals.queries import OPERATION, waiting_for
from conversations.threads.forms import read_uuid
from helpdesk.core.ids import uuid7
from helpdesk.core.refusals import Conflict, Invalid
from helpdesk.core.text import clean_text, one_line
from helpdesk.core.web.negotiation import read_input, read_number, wants_json
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.approvals.commands import ask_for_approval
from permissions.approvals.gate import ApprovalNeeded
from permissions.approvals.models import Approval

PARTIALS = "collaboration/context/partials/"


def _context(request: AgentRequest, pk: uuid.UUID) -> dict[str, Any]:
    found = customers.find(request.user, pk)
    seen = customers.insight(request.user, found)
    return {
        "customer": found,
        "insight": seen,
        "fields": customers.shown(found, seen),
        "waiting": waiting_for(request.user, pk),
    }


@agents_only
@require_GET
def search(request: AgentRequest) -> HttpResponse:
    """The customers of whom a field says exactly this, among those the agent may see."""
    key, text = request.GET.get("field", "")[:40], request.GET.get("value", "")[:200]
    found = customers.with_value(request.user, key, text.replace("\0", ""))
    return JsonResponse({"customers": [{"id": str(one.pk), "name": str(one)} for one in found]})


@agents_only
@require_GET
def customer(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """All there is of a customer: fields, conversations, who saw or changed what."""
    context = _context(request, pk)
    found = context["customer"]
    if wants_json(request):
        return JsonResponse(customers.customer_json(found, context["insight"]))
    context["history"] = customers.history(found, context["insight"])
    context["page"] = queries.conversations_of(request.user, pk, request.GET.get("before", ""))
    if request.headers.get("HX-Request") and request.GET.get("before"):
        return render(request, PARTIALS + "conversations.html", context)
    return render(request, "collaboration/context/customer.html", context)


@agents_only
@require_GET
def facts(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """The fields alone: asked for when something of them changed or a reveal ended."""
    context = _context(request, pk)
    if wants_json(request):
        return JsonResponse(customers.customer_json(context["customer"], context["insight"]))
    return render(request, PARTIALS + "facts.html", context)


@agents_only
@require_GET
def history(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Who saw or changed what, when and why; of one `field`, or of all."""
    found = customers.find(request.user, pk)
    seen = customers.insight(request.user, found)
    key = request.GET.get("field", "")[:40].replace("\0", "")
    lines = customers.history(found, seen, key)
    if wants_json(request):
        return JsonResponse({"history": [line.json() for line in lines]})
    context = {"customer": found, "insight": seen, "history": lines, "key": key}
    return render(request, PARTIALS + "history.html", context)


# --- changing ------------------------------------------------------------------------------


@agents_only
@require_http_methods(["GET", "POST"])
def field(request: AgentRequest, pk: uuid.UUID, key: str) -> HttpResponse:
    """One field as it is shown, or (`edit`) as it is filled in; a POST sets it."""
    if request.method == "POST":
        return _change(request, pk, key)
    return _field(request, pk, key, editing="edit" in request.GET)


def _change(request: AgentRequest, pk: uuid.UUID, key: str) -> HttpResponse:
    data = read_input(request)
    text, version = data.get("value", ""), read_number(data.get("version"))
    try:
        commands.change_value(agent=request.user, customer=pk, key=key, text=text, version=version)
    except ApprovalNeeded:
        return _ask_to_change(request, pk, key, text, version, data)
    except (Conflict, Invalid) as refusal:
        if not request.headers.get("HX-Request"):
            raise
        typed = text if isinstance(text, str) else ""
        return _field(request, pk, key, editing=True, typed=typed, refusal=refusal)
    return _field(request, pk, key)


def _ask_to_change(
    request: AgentRequest,
    pk: uuid.UUID,
    key: str,
    text: Any,
    version: int,
    data: dict[str, Any],
) -> HttpResponse:
    """A rule wants somebody's yes: the change waits for it (202)."""
    client_id = data.get("client_id")
    asked = ask_for_approval(
        agent=request.user,
        operation=commands.CHANGE,
        proposal=proposal_of(pk, key, text, version),
        reason=one_line(clean_text(data.get("reason") or "", limit=2_000), limit=500),
        client_id=read_uuid(client_id) if client_id else uuid7(),
    )
    if not request.headers.get("HX-Request"):
        return JsonResponse({"approval": str(asked.pk), "state": asked.state}, status=202)
    return _field(request, pk, key)


def _field(
    request: AgentRequest,
    pk: uuid.UUID,
    key: str,
    *,
    editing: bool = False,
    typed: str | None = None,
    refusal: Conflict | Invalid | None = None,
) -> HttpResponse:
    found = customers.find(request.user, pk)
    seen = customers.insight(request.user, found)
    one = customers.shown_field(found, key, seen)
    if not request.headers.get("HX-Request"):
        return JsonResponse(one.json())
    context = {
        "customer": found,
        "insight": seen,
        "one": one,
        "typed": one.plain if typed is None else typed,
        "refusal": refusal,
        "is_conflict": isinstance(refusal, Conflict),
    }
    name = "edit.html" if editing and seen.may_change else "fact.html"
    answer = render(request, PARTIALS + name, context, status=refusal.status if refusal else 200)
    if refusal:  # the answer replaces the field, not a toast
        answer["HX-Retarget"], answer["HX-Reswap"] = f"#fact-{key}", "outerHTML"
    return answer


@agents_only
@require_POST
def undo(request: AgentRequest, pk: uuid.UUID, key: str) -> HttpResponse:
    version = read_number(read_input(request).get("version"))
    commands.undo_change(agent=request.user, customer=pk, key=key, version=version)
    if request.headers.get("HX-Request"):
        return history_of(request, pk)
    if wants_json(request) or request.content_type == "application/json":
        return _field(request, pk, key)
    return redirect("context:customer", pk=pk)


def history_of(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    found = customers.find(request.user, pk)
    seen = customers.insight(request.user, found)
    context = {"customer": found, "insight": seen, "history": customers.history(found, seen)}
    return render(request, PARTIALS + "history.html", context)


# --- revealing -----------------------------------------------------------------------------


@agents_only
@require_POST
def reveal(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Show fields for some minutes (200); without the right to, ask a colleague (202)."""
    data = read_input(request)
    fields = data.get("fields", [])
    fields = fields if isinstance(fields, list) else [fields]
    if not all(isinstance(key, str) for key in fields):
        raise Invalid
    reason = one_line(clean_text(data.get("reason") or "", limit=2_000), limit=500)
    found = customers.find(request.user, pk)
    if customers.insight(request.user, found).may_reveal:
        made = reveals.reveal(agent=request.user, customer=pk, fields=fields, reason=reason)
        answer = {"reveal": str(made.pk), "until": made.expires_at.isoformat()}
        return _revealed(request, pk, answer, 200)
    asked = _ask(request, pk, fields, reason, data)
    return _revealed(request, pk, {"approval": str(asked.pk), "state": asked.state}, 202)


def _ask(
    request: AgentRequest, pk: uuid.UUID, fields: list[str], reason: str, data: dict[str, Any]
) -> Approval:
    if not reason:
        raise Invalid(_("Say what you need it for: a colleague has to approve."))
    client_id, beside = data.get("client_id"), data.get("conversation")
    proposal = {
        "customer": str(pk),
        "fields": reveals.revealable(fields),
        "conversation": str(read_uuid(beside)) if beside else None,
    }
    return ask_for_approval(
        agent=request.user,
        operation=OPERATION,
        proposal=proposal,
        reason=reason,
        client_id=read_uuid(client_id) if client_id else uuid7(),
    )


def _revealed(
    request: AgentRequest, pk: uuid.UUID, answer: dict[str, Any], status: int
) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, PARTIALS + "facts.html", _context(request, pk))
    if wants_json(request) or request.content_type == "application/json":
        return JsonResponse(answer, status=status)
    return redirect("context:customer", pk=pk)


@agents_only
@require_POST
def revoke(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """End a reveal at once."""
    ended = reveals.revoke(agent=request.user, reveal=pk)
    if wants_json(request) or request.content_type == "application/json":
        return JsonResponse({"reveal": str(ended.pk), "until": None})
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return redirect("context:access")
