"""Roles, teams and agents: who may change them, and what nobody may."""

import re
import threading
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections
from django.utils.timezone import now

from collaboration.canned.models import CannedReply
from collaboration.saved.models import SavedView
from conversations.inboxes import commands as commands_of_inboxes
from conversations.intake.commands import begin_session, post_message
from conversations.intake.models import CustomerSession
from conversations.threads.commands import resolve
from conversations.threads.models import Conversation
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed
from permissions.accounts import commands as accounts
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import allowed, give, has_duty, rights_of, take
from permissions.acts.command import command
from permissions.acts.shown import fingerprint
from permissions.acts.vocabulary import TEAM_ACTS, Act, Duty
from permissions.audit.models import AuditRecord
from permissions.roles import commands
from permissions.roles.models import Role
from tests.conftest import PASSWORD, Browser, Cast
from tests.permissions.conftest import set_rules


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


def test_a_team_that_goes_leaves_nothing_behind(cast: Cast, admin: Agent) -> None:
    """Inboxes, conversations, canned replies and views go to another team, and all are told."""
    team = cast.inbox.teams.get()
    heir = accounts.create_team(actor=admin, name="Heirs", members=[cast.eve])
    thread = cast.says("hello").conversation
    Conversation.objects.filter(pk=thread.pk).update(team=team)
    commands_of_inboxes.change_inbox(
        actor=None,
        inbox=cast.inbox,
        changes={"joining": "chosen", "joining_groups": [team.group_id]},
    )
    take([Act.MERGE], team.group, cast.inbox)
    canned = CannedReply.objects.create(team=team, title="Hi", shortcut="hi", body="Hello")
    CannedReply.objects.create(team=heir, title="Hi", shortcut="hi", body="Hi there")
    view = SavedView.objects.create(
        owner=cast.amy, team=team, name="Ours", data={"view": "all", "team": [str(team.pk)]}
    )
    ada = Browser()
    ada.force_login(admin, backend="permissions.accounts.backends.AgentBackend")
    page = f"/settings/teams/{team.pk}/remove/"
    text = ada.get(page).content.decode()
    for said in ("1 inbox", "1 open conversation", "1 canned reply", "1 shared view", "1 rule of"):
        assert said in text
    shown = fingerprint(accounts.team_state(team))
    assert ada.post(page, {"shown": shown}).status_code == 409, "nothing goes without an heir"
    assert ada.post(page, {"heir": team.pk}).status_code == 422
    assert ada.post(page, {"heir": heir.pk, "shown": "older"}).status_code == 409
    assert not Conversation.objects.visible_to(fresh(cast.eve)).exists()

    assert ada.post(page, {"heir": heir.pk, "shown": shown}).status_code == 302

    assert ada.post(page, {"heir": heir.pk}).status_code == 404
    assert "removed Service" in ada.get("/settings/teams/").content.decode()
    thread.refresh_from_db()
    assert thread.team == heir
    assert thread.entries.last().event["to"]["name"] == "Heirs"
    assert set(Conversation.objects.visible_to(fresh(cast.eve))) == {thread}
    assert allowed(fresh(cast.eve), Act.RESOLVE, cast.inbox)
    assert not allowed(fresh(cast.eve), Act.MERGE, cast.inbox), "no more than the team might"
    assert not Conversation.objects.visible_to(fresh(cast.amy)).exists()
    cast.inbox.refresh_from_db()
    assert cast.inbox.joining_groups == [heir.group_id]
    canned.refresh_from_db()
    assert (canned.team, canned.shortcut) == (heir, "")
    view.refresh_from_db()
    assert (view.team, view.data["team"]) == (heir, [str(heir.pk)])
    record = AuditRecord.objects.get(verb="team.remove")
    assert (record.object_id, record.detail["heir"]) == (str(team.pk), heir.pk)


