import dataclasses
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.approvals.registry import operations
from permissions.approvals.rules import LONGEST, SHORTEST, Rule
from permissions.roles.models import Role


class RuleForm(forms.Form):
    """One line of the table: when what needs whose approval."""

    operation = forms.ChoiceField(label=_("Operation"), widget=forms.Select({"class": "input"}))
    role = forms.ChoiceField(
        label=_("Done by"), required=False, widget=forms.Select({"class": "input"})
    )
    tag = forms.CharField(
        label=_("Only with the tag"),
        max_length=80,
        required=False,
        widget=forms.TextInput({"class": "input", "list": "tags", "autocomplete": "off"}),
    )
    issue_type = forms.CharField(
        label=_("Only with the issue type"),
        max_length=80,
        required=False,
        widget=forms.TextInput({"class": "input", "list": "issue-types", "autocomplete": "off"}),
    )
    by = forms.MultipleChoiceField(
        label=_("Decided by"), required=False, widget=forms.CheckboxSelectMultiple
    )
    minutes = forms.IntegerField(
        label=_("Expires after (minutes)"),
        min_value=SHORTEST,
        max_value=LONGEST,
        widget=forms.NumberInput({"class": "input"}),
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, rule: Rule | None, version: int) -> None:
        initial = dataclasses.asdict(rule or Rule("")) | {"version": version}
        super().__init__(data, initial=initial)
        roles = [(role.key, _(role.group.name)) for role in all_roles()]
        known = [(one.name, one.label) for one in operations() if one.in_rules]
        self.fields["operation"].choices = known  # type: ignore[attr-defined]
        self.fields["role"].choices = [("", _("Everybody")), *roles]  # type: ignore[attr-defined]
        self.fields["by"].choices = roles  # type: ignore[attr-defined]

    @property
    def rule(self) -> Rule:
        data = {key: part for key, part in self.cleaned_data.items() if key != "version"}
        return Rule(**data)


def all_roles() -> list[Role]:
    return list(Role.objects.select_related("group").order_by("pk"))
