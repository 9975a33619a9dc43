import uuid
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_POST

from collaboration.approvals import asking
from collaboration.drafts import commands, queries
from collaboration.drafts.files import waiting_files
from collaboration.drafts.models import PrivateDraft, SharedDraft
from collaboration.drafts.sending import SendInput, send_draft
from conversations.threads import drafted
from conversations.threads.forms import read_files, read_uuid
from conversations.threads.models import MAX_BODY
from conversations.threads.queries import entry_json
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text
from helpdesk.core.web.negotiation import read_input, read_number
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.approvals.models import Approval

PREVIEW = "collaboration/drafts/partials/preview.html"


@agents_only
@require_GET
def drafts(request: AgentRequest) -> HttpResponse:
    """On which conversations the agent has begun to write."""
    return JsonResponse({"conversations": queries.drafted(request.user)})


@agents_only
@require_POST
def draft(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Keep a text; the answer says what is kept, which may be a later one of another device."""
    data = read_input(request)
    mode = data.get("mode")
    if mode not in PrivateDraft.Mode.values:
        raise Invalid
    kept = commands.keep_draft(
        agent=request.user,
        conversation=pk,
        mode=mode,
        body=clean_text(data.get("body"), limit=MAX_BODY),
        number=read_number(data.get("number"), most=2**53),
    )
    return JsonResponse({"mode": kept.mode, "body": kept.body, "number": kept.number})


@agents_only
@require_GET
def shared(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """The text colleagues write together, who wrote what of it, and how it was before."""
    kind = _kind(request.GET.get("kind") or SharedDraft.Kind.REPLY)
    sent = read_uuid(request.GET["sent"]) if "sent" in request.GET else None
    return JsonResponse(queries.shared_draft(request.user, pk, kind, sent))


@agents_only
@require_POST
def preview(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """How a text would look in the transcript, as `{html}`."""
    data = read_input(request)
    kind = _kind(data.get("kind"))
    body = clean_text(data.get("body"), limit=MAX_BODY)
    entry = queries.as_entry(request.user, pk, kind, body)
    return JsonResponse({"html": render_to_string(PREVIEW, {"entry": entry}).strip()})


@agents_only
@require_GET
def files(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """What waits to go out with the reply or the note."""
    return JsonResponse({"files": waiting_files(request.user, pk)})


@agents_only
@require_POST
def remove_file(request: AgentRequest, pk: uuid.UUID, file_id: uuid.UUID) -> HttpResponse:
    """Take a file out; the answer says what is left."""
    drafted.remove_file(agent=request.user, conversation=pk, file=file_id)
    return JsonResponse({"files": waiting_files(request.user, pk)})


@agents_only
@require_POST
def send(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Send that text: 201, or 200 if it was; 202 if a colleague has to approve it first.

    409 names what came meanwhile (`held`, `since`) or what the text became (`sent`).
    """
    data = read_input(request)
    if data.get("seen") in (None, "") or data.get("generation") in (None, ""):
        raise Invalid
    asked = SendInput(
        kind=_kind(data.get("kind")),
        client_id=read_uuid(data.get("client_id")),
        generation=read_number(data["generation"]),
        n=None if data.get("n") in (None, "") else read_number(data["n"]),
        seen=read_number(data["seen"]),
        files=read_files(data),
        order=read_files({"files": data.get("order")}),
        anyway=data.get("anyway") in (True, "true", "1"),
    )
    answer = send_draft(agent=request.user, conversation=pk, asked=asked)
    if isinstance(answer, Approval):
        return asking.asked(request, answer)
    entry, made = answer
    return JsonResponse(entry_json(entry), status=201 if made else 200)


def _kind(value: Any) -> str:
    if not isinstance(value, str) or value not in SharedDraft.Kind.values:
        raise Invalid
    return value
