from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.acts.vocabulary import ACT_GROUPS, SCOPES, Act, Duty

NOTHING = ("", _("Nothing by this role: what their teams show them"))
SCOPE_CHOICES = [NOTHING, *((act.value, act.label) for act in SCOPES)]


class RoleForm(forms.Form):
    """What a role is called, and what it may do."""

    name = forms.CharField(label=_("Name of the role"), max_length=80)
    description = forms.CharField(label=_("What it is for"), max_length=200, required=False)
    scope = forms.ChoiceField(
        label=_("What they see of every inbox"), choices=SCOPE_CHOICES, required=False
    )
    acts = forms.MultipleChoiceField(
        label=_("What they may do in the inboxes they see"),
        choices=[(name, [(act.value, act.label) for act in acts]) for name, acts in ACT_GROUPS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    duties = forms.MultipleChoiceField(
        label=_("Duties for the whole installation"),
        choices=Duty.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    @property
    def wanted(self) -> dict[str, Any]:
        data = self.cleaned_data
        acts = [*data["acts"], data["scope"]] if data["scope"] else data["acts"]
        return {
            "name": data["name"],
            "description": data["description"],
            "acts": [Act(act) for act in acts],
            "duties": [Duty(duty) for duty in data["duties"]],
        }


def initial_of(state: dict[str, Any], shown: str = "") -> dict[str, Any]:
    scope = next((act.value for act in SCOPES if act.value in state["acts"]), "")
    return {**state, "scope": scope, "shown": shown}
