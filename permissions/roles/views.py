"""The settings pages of roles."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.people_views import done
from permissions.acts.checks import require_duty
from permissions.acts.shown import fingerprint
from permissions.acts.vocabulary import Act, Duty
from permissions.roles import commands
from permissions.roles.forms import RoleForm, initial_of
from permissions.roles.models import Role
from permissions.roles.wording import removed, told


@agents_only
@require_GET
def roles(request: AgentRequest) -> HttpResponse:
    require_duty(request.user, Duty.ROLES)
    active = Q(group__user__is_active=True)
    found = Role.objects.select_related("group").annotate(
        holders=Count("group__user", filter=active, distinct=True)
    )
    context = {
        "roles": found.order_by("pk"),
        "of": len(Act),
        "history": removed("role.remove"),
    }
    return render(request, "permissions/roles/roles.html", context)


@agents_only
def role(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """A role, or a new one, which may begin as the copy of another (`?copy=<id>`)."""
    require_duty(request.user, Duty.ROLES)
    found = get_object_or_404(Role.objects.select_related("group"), pk=pk) if pk else None
    form = RoleForm(request.POST or None, initial=_initial(request, found))
    status, made = 200, []
    if request.method == "POST":

        def work() -> None:
            wanted = form.wanted
            if found:
                shown = form.cleaned_data["shown"]
                if wanted["name"] == found.shown_name:  # the preset's name, as it was translated
                    wanted["name"] = found.group.name
                if wanted["description"] == found.shown_description:
                    wanted["description"] = found.description
                made.append(
                    commands.change_role(actor=request.user, role=found, shown=shown, **wanted)
                )
            else:
                made.append(commands.create_role(actor=request.user, **wanted))

        status = done(form, work)
        if made:
            return redirect(f"{reverse('people:role', args=[made[0].pk])}?saved=1")
    context = {"form": form, "role": found, "history": told(found) if found else []}
    return render(request, "permissions/roles/role.html", context, status=status)


def _initial(request: AgentRequest, found: Role | None) -> dict[str, Any]:
    if found:
        state = commands.state_of(found)
        shown = fingerprint(state)
        state |= {"name": found.shown_name, "description": found.shown_description}
        return initial_of(state, shown)
    copied = request.GET.get("copy", "")
    if copied.isdecimal() and (other := Role.objects.filter(pk=int(copied[:18])).first()):
        name = _("Copy of %(name)s") % {"name": other.shown_name}
        state = commands.state_of(other)
        return initial_of(state | {"name": name, "description": other.shown_description})
    return {}


@agents_only
@require_POST
def remove(request: AgentRequest, pk: int) -> HttpResponse:
    require_duty(request.user, Duty.ROLES)
    commands.remove_role(actor=request.user, role=get_object_or_404(Role, pk=pk))
    return redirect("people:roles")
