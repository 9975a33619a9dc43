"""What ends, ends on open screens: an exception, a team, a role, sight by being responsible."""

import time
from datetime import timedelta

import pytest

from collaboration.workspace import seated
from conversations.grants.commands import give_access, revoke_access
from conversations.grants.models import Grant
from conversations.threads import commands as threads
from helpdesk.core.live import hub
from permissions.accounts.commands import change_team, invite_agent
from permissions.accounts.models import Agent
from permissions.acts.checks import give, raise_version, take
from permissions.acts.vocabulary import Act, Duty
from permissions.roles.commands import change_role, create_role
from permissions.roles.models import Role
from tests.collaboration.test_sockets import cast, in_database, sockets  # noqa: F401 fixtures
from tests.conftest import PASSWORD, Cast

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(agent: Agent) -> Agent:
    return Agent.objects.get(pk=agent.pk)


def prepare(cast: Cast) -> Agent:  # noqa: F811
    cast.says("Where is my order?")
    roles = Role.objects.filter(key__in=["supervisor", "admin"])
    return invite_agent(actor=None, username="sue", name="Sue", password=PASSWORD, roles=roles)


async def watch(screen, conversation):  # type: ignore[no-untyped-def]
    await screen.tell(type="watch", conversation=str(conversation.pk), after=0)
    return await screen.frame("head", conversation=str(conversation.pk))


async def test_an_exception_that_ends_is_blanked_within_a_second(cast, sockets) -> None:  # noqa: F811
    sue, thread = await in_database(prepare, cast), await in_database(lambda: cast.thread)

    def give_a_moment() -> None:
        give_access(
            agent=sue, to=cast.eve, on=thread, acts=[], reason="w", lasts=timedelta(seconds=3)
        )

    await in_database(give_a_moment)
    eve = await sockets("eve")
    assert (await watch(eve, thread))["seq"] == 1
    ends = await in_database(lambda: Grant.objects.get().expires_at)
    await eve.frame("access", conversation=str(thread.pk), allowed=False)
    assert 0 <= time.time() - ends.timestamp() < 1
    await in_database(cast.says, "not for eve")
    assert "not for eve" not in str(await frames(eve))


async def frames(screen):  # type: ignore[no-untyped-def]
    found = []
    while not await screen.receive_nothing(timeout=0.5):
        found.append(await screen.receive_from())
    return found


async def test_a_revoked_exception_and_a_left_team_are_blanked(cast, sockets) -> None:  # noqa: F811
    sue, thread = await in_database(prepare, cast), await in_database(lambda: cast.thread)
    given = await in_database(
        lambda: give_access(agent=sue, to=cast.eve, on=thread, acts=[], reason="w", lasts=None)
    )
    eve, amy = await sockets("eve"), await sockets("amy")
    await watch(eve, thread)
    await watch(amy, thread)
    await in_database(lambda: revoke_access(agent=fresh(sue), grant=given[0].pk))
    await eve.frame("access", conversation=str(thread.pk), allowed=False)
    await in_database(
        lambda: change_team(actor=fresh(sue), team=cast.team, name="Service", members=[])
    )
    await amy.frame("access", conversation=str(thread.pk), allowed=False)


@pytest.mark.parametrize("lost", [False, True], ids=["the event alone", "without the event"])
async def test_two_ways_blank_what_a_left_team_showed(cast, sockets, monkeypatch, lost) -> None:  # noqa: F811
    """Each suffices: the event, and the look at the tables where no event arrives."""
    if lost:
        monkeypatch.setattr(hub, "announce", lambda item: None)
    else:
        monkeypatch.setattr(seated, "still_valid", set)
    sue, thread = await in_database(prepare, cast), await in_database(lambda: cast.thread)
    amy = await sockets("amy")
    await watch(amy, thread)
    await in_database(
        lambda: change_team(actor=fresh(sue), team=cast.team, name="Service", members=[])
    )
    await amy.frame("access", conversation=str(thread.pk), allowed=False)


async def test_an_edited_role_is_felt_by_all_who_have_it(cast, sockets) -> None:  # noqa: F811
    sue, thread = await in_database(prepare, cast), await in_database(lambda: cast.thread)

    def look() -> Role:
        role = create_role(actor=fresh(sue), name="Lookers", acts=[Act.VIEW])
        cast.eve.groups.add(role.group)
        raise_version(Agent.objects.filter(pk=cast.eve.pk))
        return role

    role = await in_database(look)
    eve = await sockets("eve")
    await watch(eve, thread)
    values = {"name": "Lookers", "description": "", "duties": [Duty.ACCESS]}
    await in_database(
        lambda: change_role(actor=fresh(sue), role=role, acts=[Act.VIEW_OWN], **values)
    )
    await eve.frame("access", conversation=str(thread.pk), allowed=False)


async def test_who_sees_only_their_own_hears_nothing_after_it_is_handed_on(cast, sockets) -> None:  # noqa: F811
    sue, thread = await in_database(prepare, cast), await in_database(lambda: cast.thread)

    def narrow() -> None:
        take([Act.VIEW], cast.ben, cast.inbox)
        give([Act.VIEW_OWN, Act.REPLY], cast.ben, cast.inbox)
        raise_version(Agent.objects.all())
        threads.assign(agent=fresh(sue), conversation=thread.pk, to=fresh(cast.ben))
        cast.thread.participants.filter(agent=cast.ben).delete()

    await in_database(narrow)
    ben = await sockets("ben")
    await watch(ben, thread)
    await in_database(
        lambda: threads.assign(agent=fresh(sue), conversation=thread.pk, to=fresh(cast.amy))
    )
    await ben.frame("access", conversation=str(thread.pk), allowed=False)
    await in_database(cast.says, "for amy alone")
    assert "for amy alone" not in str(await frames(ben))
