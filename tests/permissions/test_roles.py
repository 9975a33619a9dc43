"""Roles, teams and agents: who may change them, and what nobody may."""

import re
from typing import Any

import pytest

from helpdesk.core.refusals import Conflict, Invalid, NotAllowed
from permissions.accounts import commands as accounts
from permissions.accounts.models import Agent
from permissions.acts.checks import allowed, has_duty, rights_of
from permissions.acts.shown import fingerprint
from permissions.acts.vocabulary import TEAM_ACTS, Act, Duty
from permissions.audit.models import AuditRecord
from permissions.roles import commands
from permissions.roles.models import Role
from tests.conftest import PASSWORD, Browser, Cast


def fresh(agent: Agent) -> Agent:
    return Agent.objects.get(pk=agent.pk)


def role(key: str) -> Role:
    return Role.objects.get(key=key)


@pytest.fixture
def admin(cast: Cast) -> Agent:
    return accounts.invite_agent(
        actor=None, username="ada", name="Ada Admin", password=PASSWORD, roles=[role("admin")]
    )


@pytest.fixture
def hiring(cast: Cast, admin: Agent) -> Agent:
    """May invite and change agents, and nothing else."""
    made = commands.create_role(actor=admin, name="Hiring", duties=[Duty.AGENTS])
    return accounts.invite_agent(
        actor=admin, username="hal", name="Hal Hiring", password=PASSWORD, roles=[made]
    )


def client_of(agent: Agent) -> Browser:
    client = Browser()
    client.force_login(agent, backend="permissions.accounts.backends.AgentBackend")
    return client


def change(found: Role, actor: Agent, **values: Any) -> Role:
    state = commands.state_of(found)
    wanted = {
        "name": state["name"],
        "description": state["description"],
        "acts": [Act(act) for act in state["acts"]],
        "duties": [Duty(duty) for duty in state["duties"]],
    }
    return commands.change_role(actor=actor, role=found, **wanted | values)


def test_a_role_adds_to_what_a_team_shows_and_nothing_elsewhere(cast: Cast, admin: Agent) -> None:
    accounts.change_agent(
        actor=admin,
        agent=cast.amy,
        name="Amy",
        public_name="",
        roles=[role("senior")],
        teams=[cast.team],
    )
    amy = fresh(cast.amy)
    assert allowed(amy, Act.TAG, cast.inbox)
    assert not allowed(amy, Act.TAG, cast.other_inbox)
    assert rights_of(amy).seen == {cast.inbox.pk}


def test_an_edited_role_counts_at_once_for_all_who_have_it(cast: Cast, admin: Agent) -> None:
    supervisor = accounts.invite_agent(
        actor=admin, username="sue", name="Sue", password=PASSWORD, roles=[role("supervisor")]
    )
    assert allowed(fresh(supervisor), Act.EXPORT, cast.inbox)
    before = fresh(supervisor).authz_version
    left = [Act(act) for act in role("supervisor").acts if act != Act.EXPORT]
    change(role("supervisor"), admin, acts=left)
    assert fresh(supervisor).authz_version > before
    assert not allowed(fresh(supervisor), Act.EXPORT, cast.inbox)
    assert allowed(fresh(supervisor), Act.ASSIGN, cast.other_inbox)


def test_of_several_scopes_the_widest_is_kept(cast: Cast, admin: Agent) -> None:
    made = commands.create_role(actor=admin, name="Wide", acts=[Act.VIEW_OWN, Act.VIEW_TEAM])
    assert made.acts == [Act.VIEW_TEAM]


def test_the_admin_role_keeps_everything(cast: Cast, admin: Agent) -> None:
    change(role("admin"), admin, acts=[], duties=[], description="Everything")
    assert set(role("admin").acts) >= TEAM_ACTS
    assert role("admin").duties == set(Duty.values)
    assert role("admin").description == "Everything"
    with pytest.raises(Conflict):
        commands.remove_role(actor=admin, role=role("admin"))


def test_nobody_gives_duties_they_lack(cast: Cast, admin: Agent, hiring: Agent) -> None:
    with pytest.raises(NotAllowed):
        accounts.change_agent(
            actor=fresh(hiring),
            agent=cast.eve,
            name="Eve",
            public_name="",
            roles=[role("admin")],
            teams=[],
        )
    with pytest.raises(NotAllowed):
        accounts.invite_agent(
            actor=fresh(hiring), username="zed", name="Zed", roles=[role("auditor")]
        )
    with pytest.raises(NotAllowed):
        accounts.deactivate_agent(actor=fresh(hiring), agent=admin)
    assert not Agent.objects.filter(username="zed").exists()


def test_nobody_raises_themselves(cast: Cast, admin: Agent, hiring: Agent) -> None:
    own = role(hiring.groups.get().role.key)
    with pytest.raises(NotAllowed):
        accounts.change_agent(
            actor=fresh(hiring), agent=hiring, name="Hal", public_name="", roles=[own],
            teams=[cast.team],
        )  # fmt: skip
    change(own, admin, duties=[Duty.AGENTS, Duty.ROLES])
    with pytest.raises(NotAllowed):
        change(role(own.key), fresh(hiring), acts=[Act.VIEW])
    assert rights_of(fresh(hiring)).seen == frozenset()


