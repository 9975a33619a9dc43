"""The state of the audit records: sealing, verification, how long they are kept."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.core.refusals import NotAllowed
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent
from permissions.acts.checks import has_duty
from permissions.acts.vocabulary import Duty
from permissions.audit import commands, sealing
from permissions.audit.models import AuditCheck, AuditRecord, Seal
from permissions.audit.rules import LEAST_DAYS, Retention
from permissions.audit.verifying import Finding
from permissions.policies.commands import change_rules
from permissions.policies.rules import current, stored


class RetentionForm(forms.Form):
    days = forms.TypedChoiceField(
        label=_("Keep audit records"),
        coerce=int,
        choices=[
            (0, _("For ever")),
            (LEAST_DAYS, _("One year")),
            (2 * LEAST_DAYS, _("Two years")),
            (3 * LEAST_DAYS, _("Three years")),
            (5 * LEAST_DAYS, _("Five years")),
            (10 * LEAST_DAYS, _("Ten years")),
        ],
        help_text=_("What is older is deleted. Its seals stay, and so does the record of it."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


def may_see(agent: Agent) -> bool:
    return has_duty(agent, Duty.AUDIT) or has_duty(agent, Duty.SECURITY)


def _checked(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    def checked(request: AgentRequest) -> HttpResponse:
        if not may_see(request.user):
            raise NotAllowed
        return view(request)

    return agents_only(checked)  # type: ignore[return-value]


@_checked
@require_http_methods(["GET", "POST"])
def audit(request: AgentRequest) -> HttpResponse:
    """How the records stand; those who set the rules of security change how long they are kept."""
    policy, rules = stored(Retention), current(Retention)
    form = RetentionForm(
        request.POST if request.method == "POST" else None,
        initial={"days": rules.days, "version": policy.version},
    )
    if request.method == "POST" and form.is_valid():
        change_rules(
            agent=request.user,
            rules=Retention(days=form.cleaned_data["days"]),
            version=form.cleaned_data["version"],
        )
        return redirect("/settings/audit/?saved=1")
    status = 422 if form.errors else 200
    context = _state(request.user) | {
        "form": form,
        "policy": policy,
        "kept": dict(form.fields["days"].choices).get(rules.days, rules.days),  # type: ignore[attr-defined]
        "saved": "saved" in request.GET,
    }
    return render(request, "permissions/audit/audit.html", context, status=status)


def _state(agent: Agent) -> dict[str, Any]:
    last = Seal.objects.order_by("-number").first()
    since = sealing.unsealed_since()
    checks = list(AuditCheck.objects.select_related("asked_by").order_by("-pk")[:5])
    for check in checks:
        check.shown = [str(Finding(**found)) for found in check.findings]  # type: ignore[attr-defined]
    newest = AuditRecord.objects.order_by("-id").values_list("id", flat=True).first()
    return {
        "last": last,
        "newest": newest,
        "late": sealing.is_late(since),
        "waiting_since": since,
        "checks": checks,
        "running": any(check.finished_at is None for check in checks),
        "may_verify": has_duty(agent, Duty.AUDIT),
        "may_change": has_duty(agent, Duty.SECURITY),
        "head": settings.AUDIT_HEAD,
    }


@_checked
@require_http_methods(["GET"])
def state(request: AgentRequest) -> HttpResponse:
    """The part of the page that changes by itself while a check is running."""
    return render(request, "permissions/audit/partials/state.html", _state(request.user))


@agents_only
@require_POST
def verify(request: AgentRequest) -> HttpResponse:
    """Have everything verified now, in the background."""
    commands.ask_check(actor=request.user)
    return redirect("audit:audit")
