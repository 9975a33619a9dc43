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
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from helpdesk.core.context import origin
from helpdesk.core.limits import exhausted, spend
from helpdesk.core.refusals import Invalid, NotAllowed, TooMany
from helpdesk.core.web.back import redirect_back
from helpdesk.core.web.negotiation import read_input, wants_json
from permissions.accounts import commands, entering, lockout, session_commands
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent, AgentStatus
from permissions.accounts.second_factor import has_second_factor
from permissions.accounts.security import Security
from permissions.policies.rules import current

ACCOUNT, ADDRESS = lockout.ACCOUNT, lockout.ADDRESS

DEMO_NAMES = ("agent1", "agent2", "agent3", "senior", "supervisor", "admin", "auditor")


class SignInForm(AuthenticationForm):
    """Name and password. Only failures count against the limits."""

    def clean(self) -> dict[str, Any]:
        username = (self.cleaned_data.get("username") or "").lower()
        address = origin.get().address
        wait = max(exhausted(ACCOUNT, username), exhausted(ADDRESS, address))
        if wait:
            raise TooMany(lockout.sentence(wait), retry_after=wait)
        try:
            return super().clean()
        except forms.ValidationError:
            known = Agent.objects.filter(username__iexact=username).first() if username else None
            commands.record_failed_sign_in(username=username, known=known)
            for limit, who in ((ACCOUNT, username), (ADDRESS, address)):
                with suppress(TooMany):
                    spend(limit, who)
            lockout.tell(known, ACCOUNT, username)
            raise


class SignIn(LoginView):
    template_name = "permissions/accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        agent = form.get_user()
        if not current(Security).lets_in(origin.get().address):
            commands.record_failed_sign_in(username=agent.username, known=agent)
            raise NotAllowed(_("Nobody may sign in from where you are."))
        if has_second_factor(agent):
            entering.ask_second_factor(self.request, agent, self.get_success_url())
            return redirect("accounts:sign-in-code")
        return entering.enter(self.request, agent, self.get_success_url())

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
        if agent.is_authenticated:
            key = request.session.session_key or ""
            commands.record_sign_out(agent=agent, session_key=key)
        return super().post(request, *args, **kwargs)


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
    return redirect_back(request, otherwise=settings.LOGIN_REDIRECT_URL)


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
            key = request.session.session_key or ""
            commands.change_password(
                agent=agent, password=password.cleaned_data["new_password1"], session_key=key
            )
            update_session_auth_hash(request, agent)
            session_commands.follow(before=key, after=request.session.session_key or "")
            return redirect("/profile/?saved=password")
        status = 422
    elif request.method == "POST":
        preferences = PreferencesForm(request.POST)
        if preferences.is_valid():
            commands.change_preferences(agent=agent, **preferences.cleaned_data)
            return redirect("/profile/?saved=preferences")
        status = 422
    context = {
        "preferences": preferences,
        "password": password,
        "saved": saved,
        "second_factor": has_second_factor(agent),
    }
    return render(request, "permissions/accounts/profile.html", context, status=status)
