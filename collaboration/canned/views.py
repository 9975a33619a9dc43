from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from collaboration.canned import commands, queries
from collaboration.canned.forms import CannedReplyForm
from collaboration.canned.models import CannedReply
from helpdesk.core.refusals import Conflict
from permissions.accounts.doors import AgentRequest, agents_only


@agents_only
@require_GET
def search(request: AgentRequest) -> HttpResponse:
    """Canned replies for the field where one writes."""
    text = request.GET.get("q", "").replace("\0", "")[:80].strip()
    found = queries.search(request.user, text)[: queries.OFFERED]
    return JsonResponse(
        {
            "canned": [
                {
                    "id": reply.pk,
                    "title": reply.title,
                    "shortcut": reply.shortcut,
                    "body": reply.body,
                    "scope": reply.team.name if reply.team else "",
                }
                for reply in found
            ]
        }
    )


@agents_only
@require_GET
def index(request: AgentRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "")[:80].strip()
    context = {
        "replies": queries.search(request.user, text)[: queries.LISTED],
        "changeable": set(
            CannedReply.objects.changeable_by(request.user).values_list("pk", flat=True)
        ),
        "query": text,
    }
    return render(request, "collaboration/canned/index.html", context)


@agents_only
def edit(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """A new canned reply, or one that the agent may change."""
    agent, status = request.user, 200
    reply = None
    if pk is not None:
        reply = CannedReply.objects.changeable_by(agent).filter(pk=pk).first()
        if reply is None:
            raise Http404
    values = CannedReplyForm.values_of(reply) if reply else {}
    form = CannedReplyForm(request.POST or None, initial=values, agent=agent)
    if request.method == "POST" and form.is_valid():
        try:
            if reply is None:
                commands.add_canned_reply(agent=agent, content=form.content)
            else:
                commands.change_canned_reply(agent=agent, reply=reply.pk, content=form.content)
            return redirect("canned:index")
        except Conflict as refusal:
            form.add_error("shortcut", str(refusal.sentence))
    if request.method == "POST":
        status = 422
    context = {"form": form, "reply": reply}
    return render(request, "collaboration/canned/edit.html", context, status=status)


@agents_only
@require_POST
def remove(request: AgentRequest, pk: int) -> HttpResponse:
    commands.remove_canned_reply(agent=request.user, reply=pk)
    return redirect("canned:index")
