from collections.abc import Iterable

from conversations.inboxes.models import Inbox
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import give, raise_version
from permissions.acts.command import command
from permissions.acts.scope import AccessChanged
from permissions.acts.vocabulary import AGENT_ACTS
from permissions.roles.presets import PRESETS, install_roles


def open_inbox(
    *,
    actor: Agent | None,
    key: str,
    name: str,
    teams: Iterable[Team],
    greeting: str = "",
) -> Inbox:
    """Make an inbox that the teams' members work in; leading roles and auditors see it too."""
    roles = install_roles()
    with command("inbox.open", actor=actor, on=None) as step:
        inbox = Inbox.objects.create(key=key, name=name, greeting=greeting)
        teams = list(teams)
        inbox.teams.set(teams)
        for team in teams:
            give(AGENT_ACTS, team.group, inbox)
        for key_, preset in PRESETS.items():
            if preset.everywhere:
                give(preset.everywhere, roles[key_].group, inbox)
        step.on = inbox
        step.note(key=key, teams=[team.pk for team in teams])
        concerned = Agent.objects.filter(groups__in=[team.group_id for team in teams])
        concerned |= Agent.objects.filter(groups__role__isnull=False)
        step.tell(AccessChanged(raise_version(concerned.distinct())))
        return inbox
