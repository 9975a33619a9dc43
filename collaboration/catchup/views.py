import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from collaboration.catchup.queries import catch_up
from conversations.threads.models import Conversation
from helpdesk.core.refusals import NotFound
from helpdesk.core.web.negotiation import read_number
from permissions.accounts.doors import AgentRequest, agents_only


@agents_only
@require_GET
def since(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """What came after a number, for a screen that is looked at again; 204 if that is little."""
    found = Conversation.objects.visible_to(request.user).select_related("customer").filter(pk=pk)
    conversation = found.first()
    if conversation is None:
        raise NotFound
    summary = catch_up(request.user, conversation, read_number(request.GET.get("after")))
    if summary is None:
        return HttpResponse(status=204)
    context = {"summary": summary, "conversation": conversation}
    return render(request, "collaboration/catchup/partials/summary.html", context)
