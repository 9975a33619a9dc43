"""Settings: what is kept about customers, who reads it, and how it is kept from view."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from collaboration.context.forms import FieldForm, PrivacyForm
from conversations.customers import commands
from conversations.customers.models import CustomerField
from conversations.customers.rules import Privacy
from conversations.customers.values import all_fields
from helpdesk.core.refusals import Conflict, Invalid
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.acts.checks import require_duty
from permissions.acts.vocabulary import Duty
from permissions.policies.commands import change_rules
from permissions.policies.rules import read, stored


@agents_only
def index(request: AgentRequest) -> HttpResponse:
    """The fields in their order; a POST changes how values are masked."""
    require_duty(request.user, Duty.FIELDS)
    policy, status = stored(Privacy), 200
    rules = read(Privacy, policy.value)
    values = {
        "mask_texts": rules.mask_texts,
        "reveal_minutes": rules.reveal_minutes,
        "version": policy.version,
    }
    form = PrivacyForm(request.POST or None, initial=values)
    if request.method == "POST":
        if form.is_valid():
            version = form.cleaned_data.pop("version")
            try:
                change_rules(
                    agent=request.user, rules=Privacy(**form.cleaned_data), version=version
                )
                return redirect("context:customer-fields")
            except Conflict as refusal:
                form.add_error(None, str(refusal.sentence))
        status = 422
    known = all_fields()
    context = {
        "fields": [field for field in known if field.archived_at is None],
        "archived": [field for field in known if field.archived_at],
        "form": form,
        "policy": policy,
    }
    return render(request, "collaboration/context/fields.html", context, status=status)


@agents_only
def edit(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    require_duty(request.user, Duty.FIELDS)
    field, status = None, 200
    if pk is not None:
        field = CustomerField.objects.select_related("changed_by").filter(pk=pk).first()
        if field is None:
            raise Http404
    form = FieldForm(request.POST or None, field=field)
    if request.method == "POST":
        if form.is_valid() and _save(request, form, field):
            return redirect("context:customer-fields")
        status = 422
    context = {"form": form, "field": field}
    return render(request, "collaboration/context/field.html", context, status=status)


def _save(request: AgentRequest, form: FieldForm, field: CustomerField | None) -> bool:
    content: dict[str, Any] = form.content
    try:
        if field is None:
            commands.add_field(agent=request.user, **content)
        else:
            content["version"] = content.get("version") or 0
            commands.change_field(agent=request.user, field=field.pk, **content)
    except (Conflict, Invalid) as refusal:
        form.add_error(None, str(refusal.sentence))
        return False
    return True


@agents_only
@require_POST
def archive(request: AgentRequest, pk: int) -> HttpResponse:
    archived = request.POST.get("archived") != "0"
    commands.archive_field(agent=request.user, field=pk, archived=archived)
    return redirect("context:customer-fields")


@agents_only
@require_POST
def move(request: AgentRequest, pk: int) -> HttpResponse:
    commands.move_field(agent=request.user, field=pk, up=request.POST.get("way") == "up")
    return redirect("context:customer-fields")
