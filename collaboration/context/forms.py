from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from conversations.customers.kinds import COLUMNS, OFFERED, Kind, Sensitivity
from conversations.customers.models import CustomerField
from conversations.customers.rules import LONGEST_REVEAL
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text, one_line

MOST_CHOICES = 50


def _line(value: str, limit: int) -> str:
    try:
        return one_line(clean_text(value, limit=limit * 2), limit=limit)
    except Invalid as refusal:
        raise ValidationError(refusal.sentence) from None


class FieldForm(forms.Form):
    """What a field of customers is called, what it takes and who reads it."""

    label_en = forms.CharField(label=_("Name in English"), required=False, max_length=60)
    label_zh = forms.CharField(label=_("Name in Chinese"), required=False, max_length=60)
    kind = forms.ChoiceField(label=_("Kind"), choices=[(kind, kind.label) for kind in OFFERED])
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line. Only for the kind “choice”."),
    )
    sensitivity = forms.ChoiceField(
        label=_("Who reads it"), choices=Sensitivity.choices, widget=forms.RadioSelect
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, field: CustomerField | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field is None:
            del self.fields["version"]
            self.initial.setdefault("sensitivity", Sensitivity.INTERNAL)
            return
        del self.fields["kind"]
        if field.kind != Kind.CHOICE:
            del self.fields["choices"]
        if field.is_built_in:
            self.fields["label_en"].help_text = _("Empty: its built-in name.")
            self.fields["label_zh"].help_text = _("Empty: its built-in name.")
        if field.key in COLUMNS:
            self.fields["sensitivity"].disabled = True
            self.fields["sensitivity"].help_text = _("Every list shows this; it stays basic.")
        self.initial = {
            "label_en": field.label_en,
            "label_zh": field.label_zh,
            "choices": "\n".join(field.choices),
            "sensitivity": field.sensitivity,
            "version": field.version,
        }

    def clean_label_en(self) -> str:
        return _line(self.cleaned_data["label_en"], 60)

    def clean_label_zh(self) -> str:
        return _line(self.cleaned_data["label_zh"], 60)

    def clean_choices(self) -> list[str]:
        lines = self.cleaned_data["choices"].splitlines()
        found = [text for line in lines if (text := _line(line, 80))]
        if len(found) > MOST_CHOICES:
            raise ValidationError(
                _("There can be %(most)s choices at most."), params={"most": MOST_CHOICES}
            )
        return found

    @property
    def content(self) -> dict[str, Any]:
        """What the commands are told."""
        names = ("label_en", "label_zh", "sensitivity", "choices", "kind", "version")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class PrivacyForm(forms.Form):
    mask_texts = forms.BooleanField(
        label=_("Mask numbers and addresses in messages"),
        required=False,
        help_text=_(
            "Phone, card and identity numbers and e-mail addresses in what is written are masked "
            "for agents without the right to see sensitive details."
        ),
    )
    reveal_minutes = forms.IntegerField(
        label=_("Minutes a revealed value is shown"), min_value=1, max_value=LONGEST_REVEAL
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
