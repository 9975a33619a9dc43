from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.translation import gettext_lazy as _

from conversations.inboxes.commands import read_sites
from conversations.inboxes.hours import WEEKDAYS, Hours, read_hours
from conversations.inboxes.models import MOST_KEY, Inbox
from conversations.modes.floor import Floor, Joining
from conversations.modes.forms import FloorForm
from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Team

# Those that tables still know under an older name, or that are no place, are not offered.
ZONES = {zone for zone in available_timezones() if "/" in zone and "Etc/" not in zone}
OWN_COLOUR = "#0d6e63"  # the product's, from which an inbox's own is chosen


class NewInboxForm(forms.Form):
    """What an inbox has to have before it can be opened."""

    name = forms.CharField(label=_("Name of the inbox"), max_length=80)
    key = forms.CharField(
        label=_("Key"),
        max_length=MOST_KEY,
        help_text=_("Part of its address, for good: small letters, digits and hyphens."),
        widget=forms.TextInput(
            attrs={
                "autocapitalize": "none",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "shop",
            }
        ),
    )
    teams = forms.ModelMultipleChoiceField(
        Team.objects.order_by("name"),
        label=_("Teams that work in it"),
        widget=forms.CheckboxSelectMultiple,
    )


class InboxForm(FloorForm):
    """All that its page sets of an inbox, and the version that was shown."""

    name = forms.CharField(label=_("Name of the inbox"), max_length=80)
    is_active = forms.BooleanField(label=_("In use: customers can write"), required=False)
    teams = forms.ModelMultipleChoiceField(
        Team.objects.order_by("name"),
        label=_("Teams that work in it"),
        widget=forms.CheckboxSelectMultiple,
    )
    has_colour = forms.BooleanField(label=_("A colour of its own"), required=False)
    colour = forms.CharField(label=_("Colour"), max_length=7, required=False)
    position = forms.ChoiceField(
        label=_("Side of the button"), choices=Inbox.Position.choices, widget=forms.RadioSelect
    )
    greeting = forms.CharField(
        label=_("Greeting"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The first thing customers read in the chat."),
    )
    greets_visitors = forms.BooleanField(
        label=_("Show the greeting beside the button too"), required=False
    )
    shows_typing = forms.BooleanField(
        label=_("Agents see what customers are typing, before it is sent"), required=False
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    always_open = forms.BooleanField(label=_("Open around the clock"), required=False)
    away_text = forms.CharField(
        label=_("Text outside of opening hours"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    sites = forms.CharField(
        label=_("Sites that may show the chat"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "https://shop.example"}),
        help_text=_("One address on each line, like https://shop.example. Empty: any site."),
    )
    team_name = forms.CharField(
        label=_("Name for the whole team"),
        max_length=80,
        required=False,
        help_text=_("Empty: the inbox's name."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, inbox: Inbox, usual: Floor, sets_teams: bool) -> None:
        super().__init__(*args, usual=usual, initial=self.values_of(inbox))
        self.inbox = inbox
        zones = sorted({*ZONES, "UTC", inbox.time_zone})
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]
        self.fields["teams"].disabled = not sets_teams

    @staticmethod
    def values_of(inbox: Inbox) -> dict[str, Any]:
        return {
            "name": inbox.name,
            "is_active": inbox.is_active,
            "teams": inbox.teams.all(),
            "has_colour": bool(inbox.colour),
            "colour": inbox.colour or OWN_COLOUR,
            "position": inbox.position,
            "greeting": inbox.greeting,
            "greets_visitors": inbox.greets_visitors,
            "shows_typing": inbox.shows_typing,
            "time_zone": inbox.time_zone,
            "always_open": not inbox.opening_hours,
            "away_text": inbox.away_text,
            "sites": "\n".join(inbox.sites),
            "mode": inbox.mode,
            "joining": inbox.joining,
            "groups": inbox.joining_groups,
            "most": inbox.most_participants,
            "shown": inbox.shown_as,
            "team_name": inbox.team_name,
            "version": inbox.version,
        }

    def clean_sites(self) -> list[str]:
        lines = [line.strip().rstrip("/") for line in self.cleaned_data["sites"].splitlines()]
        try:
            return read_sites([line.lower() for line in lines if line])
        except Invalid as refusal:
            raise ValidationError(refusal.sentence) from None

    def clean_always_open(self) -> bool:
        """With the hours, which come as two lists of times for each day."""
        self.opening_hours: Hours = {}
        if self.cleaned_data["always_open"]:
            return True
        try:
            self.opening_hours = read_hours(posted_hours(self.data))
        except Invalid as refusal:
            raise ValidationError(refusal.sentence) from None
        if not self.opening_hours:
            raise ValidationError(_("Name the hours of at least one day."))
        return False

    @property
    def days(self) -> list[tuple[str, Any, list[list[str]]]]:
        """Each weekday with its name and its intervals, as the page shows them."""
        hours = posted_hours(self.data) if self.is_bound else self.inbox.opening_hours
        return [
            (day, DAY_NAMES[number], [[begin, _clock(end)] for begin, end in hours.get(day, [])])
            for number, day in enumerate(WEEKDAYS)
        ]

    @property
    def changes(self) -> dict[str, Any]:
        data = self.cleaned_data
        plain = (
            *("name", "is_active", "position", "greeting", "greets_visitors", "shows_typing"),
            *("time_zone", "away_text", "sites", "mode", "joining", "team_name"),
        )
        return {name: data[name] for name in plain} | {
            "colour": data["colour"] if data["has_colour"] else "",
            "opening_hours": self.opening_hours,
            "joining_groups": data["groups"] if data["joining"] == Joining.CHOSEN else [],
            "most_participants": data["most"],
            "shown_as": data["shown"],
        }


def posted_hours(data: Any) -> Hours:
    """The intervals of a form by weekday; a time field says midnight at the end as 00:00."""
    if not isinstance(data, QueryDict):
        return {}
    found: Hours = {}
    for day in WEEKDAYS:
        times = zip(data.getlist(f"{day}-begin"), data.getlist(f"{day}-end"), strict=False)
        intervals = [
            [begin[:5], "24:00" if end[:5] == f"{time.min:%H:%M}" else end[:5]]
            for begin, end in times
            if begin or end
        ]
        if intervals:
            found[day] = intervals
    return found


def _clock(end: str) -> str:
    return "00:00" if end == "24:00" else end
