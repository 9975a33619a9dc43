"""The rules of signing in."""

import ipaddress

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from helpdesk.core.context import origin
from permissions.accounts import lockout
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent
from permissions.accounts.second_factor import has_second_factor
from permissions.accounts.security import DUTIES, EVERYBODY, LEAST_LENGTH, NOBODY, Security
from permissions.acts.checks import require_duty
from permissions.acts.vocabulary import Duty
from permissions.policies.commands import change_rules
from permissions.policies.rules import current, stored

MOST_NETWORKS = 100


class SecurityForm(forms.Form):
    password_length = forms.IntegerField(
        label=_("Shortest password"),
        min_value=LEAST_LENGTH,
        max_value=128,
        help_text=_("Characters. It counts for passwords that are set from now on."),
    )
    second_factor = forms.ChoiceField(
        label=_("Who must have a second factor"),
        choices=[
            (NOBODY, _("Nobody; everybody may")),
            (DUTIES, _("Whoever has a duty: administrators, supervisors, auditors")),
            (EVERYBODY, _("Everybody")),
        ],
    )
    session_hours = forms.IntegerField(
        label=_("A sign-in ends after (hours)"), min_value=1, max_value=720
    )
    idle_minutes = forms.IntegerField(
        label=_("It ends sooner without any use for (minutes)"),
        min_value=0,
        max_value=10_080,
        help_text=_("0 means never. Typing or moving in any open tab counts as use."),
    )
    addresses = forms.CharField(
        label=_("Networks that agents may come from"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One in each line, such as 203.0.113.0/24. None: from anywhere."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: object, agent: Agent, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.agent = agent

    def clean_idle_minutes(self) -> int:
        minutes: int = self.cleaned_data["idle_minutes"]
        if 0 < minutes < 5:
            raise forms.ValidationError(_("Five minutes at least, or 0."))
        return minutes

    def clean_addresses(self) -> tuple[str, ...]:
        networks = []
        for word in self.cleaned_data["addresses"].replace(",", " ").split():
            try:
                networks.append(str(ipaddress.ip_network(word, strict=False)))
            except ValueError:
                raise forms.ValidationError(
                    _("%(word)s is no network."), params={"word": word[:60]}
                ) from None
        found = tuple(dict.fromkeys(networks))
        if len(found) > MOST_NETWORKS:
            raise forms.ValidationError(_("These are too many networks."))
        here = origin.get().address
        if not Security(addresses=found).lets_in(here):
            raise forms.ValidationError(
                _("Your own address, %(address)s, is in none of them: it would lock you out."),
                params={"address": here},
            )
        return found

    def clean_second_factor(self) -> str:
        who: str = self.cleaned_data["second_factor"]
        asked = Security(second_factor=who).asks_second_factor(self.agent)
        if asked and not has_second_factor(self.agent):
            raise forms.ValidationError(_("Set up your own second factor first."))
        return who

    def rules(self) -> Security:
        facts = {name: part for name, part in self.cleaned_data.items() if name != "version"}
        return Security(**facts)


@agents_only
@require_http_methods(["GET", "POST"])
def security(request: AgentRequest) -> HttpResponse:
    """See and change them, and see who must wait after failed sign-ins."""
    require_duty(request.user, Duty.SECURITY)
    policy, rules = stored(Security), current(Security)
    form = SecurityForm(
        request.POST if request.method == "POST" else None,
        agent=request.user,
        initial={
            "password_length": rules.password_length,
            "second_factor": rules.second_factor,
            "session_hours": rules.session_hours,
            "idle_minutes": rules.idle_minutes,
            "addresses": "\n".join(rules.addresses),
            "version": policy.version,
        },
    )
    if request.method == "POST" and form.is_valid():
        change_rules(agent=request.user, rules=form.rules(), version=form.cleaned_data["version"])
        return redirect("/settings/security/?saved=1")
    context = {
        "form": form,
        "policy": policy,
        "lockouts": lockout.standing(),
        "saved": "saved" in request.GET,
        "address": origin.get().address,
    }
    status = 422 if form.errors else 200
    return render(request, "permissions/accounts/security.html", context, status=status)