def test_an_agent_who_goes_leaves_nothing_behind(cast: Cast, admin: Agent, hiring: Agent) -> None:
    """Open conversations go to a colleague or a team; what those may not have, to nobody."""
    talks = [begin_session(inbox=cast.inbox, name=f"No {n}", language="en")[0] for n in range(3)]
    lost = begin_session(inbox=cast.other_inbox, name="Max", language="en")[0]
    for session in (*talks, lost):
        post_message(session=session, body="hello", client_id=uuid.uuid4())
        Conversation.objects.filter(pk=session.conversation_id).update(assignee=cast.amy)
    resolve(agent=cast.amy, conversation=talks[2].conversation_id)
    second = accounts.invite_agent(
        actor=admin, username="zoe", name="Zoe", password=PASSWORD, teams=[cast.team]
    )
    ada, page = client_of(admin), f"/settings/agents/{cast.amy.pk}/deactivate/"
    assert "3 open conversations" in ada.get(page).content.decode()
    for wrong in (f"agent:{cast.amy.pk}", "agent:0", "team:x", "x" * 9000):
        assert ada.post(page, {"heir": wrong}).status_code == 422
    assert Agent.objects.get(pk=cast.amy.pk).is_active

    assert ada.post(page, {"heir": f"agent:{second.pk}"}).status_code == 302

    def of(session: CustomerSession) -> Conversation:
        return Conversation.objects.get(pk=session.conversation_id)

    assert not Agent.objects.get(pk=cast.amy.pk).is_active
    assert [of(talk).assignee for talk in talks] == [second, second, cast.amy], "what is open"
    told = of(talks[0]).entries.last()
    assert told.event["was"]["name"] == "Amy Ito"
    assert told.event["to"] == {"kind": "agent", "id": second.pk, "name": "Zoe"}
    assert (of(lost).assignee, of(lost).entries.last().event["type"]) == (None, "unassigned")
    assert "responsible for no open" in ada.get(page).content.decode()
    assert ada.post(page).status_code == 302, "twice is once"
    record = AuditRecord.objects.get(verb="agent.deactivate")
    assert record.detail["heir"] == {"kind": "agent", "id": second.pk}
    assert record.detail["conversations"] == 3

    accounts.deactivate_agent(actor=fresh(hiring), agent=second, heir=cast.team)
    now = {(of(talk).assignee, of(talk).team) for talk in talks[:2]}
    assert now == {(None, None)}, "nobody of the team is left"
    accounts.invite_agent(actor=admin, username="yan", name="Yan", teams=[cast.team])
    for talk in talks[:2]:
        Conversation.objects.filter(pk=talk.conversation_id).update(assignee=cast.ben)
    accounts.deactivate_agent(actor=admin, agent=cast.ben, heir=cast.team)
    assert {(of(talk).assignee, of(talk).team) for talk in talks[:2]} == {(None, cast.team)}


def test_inboxes_are_given_only_by_those_who_give_rights(
    cast: Cast, admin: Agent, hiring: Agent
) -> None:
    team = cast.inbox.teams.get()
    heir = accounts.create_team(actor=admin, name="Heirs")
    with pytest.raises(NotAllowed):
        accounts.remove_team(actor=fresh(hiring), team=team, heir=heir)
    assert cast.inbox.teams.get() == team
    accounts.remove_team(actor=fresh(hiring), team=heir)
    assert not Team.objects.filter(pk=heir.pk).exists()


def test_a_role_that_decides_approvals_stays(cast: Cast, admin: Agent) -> None:
    """Else nobody could decide what needs its yes."""
    made = commands.create_role(actor=admin, name="Deciders")
    set_rules({"operation": "reply.send", "by": [made.key]})
    with pytest.raises(Conflict, match="rule about approvals"):
        commands.remove_role(actor=admin, role=made)
    set_rules()
    commands.remove_role(actor=admin, role=made)


@pytest.mark.django_db(transaction=True)
def test_a_role_is_not_taken_away_while_somebody_is_given_it(
    cast: Cast, admin: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = commands.create_role(actor=admin, name="Night shift")
    given: list[bool] = []

    def give_it() -> None:
        try:
            fresh(cast.amy).groups.add(made.group)
            given.append(True)
        except IntegrityError:
            given.append(False)
        finally:
            connections.close_all()

    giving = threading.Thread(target=give_it)

    def meanwhile(*args: Any) -> None:
        giving.start()
        while not given and not waits_for_a_lock():
            pass

    def waits_for_a_lock() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            return bool(cursor.fetchone()[0])

    monkeypatch.setattr(commands, "take_everywhere", meanwhile)
    commands.remove_role(actor=admin, role=made)
    giving.join()
    assert given == [False]


def test_who_gives_access_learns_nothing_of_other_inboxes(cast: Cast, signed_in: Any) -> None:
    """Neither their names nor that the customer wrote there."""
    thread = cast.says("hello").conversation
    elsewhere = Conversation.objects.create(
        inbox=cast.other_inbox, customer=thread.customer, last_activity_at=now(), created_at=now()
    )
    give([Act.GRANT], cast.amy, cast.inbox)
    Agent.objects.filter(pk=cast.amy.pk).update(authz_version=7)
    amy, asked = signed_in("amy"), f"/settings/why/?agent={cast.eve.pk}"
    for thing in (f"conversation={thread.pk}", f"customer={thread.customer_id}"):
        text = amy.get(f"{asked}&{thing}").content.decode()
        assert "Eve Outside" in text
        assert cast.other_inbox.name not in text
    assert amy.get(f"{asked}&conversation={elsewhere.pk}").status_code == 404
    assert amy.get(f"{asked}&inbox={cast.other_inbox.pk}").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_what_is_removed_at_that_moment_is_a_conflict(cast: Cast) -> None:
    cast.says("hello")
    with (
        pytest.raises(Conflict, match="removed meanwhile"),
        command("conversation.transfer", actor=None, on=None),
    ):
        Conversation.objects.update(team=2**31 - 1)
