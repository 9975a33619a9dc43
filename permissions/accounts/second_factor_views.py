"""Setting up a second factor, and the page of a sign-in that asks for it."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.core.refusals import Invalid
from permissions.accounts import entering, second_factor_commands, session_commands
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent
from permissions.accounts.second_factor import SecondFactor, codes_left
from permissions.accounts.security import Security
from permissions.accounts.sessions import DUE
from permissions.acts.checks import require_duty
from permissions.acts.vocabulary import Duty
from permissions.policies.rules import current


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """After the password: six digits of the app, or a recovery code."""
    found = entering.waiting(request)
    if found is None:
        return redirect("accounts:login")
    agent, to = found
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            second_factor_commands.use_second_factor(agent=agent, code=form.cleaned_data["code"])
        except Invalid as refusal:
            form.add_error("code", str(refusal.sentence))
        else:
            return entering.enter(request, agent, to, second_factor=True)
    status = 422 if form.errors else 200
    return render(request, "permissions/accounts/code.html", {"form": form}, status=status)


@agents_only
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def second_factor(request: AgentRequest) -> HttpResponse:
    """What is set up, and each step of setting it up."""
    agent, form, codes = request.user, CodeForm(), []
    if request.method == "POST":
        act = request.POST.get("act", "")
        form = CodeForm(request.POST)
        try:
            if act == "begin":
                second_factor_commands.begin_second_factor(agent=agent)
                return redirect("accounts:second-factor")
            if form.is_valid():
                codes = _change(request, act, form.cleaned_data["code"])
                form = CodeForm()
        except Invalid as refusal:
            form.add_error("code", str(refusal.sentence))
    return _page(request, agent, form, codes)


def _change(request: AgentRequest, act: str, code: str) -> list[str]:
    agent = request.user
    if act == "confirm":
        codes = second_factor_commands.confirm_second_factor(agent=agent, code=code)
        if request.session.pop(DUE, None):
            key = request.session.session_key or ""
            session_commands.release(agent=agent, session_key=key)
        return codes
    if act == "renew":
        return second_factor_commands.renew_recovery_codes(agent=agent, code=code)
    if act == "end":
        second_factor_commands.end_second_factor(agent=agent, code=code)
        return []
    raise Invalid


def _page(request: AgentRequest, agent: Agent, form: CodeForm, codes: list[str]) -> HttpResponse:
    found = SecondFactor.objects.filter(agent=agent).first()
    context = {
        "form": form,
        "codes": codes,
        "factor": found if found and found.confirmed_at else None,
        "begun": found if found and not found.confirmed_at else None,
        "left": codes_left(agent),
        "required": current(Security).asks_second_factor(agent),
    }
    status = 422 if form.errors else 200
    return render(request, "permissions/accounts/second_factor.html", context, status=status)


@agents_only
@require_POST
def reset(request: AgentRequest, pk: int) -> HttpResponse:
    """An administrator takes a lost second factor away."""
    require_duty(request.user, Duty.SECURITY)
    agent = get_object_or_404(Agent, pk=pk)
    second_factor_commands.reset_second_factor(actor=request.user, agent=agent)
    return redirect("accounts:sign-ins")
