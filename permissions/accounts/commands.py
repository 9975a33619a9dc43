"""Everything that changes agents and teams."""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db.models.functions import Now

from permissions.accounts.events import StatusChosen
from permissions.accounts.models import Agent, AgentStatus, Attendance, Team
from permissions.acts.checks import raise_version
from permissions.acts.command import command
from permissions.acts.scope import AccessChanged
from permissions.roles.models import Role


def create_team(*, actor: Agent | None, name: str) -> Team:
    with command("team.create", actor=actor, on=None) as step:
        group = Group.objects.create(name=f"team: {name}")
        team = Team.objects.create(name=name, group=group)
        step.on = team
        step.note(name=name)
        return team


def invite_agent(
    *,
    actor: Agent | None,
    username: str,
    name: str,
    password: str,
    public_name: str = "",
    language: str = "",
    time_zone: str = "",
    roles: Iterable[Role] = (),
    teams: Iterable[Team] = (),
) -> Agent:
    """Create an agent with a password, roles and teams."""
    with command("agent.invite", actor=actor, on=None) as step:
        agent = Agent(
            username=username,
            name=name,
            public_name=public_name,
            language=language,
            time_zone=time_zone,
        )
        agent.set_password(password)
        agent.save()
        roles, teams = list(roles), list(teams)
        agent.groups.set([*(role.group for role in roles), *(team.group for team in teams)])
        step.on = agent
        step.note(
            username=username,
            roles=[role.group.name for role in roles],
            teams=[team.name for team in teams],
        )
        return agent


def join_team(*, actor: Agent | None, agent: Agent, team: Team) -> None:
    with command("team.join", actor=actor, on=team) as step:
        agent.groups.add(team.group)
        step.note(agent=agent.pk)
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=agent.pk))))


def leave_team(*, actor: Agent | None, agent: Agent, team: Team) -> None:
    with command("team.leave", actor=actor, on=team) as step:
        agent.groups.remove(team.group)
        step.note(agent=agent.pk)
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=agent.pk))))


def deactivate_agent(*, actor: Agent | None, agent: Agent) -> None:
    """End an agent's access at once, on open screens too."""
    with command("agent.deactivate", actor=actor, on=agent) as step:
        Agent.objects.filter(pk=agent.pk).update(is_active=False)
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=agent.pk))))


def change_password(*, agent: Agent, password: str) -> None:
    """Set a new password. All other sessions of the agent end by it."""
    with command("agent.change_password", actor=agent, on=agent) as step:
        agent.set_password(password)
        agent.save(update_fields=["password"])
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=agent.pk))))


def change_preferences(*, agent: Agent, language: str, time_zone: str, enter_sends: bool) -> None:
    after = {"language": language, "time_zone": time_zone, "enter_sends": enter_sends}
    with command("agent.change_preferences", actor=agent, on=agent) as step:
        step.note(before={name: getattr(agent, name) for name in after}, after=after)
        for name, value in after.items():
            setattr(agent, name, value)
        agent.save(update_fields=list(after))


def choose_status(*, agent: Agent, status: AgentStatus) -> Attendance:
    """Say what colleagues may expect. Whoever has no tab open is offline all the same."""
    with command("agent.choose_status", actor=agent, on=agent) as step:
        Attendance.objects.bulk_create([Attendance(agent=agent)], ignore_conflicts=True)
        found = Attendance.objects.select_for_update().get(agent=agent)
        if found.chosen == status:
            step.nothing_changed()
            return found
        step.note(before=found.chosen, after=status.value)
        found.chosen, found.active_at = status, Now()
        found.save(update_fields=["chosen", "active_at"])
        step.tell(StatusChosen(agent.pk))
        return found


def record_sign_in(*, agent: Agent) -> None:
    with command("agent.sign_in", actor=agent, on=agent):
        pass


def record_sign_out(*, agent: Agent) -> None:
    """Offline at once; where they are still signed in, that process says so again."""
    with command("agent.sign_out", actor=agent, on=agent) as step:
        Attendance.objects.filter(agent=agent).update(last_seen_at=None)
        step.tell(AccessChanged((agent.pk,)))


def record_failed_sign_in(*, username: str, known: Agent | None) -> None:
    """A failed try is told about the account it aimed at; a name nobody has is not kept."""
    with command("agent.sign_in_failed", actor=None, on=known) as step:
        step.note(known=known is not None)
