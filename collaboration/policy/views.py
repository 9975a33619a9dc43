from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from collaboration.policy.forms import CollaborationForm, InternalMessagesForm
from conversations.grants import matrix
from conversations.inboxes.models import Inbox
from conversations.modes.floor import Collaboration, InternalMessages, usual_floors
from helpdesk.core.refusals import Conflict
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.acts.checks import has_duty, require_duty
from permissions.acts.vocabulary import Act, Duty
from permissions.policies.commands import change_rules
from permissions.policies.rules import read, stored


@agents_only
def collaboration(request: AgentRequest) -> HttpResponse:
    """How the team works together, and what each inbox makes of it."""

    def around() -> dict[str, Any]:
        floors = usual_floors()
        inboxes = Inbox.objects.order_by("name")
        return {"inboxes": [(inbox, floors[inbox.pk]) for inbox in inboxes]}

    return _page(request, Collaboration, CollaborationForm, "collaboration", around)


@agents_only
def internal(request: AgentRequest) -> HttpResponse:
    """Whether colleagues write each other notes; beside it who may, as the rights say."""

    def around() -> dict[str, Any]:
        holders = matrix.how_far((Act.NOTE, Act.CONFIDE, Act.READ_CONFIDED))
        heads = _("Write notes"), _("Write sensitive ones"), _("Read sensitive ones")
        return {
            "heads": heads,
            "holders": [(one, list(zip(heads, one.inboxes, strict=True))) for one in holders],
            "inboxes": Inbox.objects.count(),
            "may_change_rights": has_duty(request.user, Duty.ROLES),
        }

    return _page(request, InternalMessages, InternalMessagesForm, "internal", around)


def _page(
    request: AgentRequest,
    kind: type[Any],
    form_class: type[Any],
    name: str,
    around: Callable[[], dict[str, Any]],
) -> HttpResponse:
    """A page of rules: two who save it do not overwrite each other unseen."""
    require_duty(request.user, Duty.SETTINGS)
    policy, status, refusal = stored(kind), 200, None
    initial = form_class.values_of(read(kind, policy.value))
    form = form_class(request.POST or None, initial=initial | {"version": policy.version})
    if request.method == "POST":
        status = 422
        if form.is_valid():
            version = form.cleaned_data["version"]
            try:
                change_rules(agent=request.user, rules=form.rules, version=version)
                return redirect(f"{request.path}?saved=1")
            except Conflict as conflict:
                status, refusal = conflict.status, conflict
    context = {
        "form": form,
        "policy": policy,
        "refusal": refusal,
        "saved": "saved" in request.GET,
        **around(),
    }
    return render(request, f"collaboration/policy/{name}.html", context, status=status)
