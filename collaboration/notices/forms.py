from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from collaboration.notices.models import NoticeKind, NoticeSettings
from collaboration.notices.preferences import CHANNELS, channels_of

LABELS = {"app": _("In Tandem"), "sound": _("Sound"), "browser": _("Browser")}


class NoticeSettingsForm(forms.ModelForm):
    """A row of channels per kind of notice, and when to be quiet."""

    class Meta:
        model = NoticeSettings
        fields = ["quiet_viewing", "quiet_busy"]

    def __init__(self, data: Any, *, instance: NoticeSettings) -> None:
        super().__init__(data, instance=instance)
        for kind in NoticeKind:
            self.fields[kind.value] = forms.MultipleChoiceField(
                label=kind.label,
                required=False,
                choices=[(channel, LABELS[channel]) for channel in CHANNELS],
                widget=forms.CheckboxSelectMultiple,
                initial=sorted(channels_of(instance, kind)),
            )

    def rows(self) -> Iterator[forms.BoundField]:
        for kind in NoticeKind:
            yield self[kind.value]

    def quiet(self) -> list[forms.BoundField]:
        return [self["quiet_viewing"], self["quiet_busy"]]

    def chosen(self) -> dict[str, Any]:
        """What the command takes."""
        data = self.cleaned_data
        return {
            "channels": {kind.value: data[kind.value] for kind in NoticeKind},
            "quiet_viewing": data["quiet_viewing"],
            "quiet_busy": data["quiet_busy"],
        }
