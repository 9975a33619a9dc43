"""Input of the pages of agents and teams."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from permissions.accounts.models import Agent, Team
from permissions.roles.models import Role


class RolesField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return obj.shown_name


def _roles() -> RolesField:
    return RolesField(
        Role.objects.select_related("group").order_by("pk"),
        label=_("Roles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def _teams() -> forms.ModelMultipleChoiceField:
    return forms.ModelMultipleChoiceField(
        Team.objects.order_by("name"),
        label=_("Teams"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class AgentForm(forms.Form):
    """Names, roles and teams of an agent."""

    name = forms.CharField(label=_("Name"), max_length=80)
    public_name = forms.CharField(
        label=_("Name shown to customers"),
        max_length=80,
        required=False,
        help_text=_("Empty: the name."),
    )
    roles = _roles()
    teams = _teams()
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class InviteForm(AgentForm):
    """A new agent. They choose their password by a link that works once."""

    username = forms.CharField(label=_("Name to sign in with"), max_length=150)
    field_order = ["username", "name", "public_name", "roles", "teams"]


class TeamForm(forms.Form):
    name = forms.CharField(label=_("Name of the team"), max_length=80)
    members = forms.ModelMultipleChoiceField(
        Agent.objects.filter(is_active=True).order_by("name", "pk"),
        label=_("Members"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class RemoveTeamForm(forms.Form):
    """`heir` gets what stands on the team."""

    heir = forms.ModelChoiceField(
        Team.objects.order_by("name"),
        label=_("Team that takes it over"),
        required=False,
        empty_label=_("Choose a team"),
    )
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Team.objects.exclude(pk=team.pk).order_by("name")
        self.fields["heir"].queryset = others  # type: ignore[attr-defined]


class DeactivateForm(forms.Form):
    """`heir` gets what the agent is responsible for: a team, a colleague, or nobody."""

    heir = forms.ChoiceField(
        label=_("Who takes it over"),
        required=False,
        help_text=_("What they may not answer waits unassigned."),
    )

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.order_by("name")
        others = Agent.objects.filter(is_active=True).exclude(pk=agent.pk).order_by("name", "pk")
        self.heirs: dict[str, Team | Agent] = {f"team:{team.pk}": team for team in teams}
        self.heirs |= {f"agent:{other.pk}": other for other in others}
        self.fields["heir"].choices = [  # type: ignore[attr-defined]
            ("", _("Nobody: it waits unassigned")),
            (_("Teams"), self._named("team:")),
            (_("Agents"), self._named("agent:")),
        ]

    def _named(self, kind: str) -> list[tuple[str, str]]:
        return [(key, str(heir)) for key, heir in self.heirs.items() if key.startswith(kind)]

    def clean_heir(self) -> Team | Agent | None:
        return self.heirs.get(self.cleaned_data["heir"])


def initial_of_agent(agent: Agent, shown: str) -> dict[str, Any]:
    groups: Any = Group.objects.filter(user=agent)
    return {
        "username": agent.username,
        "name": agent.name,
        "public_name": agent.public_name,
        "roles": list(Role.objects.filter(group__in=groups)),
        "teams": list(Team.objects.filter(group__in=groups)),
        "shown": shown,
    }
