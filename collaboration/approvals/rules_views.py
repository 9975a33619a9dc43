"""The settings page on which an administrator says what needs an approval."""

import dataclasses
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from collaboration.approvals.forms import RuleForm, all_roles
from collaboration.workspace.choices import in_use
from helpdesk.core.refusals import Conflict, NotFound
from helpdesk.core.web.negotiation import read_number
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.acts.checks import require_duty
from permissions.acts.vocabulary import Duty
from permissions.approvals.registry import operation
from permissions.approvals.rules import ApprovalRules, Rule
from permissions.policies.commands import change_rules
from permissions.policies.rules import read, stored

MOST = 100  # rules; a table that nobody can read protects nobody


@agents_only
def rules(request: AgentRequest) -> HttpResponse:
    """The rules in their order; `?rule=2` changes the second one, a POST saves or removes."""
    require_duty(request.user, Duty.SETTINGS)
    policy, status, refusal = stored(ApprovalRules), 200, None
    lines = read(ApprovalRules, policy.value).lines()
    chosen = _chosen(request, lines)
    form = RuleForm(
        request.POST if request.POST.get("act") == "save" else None,
        rule=lines[chosen] if chosen is not None else None,
        version=policy.version,
    )
    if request.method == "POST":
        changed = _changed(request, lines, chosen, form)
        status = 422
        if changed is not None:
            version = read_number(request.POST.get("version"))
            kept = tuple(dataclasses.asdict(line) for line in changed)
            try:
                change_rules(agent=request.user, rules=ApprovalRules(kept), version=version)
                return redirect(f"{request.path}?saved=1")
            except Conflict as conflict:
                status, refusal = conflict.status, conflict
    tags, issue_types = in_use(request.user)
    context = {
        "form": form,
        "policy": policy,
        "refusal": refusal,
        "saved": "saved" in request.GET,
        "lines": _shown(lines),
        "chosen": chosen,
        "is_full": len(lines) >= MOST,
        "tags": tags,
        "issue_types": issue_types,
    }
    return render(request, "collaboration/approvals/rules.html", context, status=status)


def _chosen(request: AgentRequest, lines: list[Rule]) -> int | None:
    """Which rule is to be changed, counted from 0; None for a new one."""
    asked = request.POST.get("rule") or request.GET.get("rule")
    if not asked:
        return None
    number = read_number(asked)
    if not 1 <= number <= len(lines):
        raise NotFound
    return number - 1


def _changed(
    request: AgentRequest, lines: list[Rule], chosen: int | None, form: RuleForm
) -> list[Rule] | None:
    """The table as it would be; None if what was filled in is not as it should be."""
    act = request.POST.get("act")
    if act == "remove" and chosen is not None:
        return [line for at, line in enumerate(lines) if at != chosen]
    if act == "up" and chosen:
        above, this = lines[chosen - 1], lines[chosen]
        return [*lines[: chosen - 1], this, above, *lines[chosen + 1 :]]
    if act != "save" or not form.is_valid():
        return None
    if chosen is not None:
        return [form.rule if at == chosen else line for at, line in enumerate(lines)]
    if len(lines) >= MOST:
        return None
    return [*lines, form.rule]


def _shown(lines: list[Rule]) -> list[dict[str, Any]]:
    names = {role.key: _(role.group.name) for role in all_roles()}
    shown = []
    for number, line in enumerate(lines, 1):
        known = operation(line.operation)
        shown.append(
            {
                "number": number,
                "rule": line,
                "operation": known.label if known else line.operation,
                "role": names.get(line.role, line.role),
                "by": [names.get(key, key) for key in line.by],
            }
        )
    return shown
