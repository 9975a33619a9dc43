"""What sockets tell of lists: which changed rows belong to the one a screen shows, and how many."""

# ruff: noqa: F811  (fixtures of the other file)

import pytest
from django.db import OperationalError

from collaboration.saved.commands import save_view
from collaboration.workspace import lists
from conversations.threads import commands
from conversations.threads.listing import Listing
from conversations.threads.models import Priority
from permissions.accounts import commands as accounts
from tests.collaboration.test_sockets import (  # noqa: F401
    cast,
    in_database,
    sockets,
    thread,
)

pytestmark = pytest.mark.django_db(transaction=True)


async def showing(sockets, who, query):
    screen = await sockets(who)
    await screen.frame("hello")
    await screen.tell(type="listing", query=query)
    await screen.frame("listing", query=query)
    return screen


async def test_a_row_belongs_to_some_lists_and_leaves_others(cast, thread, sockets):
    amy = await showing(sockets, "amy", "view=unassigned")
    ben = await showing(sockets, "ben", "view=all&priority=urgent")
    await in_database(cast.says, "second")
    assert (await amy.frame("list", messages=2))["belongs"] is True
    frame = await ben.frame("list", messages=2)
    assert (frame["belongs"], "html" in frame) == (False, False)
    one = {"agent": cast.amy, "conversation": thread.pk}
    await in_database(commands.prioritise, priority=Priority.URGENT, **one)
    assert f"row-{thread.pk}" in (await ben.frame("list", belongs=True))["html"]
    await in_database(commands.claim, **one)
    assert (await amy.frame("list", assignee=cast.amy.pk))["belongs"] is False


async def test_who_turns_to_another_list_hears_of_that_one(cast, thread, sockets):
    amy = await showing(sockets, "amy", "view=mine")
    await amy.tell(type="listing", query="view=unanswered&assignee=none&tag=%E5%95%8A")
    await amy.frame("listing", query="view=unanswered&assignee=none&tag=%E5%95%8A")
    await amy.tell(type="listing", query="view=unanswered&assignee=none")
    await amy.frame("listing", query="view=unanswered&assignee=none")
    await in_database(cast.says, "second")
    assert (await amy.frame("list", messages=2))["belongs"] is True


async def test_teams_are_those_one_is_in_now(cast, thread, sockets):
    ben = await showing(sockets, "ben", "view=team")
    await in_database(cast.says, "second")
    assert (await ben.frame("list", messages=2))["belongs"] is False
    await in_database(accounts.join_team, actor=None, agent=cast.ben, team=cast.team)
    for number in range(20):  # his seat is asked anew meanwhile
        await in_database(cast.says, f"is it ben's now? {number}")
        if (await ben.frame("list"))["belongs"]:
            return
    pytest.fail("the list never learnt of the team")


async def test_saved_views_are_counted_with_the_others(cast, thread, sockets):
    listing = Listing(view="all", priority=("urgent",))
    view = await in_database(save_view, agent=cast.amy, name="Fires", listing=listing)
    amy = await showing(sockets, "amy", "view=all")
    one = {"agent": cast.amy, "conversation": thread.pk}
    await in_database(commands.prioritise, priority=Priority.URGENT, **one)
    frame = await amy.frame("counts")
    assert frame["saved"] == {str(view.pk): 1}
    assert (frame["views"]["all"], frame["views"]["mine"]) == (1, 0)


async def test_only_what_lists_ask_of_a_row_has_them_counted_anew(cast, thread, sockets):
    amy = await showing(sockets, "amy", "view=all")
    await in_database(cast.says, "second")
    await amy.frame("counts")
    await in_database(cast.says, "third")
    await amy.frame("list", messages=3)
    assert not lists._recount
    await in_database(commands.claim, agent=cast.amy, conversation=thread.pk)
    await amy.frame("list", assignee=cast.amy.pk)
    assert lists._recount == {thread.inbox_id}
    assert (await amy.frame("counts"))["views"]["mine"] == 1


async def test_counts_that_failed_are_taken_later(cast, thread, sockets, monkeypatch):
    amy = await showing(sockets, "amy", "view=all")
    count, failed = lists._count, []

    def away_once(agent_ids):
        if not failed:
            failed.append(True)
            raise OperationalError
        return count(agent_ids)

    monkeypatch.setattr(lists, "_count", away_once)
    await in_database(commands.claim, agent=cast.amy, conversation=thread.pk)
    assert (await amy.frame("counts"))["views"]["mine"] == 1
    assert failed


async def test_unread_again_is_told_to_the_agents_screens_alone(cast, thread, sockets):
    amy = await showing(sockets, "amy", "view=all")
    one = {"agent": cast.amy, "conversation": thread.pk}
    await in_database(commands.mark_read, seq=1, **one)
    await amy.frame("read", messages=1, back=False)
    await in_database(commands.mark_unread, **one)
    await amy.frame("read", messages=0, back=True)


@pytest.mark.parametrize("query", ["view=nothing", "waiting=soon", 7, None, "x" * 5000])
async def test_what_is_no_list_is_answered_and_harms_nothing(cast, thread, sockets, query):
    amy = await showing(sockets, "amy", "view=all")
    await amy.tell(type="listing", query=query)
    await amy.frame("error", code="bad_list")
    await in_database(cast.says, "second")
    assert (await amy.frame("list", messages=2))["belongs"] is True
