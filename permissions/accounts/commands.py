"""Everything that changes agents and teams."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.contrib.auth.models import Group
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.core.text import clean_text, one_line
from permissions.accounts.belongings import belongings, pass_on
from permissions.accounts.events import StatusChosen
from permissions.accounts.models import Agent, AgentStatus, Attendance, Team
from permissions.accounts.sessions import SignIn
from permissions.acts.checks import (
    raise_version,
    read_rights,
    require_duty,
    rights_of,
    take_everywhere,
)
from permissions.acts.command import command
from permissions.acts.scope import AccessChanged
from permissions.acts.shown import require_unchanged
from permissions.acts.vocabulary import Act, Duty
from permissions.roles.bounds import lock_admins, never_above, require_an_admin, require_within
from permissions.roles.models import Role

T = TypeVar("T")
NAME_TAKEN = _("Somebody signs in with this name already.")
TEAM_TAKEN = _("There is a team of this name already.")


def team_state(team: Team) -> dict[str, Any]:
    """What may be changed of a team, as a form shows it."""
    members = team.members.order_by("pk").values_list("pk", flat=True)
    return {"name": team.name, "members": list(members)}


def agent_state(agent: Agent) -> dict[str, Any]:
    """What administrators may change of an agent, as a form shows it."""
    groups = agent.groups.all()
    return {
        "username": agent.username,
        "name": agent.name,
        "public_name": agent.public_name,
        "active": agent.is_active,
        "roles": sorted(groups.filter(role__isnull=False).values_list("role", flat=True)),
        "teams": sorted(groups.filter(team__isnull=False).values_list("team", flat=True)),
    }


def create_team(*, actor: Agent | None, name: str, members: Iterable[Agent] = ()) -> Team:
    try:
        with command("team.create", actor=actor, on=None) as step, never_above(actor):
            _require_agents(actor)
            name = _line(name, 80, _("A team needs a name."))
            group = Group.objects.create(name=f"team: {name}")
            team = Team.objects.create(name=name, group=group)
            joined = [agent.pk for agent in members]
            group.user_set.set(joined)
            step.on = team
            step.note(name=name, members=joined)
            if joined:
                step.tell(AccessChanged(raise_version(Agent.objects.filter(pk__in=joined))))
            return team
    except IntegrityError:
        raise Conflict(TEAM_TAKEN) from None


def change_team(
    *, actor: Agent, team: Team, name: str, members: Iterable[Agent], shown: str | None = None
) -> Team:
    """Set a team's name and members. Who left loses what only the team gave them, at once.

    Conflict if the team is not as it was `shown`.
    """
    try:
        with command("team.change", actor=actor, on=team) as step, never_above(actor):
            _require_agents(actor)
            found = Team.objects.select_for_update(of=("self",)).select_related("group")
            team = _there(found.filter(pk=team.pk).first())
            before = team_state(team)
            require_unchanged(shown, before, of=team)
            team.name = _line(name, 80, _("A team needs a name."))
            team.group.name = f"team: {team.name}"
            team.group.save(update_fields=["name"])
            team.save(update_fields=["name"])
            had, wanted = set(before["members"]), {agent.pk for agent in members}
            team.group.user_set.remove(*had - wanted)
            team.group.user_set.add(*wanted - had)
            after = team_state(team)
            if after == before:
                step.nothing_changed()
                return team
            step.note(before=before, after=after)
            if changed := had ^ wanted:
                step.tell(AccessChanged(raise_version(Agent.objects.filter(pk__in=changed))))
            return team
    except IntegrityError:
        raise Conflict(TEAM_TAKEN) from None


def remove_team(
    *, actor: Agent, team: Team, heir: Team | None = None, shown: str | None = None
) -> None:
    """Take a team away. All that stands on it goes to the heir; Conflict without one if anything
    does. Its members lose what only the team gave them, at once."""
    with command("team.remove", actor=actor, on=team) as step, never_above(actor):
        _require_agents(actor)
        both = Team.objects.filter(pk__in=[team.pk, heir.pk] if heir else [team.pk])
        # A weak lock: whoever hands something over meanwhile locks that first, and the team last.
        rows = both.order_by("pk").select_for_update(of=("self",), no_key=True)
        locked = {one.pk: one for one in rows}
        team = _there(locked.get(team.pk))
        before = team_state(team)
        require_unchanged(shown, before, of=team)
        if heir is None and belongings(team):
            raise Conflict(_("Say which team takes over what stands on this one."))
        concerned = Agent.objects.filter(groups=team.group_id)
        if heir is not None:
            heir = _there(locked.get(heir.pk) if heir.pk != team.pk else None)
            pass_on(step, actor, team, heir)
            concerned |= Agent.objects.filter(groups=heir.group_id)
        step.note(before=before, heir=heir and heir.pk)
        step.tell(AccessChanged(raise_version(concerned.distinct())))
        group = team.group
        take_everywhere(Act, group)
        team.delete()
        group.delete()


def invite_agent(
    *,
    actor: Agent | None,
    username: str,
    name: str,
    password: str | None = None,
    public_name: str = "",
    language: str = "",
    time_zone: str = "",
    roles: Iterable[Role] = (),
    teams: Iterable[Team] = (),
) -> Agent:
    """Create an agent with roles and teams; without a password they choose one by a link."""
    try:
        with command("agent.invite", actor=actor, on=None) as step:
            _require_agents(actor)
            roles, teams = list(roles), list(teams)
            require_within(actor, _duties_of(roles))
            agent = Agent(
                username=_username(username),
                name=_line(name, 80, _("An agent needs a name.")),
                public_name=_line(public_name, 80),
                language=language,
                time_zone=time_zone,
            )
            agent.set_password(password)
            agent.save()
            agent.groups.set([*(role.group for role in roles), *(team.group for team in teams)])
            step.on = agent
            step.note(
                username=agent.username,
                roles=[role.group.name for role in roles],
                teams=[team.name for team in teams],
            )
            return agent
    except IntegrityError:
        raise Conflict(NAME_TAKEN) from None


def change_agent(
    *,
    actor: Agent,
    agent: Agent,
    name: str,
    public_name: str,
    roles: Iterable[Role],
    teams: Iterable[Team],
    shown: str | None = None,
) -> Agent:
    """Set an agent's names, roles and teams; what they may no longer do ends at once.

    Conflict if the agent is not as `shown`, or the last admin would be none any more.
    """
    with command("agent.change", actor=actor, on=agent) as step, never_above(actor):
        lock_admins()
        agent = _lock_agent(actor, agent)
        before = agent_state(agent)
        require_unchanged(shown, before, of=agent)
        roles, teams = list(roles), list(teams)
        had = list(Role.objects.filter(pk__in=before["roles"]))
        require_within(actor, _duties_of(set(had) ^ set(roles)))
        if any(role.is_admin for role in set(had) - set(roles)):
            require_an_admin(besides=agent)
        agent.name = _line(name, 80, _("An agent needs a name."))
        agent.public_name = _line(public_name, 80)
        agent.save(update_fields=["name", "public_name"])
        groups = [*(role.group_id for role in roles), *(team.group_id for team in teams)]
        kept = agent.groups.filter(role=None, team=None).values_list("pk", flat=True)
        agent.groups.set([*kept, *groups])
        after = agent_state(agent)
        if after == before:
            step.nothing_changed()
            return agent
        changed = [key for key in after if after[key] != before[key]]
        step.note(
            before={key: before[key] for key in changed}, after={key: after[key] for key in changed}
        )
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=agent.pk))))
        return agent


def join_team(*, actor: Agent | None, agent: Agent, team: Team) -> None:
    with command("team.join", actor=actor, on=team) as step, never_above(actor):
        _require_agents(actor)
        agent.groups.add(team.group)
        step.note(agent=agent.pk)
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=agent.pk))))


def leave_team(*, actor: Agent | None, agent: Agent, team: Team) -> None:
    with command("team.leave", actor=actor, on=team) as step:
        _require_agents(actor)
        agent.groups.remove(team.group)
        step.note(agent=agent.pk)
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=agent.pk))))


def deactivate_agent(
    *, actor: Agent | None, agent: Agent, heir: Agent | Team | None = None
) -> None:
    """End an agent's access at once, on open screens too. The last admin stays.

    What they are responsible for goes to the heir; to nobody, and it waits for somebody.
    """
    with command("agent.deactivate", actor=actor, on=agent) as step:
        lock_admins()
        found = _lock_agent(actor, agent)
        if actor and actor.pk == found.pk:
            raise Conflict(_("Nobody deactivates themselves."))
        if not found.is_active:
            step.nothing_changed()
            return
        if actor:
            require_an_admin(besides=found)
        if isinstance(heir, Team):  # locked before what it gets, as where a team is removed
            teams = Team.objects.select_for_update(of=("self",), no_key=True)
            heir = _there(teams.filter(pk=heir.pk).first())
        Agent.objects.filter(pk=found.pk).update(is_active=False)
        pass_on(step, actor, found, heir)
        step.note(heir=heir and {"kind": type(heir).__name__.lower(), "id": heir.pk})
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=found.pk))))


def reactivate_agent(*, actor: Agent | None, agent: Agent) -> None:
    """Let an agent in again, with the roles and teams they had."""
    with command("agent.reactivate", actor=actor, on=agent) as step:
        found = _lock_agent(actor, agent)
        if found.is_active:
            step.nothing_changed()
            return
        Agent.objects.filter(pk=found.pk).update(is_active=True)
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=found.pk))))


def offer_password_link(*, actor: Agent, agent: Agent) -> Agent:
    """Let the actor hand somebody a link by which they choose a password.

    Whoever has the link is that agent: so it is refused for those who may do more than the actor,
    unless they never came in yet.
    """
    with command("agent.password_link", actor=actor, on=agent):
        found = _lock_agent(actor, agent)
        if not found.is_active:
            raise Conflict(_("%(name)s is deactivated.") % {"name": str(found)})
        if found.last_login and not rights_of(actor).covers(read_rights(found)):
            raise NotAllowed(_("%(name)s may do more than you.") % {"name": str(found)})
        return found


def _require_agents(actor: Agent | None) -> None:
    if actor:
        require_duty(actor, Duty.AGENTS)


def _lock_agent(actor: Agent | None, agent: Agent) -> Agent:
    """The agent, locked, if the actor may change those who have such duties."""
    _require_agents(actor)
    # A weak lock: what they write meanwhile names them as its author under the conversation's lock.
    found = _there(Agent.objects.select_for_update(no_key=True).filter(pk=agent.pk).first())
    require_within(actor, _duties_of(Role.objects.filter(group__user=found)))
    return found


def _there(found: T | None) -> T:
    if found is None:
        raise NotFound
    return found


def _duties_of(roles: Iterable[Role]) -> set[str]:
    return {duty for role in roles for duty in role.duties}


def _line(value: str, limit: int, missing: Any = None) -> str:
    line = one_line(clean_text(value, limit=limit), limit=limit)
    if not line and missing:
        raise Invalid(missing)
    return line


def _username(value: str) -> str:
    username = _line(value, 150, _("An agent needs a name to sign in with."))
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as error:
        raise Invalid(error.messages[0]) from None
    if Agent.objects.filter(username__iexact=username).exists():
        raise Conflict(NAME_TAKEN)
    return username


def change_password(*, agent: Agent, password: str, session_key: str = "") -> None:
    """Set a new password. All sessions of the agent but this one end by it."""
    with command("agent.change_password", actor=agent, on=agent) as step:
        agent.set_password(password)
        agent.save(update_fields=["password"])
        SignIn.objects.filter(agent=agent).exclude(session_key=session_key).delete()
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


def record_sign_out(*, agent: Agent, session_key: str = "") -> None:
    """Offline at once; where they are still signed in, that process says so again."""
    with command("agent.sign_out", actor=agent, on=agent) as step:
        SignIn.objects.filter(agent=agent, session_key=session_key).delete()
        Attendance.objects.filter(agent=agent).update(last_seen_at=None)
        step.tell(AccessChanged((agent.pk,)))


def record_failed_sign_in(*, username: str, known: Agent | None) -> None:
    """A failed try is told about the account it aimed at; a name nobody has is not kept."""
    with command("agent.sign_in_failed", actor=None, on=known) as step:
        step.note(known=known is not None)
