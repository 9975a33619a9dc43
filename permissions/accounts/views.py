"""Sign-in, sign-out and what an agent sets for themselves."""

import zoneinfo
from contextlib import suppress
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from helpdesk.core.context import origin
from helpdesk.core.limits import exhausted, spend
from helpdesk.core.refusals import Invalid, TooMany
from helpdesk.core.web.negotiation import read_input, wants_json
from permissions.accounts import commands
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent, AgentStatus

ACCOUNT, ADDRESS = "sign-in failures per account", "sign-in failures per address"
WAIT = _("Too many failed sign-ins. Please wait a few minutes and try again.")

DEMO_NAMES = ("agent1", "agent2", "agent3", "senior", "supervisor", "admin", "auditor")


class SignInForm(AuthenticationForm):
    """Name and password. Only failures count against the limits."""

    def clean(self) -> dict[str, Any]:
        username = (self.cleaned_data.get("username") or "").lower()
        address = origin.get().address
        wait = max(exhausted(ACCOUNT, username), exhausted(ADDRESS, address))
        if wait:
            raise TooMany(WAIT, retry_after=wait)
        try:
            return super().clean()
        except forms.ValidationError:
            known = Agent.objects.filter(username__iexact=username).first() if username else None
            commands.record_failed_sign_in(username=username, known=known)
            for limit, who in ((ACCOUNT, username), (ADDRESS, address)):
                with suppress(TooMany):
                    spend(limit, who)
            raise


class SignIn(LoginView):
    template_name = "permissions/accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        commands.record_sign_in(agent=form.get_user())
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "demo_names": DEMO_NAMES,
            "demo_password": settings.DEMO_PASSWORD,
        }


class SignOut(LogoutView):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        agent = request.user
        response = super().post(request, *args, **kwargs)
        if agent.is_authenticated:
            commands.record_sign_out(agent=agent)
        return response


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=AgentStatus.choices)


@agents_only
@require_POST
def status(request: AgentRequest) -> HttpResponse:
    """Choose one's status, from the rail of any page."""
    form = StatusForm(read_input(request))
    if not form.is_valid():
        raise Invalid
    chosen = AgentStatus(form.cleaned_data["status"])
    commands.choose_status(agent=request.user, status=chosen)
    if wants_json(request):
        return JsonResponse({"status": request.user.presence_status, "chosen": chosen})
    back = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if ours else settings.LOGIN_REDIRECT_URL)


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the browser")), ("zh-hans", "简体中文"), ("en", "English")],
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    enter_sends = forms.ChoiceField(
        label=_("Sending a message"),
        required=False,
        choices=[
            ("", _("Ctrl + Enter sends, Enter starts a new line")),
            ("yes", _("Enter sends, Shift + Enter starts a new line")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone)
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            ("", _("As the browser")),
            *((zone, zone.replace("_", " ")) for zone in zones),
        ]

    def clean_enter_sends(self) -> bool:
        return self.cleaned_data["enter_sends"] == "yes"


class PasswordForm(PasswordChangeForm):
    """The second form of its page, so it does not take the focus."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["old_password"].widget.attrs["autofocus"]


@agents_only
def profile(request: AgentRequest) -> HttpResponse:
    """Language, time zone and password of the signed-in agent."""
    agent = request.user
    preferences = PreferencesForm(
        initial={
            "language": agent.language,
            "time_zone": agent.time_zone,
            "enter_sends": "yes" if agent.enter_sends else "",
        }
    )
    password = PasswordForm(agent)
    status, saved = 200, request.GET.get("saved", "")
    if request.method == "POST" and request.POST.get("form") == "password":
        password = PasswordForm(agent, request.POST)
        if password.is_valid():
            commands.change_password(agent=agent, password=password.cleaned_data["new_password1"])
            update_session_auth_hash(request, agent)
            return redirect("/profile/?saved=password")
        status = 422
    elif request.method == "POST":
        preferences = PreferencesForm(request.POST)
        if preferences.is_valid():
            commands.change_preferences(agent=agent, **preferences.cleaned_data)
            return redirect("/profile/?saved=preferences")
        status = 422
    context = {"preferences": preferences, "password": password, "saved": saved}
    return render(request, "permissions/accounts/profile.html", context, status=status)
