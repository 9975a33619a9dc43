"""Scopes and exceptions: what one sees of an inbox, and what is given on one thing alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from conversations.customers.models import Customer
from conversations.grants.commands import give_access, revoke_access
from conversations.grants.matrix import rights_on, set_rights, state_of
from conversations.grants.models import Grant
from conversations.grants.rights import acts_on, acts_on_customer
from conversations.grants.sight import readers
from conversations.threads import commands as threads
from conversations.threads.models import Conversation
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from permissions.accounts.commands import invite_agent
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import give, raise_version, take
from permissions.acts.shown import fingerprint
from permissions.acts.vocabulary import SCOPES, Act
from permissions.roles.models import Role
from tests.conftest import PASSWORD, Cast, act, message


def fresh(agent: Agent) -> Agent:
    return Agent.objects.get(pk=agent.pk)


def see(agent: Agent, scope: Act, cast: Cast) -> Agent:
    take(SCOPES, agent, cast.inbox)
    take(SCOPES, cast.team.group, cast.inbox)
    give([scope, Act.JOIN], agent, cast.inbox)
    raise_version(Agent.objects.all())
    return fresh(agent)


@pytest.fixture
def sue(cast: Cast) -> Agent:
    roles = Role.objects.filter(key="supervisor")
    return invite_agent(actor=None, username="sue", name="Sue", password=PASSWORD, roles=roles)


def sees(agent: Agent, conversation: Conversation) -> bool:
    """By all three: the query, the row at hand, and the turned-round question."""
    row = Conversation.objects.get(pk=conversation.pk)
    asked = {
        Conversation.objects.visible_to(agent).filter(pk=row.pk).exists(),
        row.is_visible_to(agent),
        readers(row).filter(pk=agent.pk).exists(),
    }
    assert len(asked) == 1, asked
    return asked.pop()


@pytest.mark.parametrize(
    ("scope", "unassigned", "others", "others_other_team", "own", "joined"),
    [
        (Act.VIEW, True, True, True, True, True),
        (Act.VIEW_TEAM, True, True, False, True, True),
        (Act.VIEW_UNASSIGNED, True, False, False, True, True),
        (Act.VIEW_OWN, False, False, False, True, True),
    ],
)
def test_what_each_scope_shows(
    cast: Cast,
    thread: Conversation,
    scope: Act,
    unassigned: bool,
    others: bool,
    others_other_team: bool,
    own: bool,
    joined: bool,
) -> None:
    ben, rows = see(cast.ben, scope, cast), Conversation.objects.filter(pk=thread.pk)
    assert sees(ben, thread) is unassigned
    rows.update(assignee=cast.amy)
    assert sees(ben, thread) is others
    rows.update(assignee=cast.amy, team=Team.objects.get(name="Warehouse"))
    assert sees(ben, thread) is others_other_team
    thread.participants.create(agent=ben, joined_at=Now())
    assert sees(ben, thread) is joined
    thread.participants.update(left_at=Now())
    assert sees(ben, thread) is others_other_team
    rows.update(assignee=ben)
    assert sees(ben, thread) is own


def test_a_right_without_sight_counts_for_nothing(cast: Cast, thread: Conversation) -> None:
    give([Act.REPLY], cast.eve, cast.inbox)
    raise_version(Agent.objects.all())
    assert not sees(fresh(cast.eve), thread)
    assert not acts_on(fresh(cast.eve), thread)


def test_an_exception_shows_one_conversation_until_it_ends(
    cast: Cast, thread: Conversation, sue: Agent, signed_in: Any
) -> None:
    eve = signed_in("eve")
    assert eve.read(f"/workspace/conversations/{thread.pk}/entries/").status_code == 404
    grants = give_access(
        agent=sue,
        to=cast.eve,
        on=thread,
        acts=[Act.REPLY],
        reason="Knows the customer",
        lasts=timedelta(hours=1),
    )
    assert {grant.act for grant in grants} == {Act.VIEW, Act.REPLY}
    assert sees(fresh(cast.eve), thread)
    eve = signed_in("eve")
    answer = eve.send(act(thread, "messages"), message("I can help", seen=thread.last_seq))
    assert answer.status_code == 201
    assert eve.send(act(thread, "notes"), message("no right")).status_code == 403
    listed = eve.read("/workspace/conversations/?view=all").json()["conversations"]
    assert [row["id"] for row in listed] == [str(thread.pk)]
    Grant.objects.update(expires_at=Now())  # nothing has to run for an end
    assert not sees(fresh(cast.eve), thread)
    assert eve.read(f"/workspace/conversations/{thread.pk}/entries/").status_code == 404
    assert eve.read("/workspace/conversations/?view=all").json()["conversations"] == []


def test_an_exception_on_a_customer_holds_for_all_their_conversations(
    cast: Cast, thread: Conversation, sue: Agent
) -> None:
    acts = [Act.CHANGE_CUSTOMER]
    give_access(agent=sue, to=cast.eve, on=cast.lin, acts=acts, reason="Moves", lasts=None)
    assert sees(fresh(cast.eve), thread)
    assert acts_on(fresh(cast.eve), thread) == {Act.VIEW, Act.CHANGE_CUSTOMER}
    assert acts_on_customer(fresh(cast.eve), cast.lin) == {Act.VIEW, Act.CHANGE_CUSTOMER}
    assert Customer.objects.visible_to(fresh(cast.eve)).filter(pk=cast.lin.pk).exists()
    shown = Grant.objects.live().get(act=Act.VIEW)
    revoke_access(agent=sue, grant=shown.pk)  # what was given with the sight goes with it
    assert not Grant.objects.live().exists()
    assert not sees(fresh(cast.eve), thread)
    revoke_access(agent=sue, grant=shown.pk)  # twice changes nothing


def test_who_may_give(cast: Cast, thread: Conversation, sue: Agent) -> None:
    def give_to(agent: Agent, giver: Agent, *acts: Act, **other: Any) -> None:
        values = {"reason": "why", "lasts": None} | other
        give_access(agent=giver, to=agent, on=thread, acts=acts, **values)

    with pytest.raises(NotFound):  # does not see it
        give_to(cast.ben, cast.eve)
    with pytest.raises(NotAllowed):  # sees it, may not give
        give_to(cast.eve, cast.amy)
    with pytest.raises(NotAllowed):  # what she does not hold herself
        give_to(cast.eve, sue, Act.CONFIGURE)
    with pytest.raises(NotAllowed):
        give_to(sue, sue)
    with pytest.raises(Invalid):
        give_to(cast.eve, sue, reason=" ")
    with pytest.raises(Invalid):
        give_to(cast.eve, sue, lasts=timedelta(0))
    with pytest.raises(Invalid):
        give_to(cast.eve, sue, Act.VIEW_OWN)
    Agent.objects.filter(pk=cast.eve.pk).update(is_active=False)
    with pytest.raises(Conflict):
        give_to(cast.eve, sue)
    assert not Grant.objects.exists()


def test_giving_again_replaces_what_was_given(cast: Cast, thread: Conversation, sue: Agent) -> None:
    for hours in (1, 5):
        give_access(
            agent=sue, to=cast.eve, on=thread, acts=[], reason="w", lasts=timedelta(hours=hours)
        )
    assert Grant.objects.live().filter(act=Act.VIEW).count() == 1


def test_who_may_take_back(cast: Cast, thread: Conversation, sue: Agent) -> None:
    (grant,) = give_access(agent=sue, to=cast.eve, on=thread, acts=[], reason="w", lasts=None)
    for who in (cast.amy, cast.eve):
        with pytest.raises(NotFound):
            revoke_access(agent=fresh(who), grant=grant.pk)
    with pytest.raises(NotFound):
        revoke_access(agent=sue, grant=grant.pk + 1000)
    assert Grant.objects.live().exists()


def test_handed_away_is_out_of_sight(cast: Cast, thread: Conversation, sue: Agent) -> None:
    ben = see(cast.ben, Act.VIEW_OWN, cast)
    give([Act.REPLY], ben, cast.inbox)
    raise_version(Agent.objects.all())
    threads.assign(agent=fresh(sue), conversation=thread.pk, to=fresh(ben))
    assert sees(fresh(ben), thread)
    threads.assign(agent=fresh(sue), conversation=thread.pk, to=fresh(sue))
    threads.leave(agent=fresh(ben), conversation=thread.pk)
    assert not sees(fresh(ben), thread)


# --- the matrix of an inbox ------------------------------------------------------------------


def test_the_matrix_changes_an_inbox_and_tells_who_was_first(cast: Cast, ada: Agent) -> None:
    shown = fingerprint(state_of(cast.inbox))
    acts = [Act.VIEW_OWN, Act.VIEW_TEAM, Act.NOTE]
    set_rights(actor=ada, inbox=cast.inbox, rights={cast.team.group: acts}, shown=shown)
    assert rights_on(cast.inbox)[cast.team.group_id] == {Act.VIEW_TEAM, Act.NOTE}
    with pytest.raises(Conflict, match="Ada"):
        set_rights(actor=ada, inbox=cast.inbox, rights={cast.team.group: []}, shown=shown)
    of_admins = Role.objects.get(key="admin").group
    with pytest.raises(Conflict):
        set_rights(actor=ada, inbox=cast.inbox, rights={of_admins: []})
    with pytest.raises(NotAllowed):
        set_rights(actor=cast.amy, inbox=cast.inbox, rights={cast.team.group: list(Act)})
