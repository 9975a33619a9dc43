"""How open screens hear that working together was changed, and what is told of who watches."""

# ruff: noqa: F811  (fixtures of the other file)

from typing import Any

import pytest

from collaboration.policy import live
from collaboration.presence import table
from conversations.inboxes.commands import change_inbox
from conversations.modes.floor import Collaboration, Mode
from permissions.accounts.commands import invite_agent
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.policies.commands import change_rules
from permissions.policies.rules import stored
from permissions.roles.presets import install_roles
from tests.collaboration.test_sockets import (  # noqa: F401
    Screen,
    cast,
    in_database,
    sockets,
    thread,
)
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    live._floors = {}
    table._table.clear()


def set_rules(**rules: Any) -> None:
    admin = [install_roles()["admin"]]
    ada = invite_agent(actor=None, username="ada", name="Ada", password=PASSWORD, roles=admin)
    change_rules(
        agent=Agent.objects.get(pk=ada.pk),
        rules=Collaboration(**rules),
        version=stored(Collaboration).version,
    )


async def test_switching_off_is_told_to_every_open_screen(cast, thread, sockets):
    amy = await sockets("amy")
    await amy.frame("hello")
    await in_database(set_rules, enabled=False)
    await amy.frame("floor")


async def test_an_inboxs_mode_is_found_although_nobody_told(cast, thread, sockets):
    amy = await sockets("amy")
    await amy.frame("hello")
    inbox = cast.inbox
    await in_database(type(inbox).objects.filter(pk=inbox.pk).update, mode=Mode.SOLO)
    await live.look_for_changed_floors()
    await amy.frame("floor")


async def test_customers_hear_one_name_typing_if_the_inbox_has_one(cast, thread, sockets):
    inbox, team = cast.inbox, {"shown_as": "team", "team_name": "Shop team"}
    await in_database(change_inbox, actor=None, inbox=inbox, changes=team)
    await live.learn()
    assert live.name_for_customers(inbox.pk, "Amy") == "Shop team"
    assert live.name_for_customers(cast.other_inbox.pk, "Amy") == "Amy"
    assert live.name_for_customers(0, "Amy") is None


async def test_colleagues_are_not_told_of_who_watches_unseen_until_they_write(
    cast, thread, sockets
):
    await in_database(give, [Act.SUPERVISE], cast.amy, cast.inbox)
    await in_database(Agent.objects.filter(pk=cast.amy.pk).update, authz_version=7)
    await in_database(set_rules, unseen_supervisors=True)
    await live.learn()
    pk = str(thread.pk)
    amy = await sockets("amy")
    await amy.tell(type="watch", conversation=pk)
    await amy.frame("head", conversation=pk)
    await amy.tell(type="viewing", conversation=pk, visible=True)
    ben = await sockets("ben")
    await ben.tell(type="watch", conversation=pk)
    frame = await ben.frame("presence", conversation=pk)
    assert [one["id"] for one in frame["agents"]] == [cast.ben.pk]
    await amy.tell(type="typing", conversation=pk, mode="note", typing=True)
    frame = await ben.frame("presence", conversation=pk)
    assert cast.amy.pk in [one["id"] for one in frame["agents"]]
    await amy.tell(type="typing", conversation=pk, mode="note", typing=False)
    await amy.tell(type="viewing", conversation=pk, visible=True)  # they stay seen
    frame = await ben.frame("presence", conversation=pk)
    assert {one["id"]: one["state"] for one in frame["agents"]}[cast.amy.pk] == "viewing"
    await amy.tell(type="unwatch", conversation=pk)
    frame = await ben.frame("presence", conversation=pk)
    assert [one["id"] for one in frame["agents"]] == [cast.ben.pk]
