from django.http import HttpResponse
from django.shortcuts import redirect, render

from collaboration.policy.forms import CollaborationForm
from conversations.inboxes.models import Inbox
from conversations.modes.floor import Collaboration, usual_floors
from helpdesk.core.refusals import Conflict
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.acts.checks import require_duty
from permissions.acts.vocabulary import Duty
from permissions.policies.commands import change_rules
from permissions.policies.rules import read, stored


@agents_only
def collaboration(request: AgentRequest) -> HttpResponse:
    """How the team works together, and what each inbox makes of it."""
    require_duty(request.user, Duty.SETTINGS)
    policy, status, refusal = stored(Collaboration), 200, None
    initial = CollaborationForm.values_of(read(Collaboration, policy.value))
    form = CollaborationForm(request.POST or None, initial=initial | {"version": policy.version})
    if request.method == "POST":
        status = 422
        if form.is_valid():
            version = form.cleaned_data["version"]
            try:
                change_rules(agent=request.user, rules=form.rules, version=version)
                return redirect(f"{request.path}?saved=1")
            except Conflict as conflict:
                status, refusal = conflict.status, conflict
    floors = usual_floors()
    context = {
        "form": form,
        "policy": policy,
        "refusal": refusal,
        "saved": "saved" in request.GET,
        "inboxes": [(inbox, floors[inbox.pk]) for inbox in Inbox.objects.order_by("name")],
    }
    return render(request, "collaboration/policy/collaboration.html", context, status=status)
