from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.modes.floor import UNDO, Collaboration, InternalMessages
from conversations.modes.forms import FloorForm


class CollaborationForm(FloorForm):
    """The rules that hold everywhere, and the version that was shown."""

    enabled = forms.BooleanField(label=_("Several agents work in one conversation"), required=False)
    unseen_supervisors = forms.BooleanField(
        label=_("Supervisors may watch without being seen"), required=False
    )
    undo_seconds = forms.TypedChoiceField(
        label=_("A reply can be taken back before it is sent"),
        choices=[
            (0, _("No, it is sent at once")),
            *((some, format_lazy(_("for {seconds} seconds"), seconds=some)) for some in UNDO[1:]),
        ],
        coerce=int,
        required=False,
        empty_value=0,  # type: ignore[arg-type]
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
            "undo_seconds": rules.undo_seconds,
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
            undo_seconds=data["undo_seconds"],
        )


class InternalMessagesForm(forms.Form):
    """Whether colleagues write each other notes, and the version that was shown."""

    enabled = forms.BooleanField(label=_("Colleagues write internal notes"), required=False)
    sensitive = forms.BooleanField(label=_("Notes may be sensitive"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    @staticmethod
    def values_of(rules: InternalMessages) -> dict[str, Any]:
        return {"enabled": rules.enabled, "sensitive": rules.sensitive}

    @property
    def rules(self) -> InternalMessages:
        data = self.cleaned_data
        return InternalMessages(enabled=data["enabled"], sensitive=data["sensitive"])
