"""The settings pages of agents and teams."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.http import require_GET, require_POST

from helpdesk.core.refusals import Refusal
from permissions.accounts import commands
from permissions.accounts.belongings import belongings
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.forms import (
    AgentForm,
    DeactivateForm,
    InviteForm,
    RemoveTeamForm,
    TeamForm,
    initial_of_agent,
)
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import require_duty
from permissions.acts.shown import fingerprint
from permissions.acts.vocabulary import Duty
from permissions.roles.models import Role
from permissions.roles.wording import removed, told

PER_PAGE = 100


def done(form: forms.Form, work: Any) -> int:
    """Do what a valid form asks for. Returns 200, or the status of a refusal told in the form."""
    if not form.is_valid():
        return 422
    try:
        work()
    except Refusal as refusal:
        form.add_error(None, str(refusal.sentence))
        return refusal.status
    return 200


# --- agents --------------------------------------------------------------------------------


@agents_only
@require_GET
def agents(request: AgentRequest) -> HttpResponse:
    require_duty(request.user, Duty.AGENTS)
    text = request.GET.get("q", "").replace("\0", "")[:80].strip()
    found = Agent.objects.with_status().order_by("-is_active", "name", "pk")
    if text:
        found = found.filter(name__icontains=text) | found.filter(username__icontains=text)
    page = list(found.prefetch_related("groups__role__group", "groups__team")[: PER_PAGE + 1])
    context = {"agents": page[:PER_PAGE], "more": len(page) > PER_PAGE, "query": text}
    return render(request, "permissions/accounts/agents.html", context)


@agents_only
def invite(request: AgentRequest) -> HttpResponse:
    require_duty(request.user, Duty.AGENTS)
    status, made = 200, []
    form = InviteForm(request.POST or None, initial=_usual())
    if request.method == "POST":

        def work() -> None:
            data = dict(form.cleaned_data)
            data.pop("shown")
            made.append(commands.invite_agent(actor=request.user, **data))

        status = done(form, work)
        if made:
            return _with_link(request, made[0])
    context = {"form": form, "agent": None}
    return render(request, "permissions/accounts/agent.html", context, status=status)


def _usual() -> dict[str, Any]:
    return {"roles": list(Role.objects.filter(key="agent"))}


@agents_only
def agent(request: AgentRequest, pk: int) -> HttpResponse:
    require_duty(request.user, Duty.AGENTS)
    found = get_object_or_404(Agent, pk=pk)
    status = 200
    shown = fingerprint(commands.agent_state(found))
    form = AgentForm(request.POST or None, initial=initial_of_agent(found, shown))
    if request.method == "POST":
        status = done(
            form,
            lambda: commands.change_agent(actor=request.user, agent=found, **form.cleaned_data),
        )
        if status == 200:
            return redirect(f"{reverse('people:agent', args=[pk])}?saved=1")
    context = {"form": form, "agent": found, "history": told(found)}
    return render(request, "permissions/accounts/agent.html", context, status=status)


@agents_only
def deactivate(request: AgentRequest, pk: int) -> HttpResponse:
    """What an agent is responsible for, and who gets it when their access ends."""
    require_duty(request.user, Duty.AGENTS)
    found = get_object_or_404(Agent, pk=pk)
    data = request.POST if request.method == "POST" else None
    form, status = DeactivateForm(data, agent=found), 200
    if request.method == "POST":
        status = done(
            form,
            lambda: commands.deactivate_agent(
                actor=request.user, agent=found, heir=form.cleaned_data["heir"]
            ),
        )
        if status == 200:
            return redirect("people:agent", pk=pk)
    context = {"form": form, "agent": found, "belongings": belongings(found)}
    return render(request, "permissions/accounts/deactivate.html", context, status=status)


@agents_only
@require_POST
def reactivate(request: AgentRequest, pk: int) -> HttpResponse:
    require_duty(request.user, Duty.AGENTS)
    commands.reactivate_agent(actor=request.user, agent=get_object_or_404(Agent, pk=pk))
    return redirect("people:agent", pk=pk)


@agents_only
@require_POST
def password_link(request: AgentRequest, pk: int) -> HttpResponse:
    require_duty(request.user, Duty.AGENTS)
    found = commands.offer_password_link(actor=request.user, agent=get_object_or_404(Agent, pk=pk))
    return _with_link(request, found)


def _with_link(request: AgentRequest, agent: Agent) -> HttpResponse:
    """The link is shown once, to be handed over; it is kept nowhere."""
    uid = urlsafe_base64_encode(str(agent.pk).encode())
    path = reverse("people:welcome", args=[uid, default_token_generator.make_token(agent)])
    context = {"agent": agent, "link": request.build_absolute_uri(path)}
    response = render(request, "permissions/accounts/link.html", context)
    response["Cache-Control"] = "no-store"
    return response


def welcome(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Choose a password by a link. It works once: a new password makes it another's."""
    agent = _invited(uid, token)
    if agent is None:
        return render(request, "permissions/accounts/welcome.html", {"form": None}, status=404)
    form: SetPasswordForm[Any] = SetPasswordForm(agent, request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            commands.change_password(agent=agent, password=form.cleaned_data["new_password1"])
            return redirect("accounts:login")
        status = 422
    context = {"form": form, "agent": agent}
    response = render(request, "permissions/accounts/welcome.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def _invited(uid: str, token: str) -> Agent | None:
    try:
        pk = int(urlsafe_base64_decode(uid[:40]).decode()[:18])
    except (ValueError, UnicodeDecodeError):
        return None
    agent = get_user_model().objects.filter(pk=pk, is_active=True).first()
    return agent if agent and default_token_generator.check_token(agent, token[:200]) else None


# --- teams ---------------------------------------------------------------------------------


@agents_only
@require_GET
def teams(request: AgentRequest) -> HttpResponse:
    require_duty(request.user, Duty.AGENTS)
    found = Team.objects.prefetch_related("group__user_set").order_by("name")
    context = {"teams": found, "history": removed("team.remove")}
    return render(request, "permissions/accounts/teams.html", context)


@agents_only
def team(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    require_duty(request.user, Duty.AGENTS)
    found = get_object_or_404(Team, pk=pk) if pk is not None else None
    initial: dict[str, Any] = {}
    if found:
        state = commands.team_state(found)
        initial = {**state, "shown": fingerprint(state)}
    form = TeamForm(request.POST or None, initial=initial)
    status, made = 200, []
    if request.method == "POST":

        def work() -> None:
            data = dict(form.cleaned_data)
            if found:
                made.append(commands.change_team(actor=request.user, team=found, **data))
            else:
                data.pop("shown")
                made.append(commands.create_team(actor=request.user, **data))

        status = done(form, work)
        if made:
            return redirect(f"{reverse('people:team', args=[made[0].pk])}?saved=1")
    context = {"form": form, "team": found, "history": told(found) if found else []}
    return render(request, "permissions/accounts/team.html", context, status=status)


@agents_only
def remove_team(request: AgentRequest, pk: int) -> HttpResponse:
    """What stands on a team, and who gets it when the team is removed."""
    require_duty(request.user, Duty.AGENTS)
    found = get_object_or_404(Team, pk=pk)
    shown = fingerprint(commands.team_state(found))
    data = request.POST if request.method == "POST" else None
    form, status = RemoveTeamForm(data, team=found, initial={"shown": shown}), 200
    if request.method == "POST":
        status = done(
            form,
            lambda: commands.remove_team(actor=request.user, team=found, **form.cleaned_data),
        )
        if status == 200:
            return redirect("people:teams")
    context = {"form": form, "team": found, "belongings": belongings(found)}
    return render(request, "permissions/accounts/remove_team.html", context, status=status)
