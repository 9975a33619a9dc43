from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act

GIVEN = (  # what makes sense on a single conversation or customer; seeing it comes with all
    Act.JOIN,
    Act.REPLY,
    Act.NOTE,
    Act.CONFIDE,
    Act.READ_CONFIDED,
    Act.RESOLVE,
    Act.TRANSFER,
    Act.TAG,
    Act.CLASSIFY,
    Act.CHANGE_CUSTOMER,
    Act.VIEW_SENSITIVE,
)
HOURS = (
    ("1", _("an hour")),
    ("8", _("eight hours")),
    ("24", _("a day")),
    ("168", _("a week")),
    ("720", _("thirty days")),
    ("", _("until it is taken back")),
)


class GiveForm(forms.Form):
    """Who is given what on one thing, why and for how long."""

    to = forms.ModelChoiceField(
        Agent.objects.filter(is_active=True).order_by("name"), label=_("Colleague")
    )
    acts = forms.MultipleChoiceField(
        label=_("May, besides seeing it"),
        choices=[(act.value, act.label) for act in GIVEN],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    hours = forms.ChoiceField(label=_("For"), choices=HOURS, required=False, initial="8")
    reason = forms.CharField(label=_("Reason"), max_length=300)

    @property
    def wanted(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "to": data["to"],
            "acts": [Act(act) for act in data["acts"]],
            "reason": data["reason"],
            "lasts": timedelta(hours=int(data["hours"])) if data["hours"] else None,
        }
