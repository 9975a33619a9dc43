from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conversations.modes.floor import Collaboration
from conversations.modes.forms import FloorForm


class CollaborationForm(FloorForm):
    """The rules that hold everywhere, and the version that was shown."""

    enabled = forms.BooleanField(label=_("Several agents work in one conversation"), required=False)
    unseen_supervisors = forms.BooleanField(
        label=_("Supervisors may watch without being seen"), required=False
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    @staticmethod
    def values_of(rules: Collaboration) -> dict[str, Any]:
        return {
            "enabled": rules.enabled,
            "mode": rules.mode,
            "joining": rules.joining,
            "groups": rules.groups,
            "most": rules.most or None,
            "shown": rules.shown,
            "unseen_supervisors": rules.unseen_supervisors,
        }

    @property
    def rules(self) -> Collaboration:
        data = self.cleaned_data
        return Collaboration(
            enabled=data["enabled"],
            mode=data["mode"],
            joining=data["joining"],
            groups=tuple(data["groups"]),
            most=data["most"] or 0,
            shown=data["shown"],
            unseen_supervisors=data["unseen_supervisors"],
        )