def test_the_last_admin_stays(cast: Cast, admin: Agent) -> None:
    second = accounts.invite_agent(
        actor=admin, username="abe", name="Abe", password=PASSWORD, roles=[role("admin")]
    )
    accounts.deactivate_agent(actor=second, agent=admin)
    with pytest.raises(Conflict):
        accounts.change_agent(
            actor=second, agent=second, name="Abe", public_name="", roles=[], teams=[]
        )
    with pytest.raises(Conflict):  # oneself
        accounts.deactivate_agent(actor=second, agent=second)
    assert has_duty(fresh(second), Duty.ROLES)


def test_whoever_saves_an_old_page_is_told_who_was_first(cast: Cast, admin: Agent) -> None:
    shown = fingerprint(accounts.team_state(cast.team))
    accounts.change_team(
        actor=admin, team=cast.team, name="Service", members=[cast.amy, cast.ben], shown=shown
    )
    with pytest.raises(Conflict, match="Ada Admin"):
        accounts.change_team(
            actor=admin, team=cast.team, name="Service", members=[cast.eve], shown=shown
        )
    assert {agent.username for agent in cast.team.members} == {"amy", "ben"}


def test_who_left_a_team_loses_what_it_gave(cast: Cast, admin: Agent) -> None:
    assert allowed(fresh(cast.amy), Act.REPLY, cast.inbox)
    accounts.change_team(actor=admin, team=cast.team, name="Service", members=[])
    assert rights_of(fresh(cast.amy)).seen == frozenset()


@pytest.mark.parametrize("name", ["", "  ", "\u202e", "x" * 81])
def test_bad_names_are_refused(cast: Cast, admin: Agent, name: str) -> None:
    with pytest.raises(Invalid):
        commands.create_role(actor=admin, name=name)
    with pytest.raises(Invalid):
        accounts.create_team(actor=admin, name=name)


def test_names_are_taken_once(cast: Cast, admin: Agent) -> None:
    with pytest.raises(Conflict):
        commands.create_role(actor=admin, name="Admin")
    with pytest.raises(Conflict):
        accounts.create_team(actor=admin, name="Service")
    with pytest.raises(Conflict):
        accounts.invite_agent(actor=admin, username="AMY", name="Another Amy")


# --- the pages -----------------------------------------------------------------------------


def test_an_invited_agent_chooses_a_password_by_a_link_that_works_once(
    cast: Cast, admin: Agent
) -> None:
    form = {"username": "new", "name": "New <b>", "teams": [cast.team.pk]}
    page = client_of(admin).post("/settings/agents/new/", form)
    assert page.status_code == 200
    link = re.search(r"/welcome/[^\"<]+", page.content.decode())
    assert link is not None
    stranger = Browser()
    assert stranger.get(link.group()).status_code == 200
    word = "a quite long password"
    chosen = {"new_password1": word, "new_password2": word}
    assert stranger.post(link.group(), chosen).status_code == 302
    assert stranger.get(link.group()).status_code == 404
    assert stranger.login(username="new", password=word)
    assert AuditRecord.objects.filter(verb="agent.invite", actor_id=str(admin.pk)).exists()


def test_a_link_is_not_made_for_those_who_may_do_more(
    cast: Cast, admin: Agent, hiring: Agent
) -> None:
    Agent.objects.update(last_login="2026-01-01T00:00Z")
    with pytest.raises(NotAllowed):
        accounts.offer_password_link(actor=fresh(hiring), agent=cast.amy)
    with pytest.raises(NotAllowed):
        accounts.offer_password_link(actor=fresh(hiring), agent=admin)
    assert accounts.offer_password_link(actor=admin, agent=cast.amy) == cast.amy


def test_the_pages_save_what_they_show(cast: Cast, admin: Agent) -> None:
    client = client_of(admin)
    page = client.get(f"/settings/roles/{role('senior').pk}/")
    form = page.context["form"]
    data = {
        name: form[name].value()
        for name in ("name", "description", "scope", "acts", "duties", "shown")
    }
    answer = client.post(page.request["PATH_INFO"], data | {"acts": [Act.TAG, Act.EXPORT]})
    assert answer.status_code == 302
    assert role("senior").acts == sorted([Act.TAG, Act.EXPORT])
    again = client.post(page.request["PATH_INFO"], data)
    assert again.status_code == 409
    assert "Ada Admin" in again.content.decode()
    made = client.post("/settings/roles/new/", data | {"name": "Guides"})
    assert made.status_code == 302
    assert client.get(made["Location"]).status_code == 200


@pytest.mark.parametrize("who", ["amy", "ben", "eve"])
@pytest.mark.parametrize(
    "path",
    ["agents/", "agents/new/", "teams/", "teams/new/", "roles/", "roles/new/", "rights/", "why/"],
)
def test_the_pages_are_for_those_with_the_duty(
    cast: Cast, signed_in: Any, who: str, path: str
) -> None:
    assert signed_in(who).get(f"/settings/{path}").status_code == 403


def test_the_pages_cost_a_steady_number_of_queries(
    cast: Cast, admin: Agent, django_assert_max_num_queries: Any
) -> None:
    client = client_of(admin)
    paths = ("agents/", "teams/", "roles/", f"rights/{cast.inbox.pk}/", f"agents/{cast.amy.pk}/")
    for path in paths:
        client.get(f"/settings/{path}")
        with django_assert_max_num_queries(24):
            assert client.get(f"/settings/{path}").status_code == 200
