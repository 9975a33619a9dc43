"""How one works together, as a form: for the whole installation, or for one inbox."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.modes.enforcing import offered_joining, offered_modes
from conversations.modes.floor import MOST, Floor, Joining, Shown
from permissions.accounts.models import Team
from permissions.roles.models import Role


class FloorForm(forms.Form):
    """`usual` is what holds where an inbox says nothing; without it, it is the rules themselves."""

    mode = forms.ChoiceField(label=_("Who answers the customer"), widget=forms.RadioSelect)
    joining = forms.ChoiceField(label=_("Who may join"), widget=forms.RadioSelect)
    groups = forms.MultipleChoiceField(
        label=_("Teams and roles that may join"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    most = forms.IntegerField(
        label=_("Most participants in one conversation"),
        required=False,
        min_value=1,
        max_value=MOST,
        help_text=_("Empty: as many as like."),
    )
    shown = forms.ChoiceField(label=_("Customers read"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, usual: Floor | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.usual = usual
        modes: list[tuple[str, Any]] = [
            (mode.value, format_html("{}<small>{}</small>", mode.label, mode.meaning))
            for mode in offered_modes()
        ]
        joining: list[tuple[str, Any]] = [(one.value, one.label) for one in offered_joining()]
        shown: list[tuple[str, Any]] = list(Shown.choices)
        if usual:
            as_usual = _("As everywhere: {}")
            names = Shown.TEAM if usual.one_name else Shown.AGENTS
            modes.insert(0, ("", format_lazy(as_usual, usual.mode.label)))
            joining.insert(0, ("", format_lazy(as_usual, usual.joining.label)))
            shown.insert(0, ("", format_lazy(as_usual, names.label)))
            self.fields["most"].help_text = (
                _("Empty: at most %(most)s, as everywhere.") % {"most": usual.most}
                if usual.most
                else _("Empty: as many as like, as everywhere.")
            )
            for name in ("mode", "joining", "shown"):
                self.fields[name].required = False
        self.fields["mode"].choices = modes  # type: ignore[attr-defined]
        self.fields["joining"].choices = joining  # type: ignore[attr-defined]
        self.fields["shown"].choices = shown  # type: ignore[attr-defined]
        teams = Team.objects.order_by("name").values_list("group_id", "name")
        known = Role.objects.select_related("group").order_by("pk")
        roles = [(role.group_id, role.shown_name) for role in known]
        self.fields["groups"].choices = [*teams, *roles]  # type: ignore[attr-defined]

    def clean_groups(self) -> list[int]:
        return sorted(int(pk) for pk in self.cleaned_data["groups"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("joining") == Joining.CHOSEN and data.get("groups") == []:
            self.add_error("groups", ValidationError(_("Choose at least one team or role.")))
        return data
