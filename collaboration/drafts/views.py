import uuid

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from collaboration.drafts import commands, queries
from collaboration.drafts.models import PrivateDraft
from conversations.threads.models import MAX_BODY
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text
from helpdesk.core.web.negotiation import read_input, read_number
from permissions.accounts.doors import AgentRequest, agents_only


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
