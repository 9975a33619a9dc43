"""Lists, counts and unread marks agree with each other and with what one may see."""

import uuid

import pytest

from conversations.intake.commands import begin_session, post_message
from conversations.threads import commands, queries
from conversations.threads.listing import Listing
from conversations.threads.models import Conversation
from tests.conftest import act


@pytest.fixture
def many(cast):
    made = []
    for number in range(7):
        session, _ = begin_session(inbox=cast.inbox, name=f"Customer {number}")
        post_message(session=session, body=f"question {number}", client_id=uuid.uuid4())
        made.append(Conversation.objects.get(pk=session.conversation_id))
    session, _ = begin_session(inbox=cast.other_inbox)
    post_message(session=session, body="elsewhere", client_id=uuid.uuid4())
    commands.claim(agent=cast.amy, conversation=made[0].pk)
    commands.claim(agent=cast.amy, conversation=made[1].pk)
    commands.resolve(agent=cast.amy, conversation=made[1].pk)
    return made


@pytest.mark.parametrize(
    ("view", "expected"), [("mine", 1), ("unassigned", 5), ("all", 6), ("resolved", 1), ("team", 6)]
)
def test_a_view_shows_its_rows_page_by_page(signed_in, many, view, expected):
    amy, seen, cursor = signed_in("amy"), [], ""
    while True:
        page = amy.read(f"/workspace/conversations/?view={view}&size=2&cursor={cursor}").json()
        seen += [row["id"] for row in page["conversations"]]
        assert len(page["conversations"]) <= 2
        if not page["next"]:
            break
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == expected


def test_counts_equal_the_lists(cast, many):
    counted = queries.counts(cast.amy)
    for view, count in counted.items():
        assert count == len(queries.conversation_page(cast.amy, Listing(view=view), size=100).rows)
    found = queries.counts(cast.ben)
    assert {view: found[view] for view in ("mine", "unassigned", "all")} == {
        **{"mine": 0, "unassigned": 5, "all": 6}
    }


def test_eve_sees_only_her_own_house(signed_in, many):
    rows = signed_in("eve").read("/workspace/conversations/?view=all").json()["conversations"]
    assert [row["last"] for row in rows] == ["elsewhere"]


@pytest.mark.parametrize(
    "query", ["view=nothing", "cursor=%00", "cursor=abc", "size=x", "size=9999"]
)
def test_bad_queries_are_422(signed_in, many, query):
    assert signed_in("amy").read(f"/workspace/conversations/?{query}").status_code == 422


def test_unread_is_per_agent_and_never_grows_back(cast, thread, signed_in):
    cast.says("hello?")
    amy = signed_in("amy")

    def unread(client):
        return client.read("/workspace/conversations/?view=all").json()["conversations"][0][
            "unread"
        ]

    assert unread(amy) == 2
    amy.send(act(thread, "read"), {"seq": 1})
    assert unread(amy) == 1
    amy.send(act(thread, "read"), {"seq": 2})
    amy.send(act(thread, "read"), {"seq": 1})
    assert unread(amy) == 0
    assert unread(signed_in("ben")) == 2
    cast.says("still there?")
    assert unread(amy) == 1


def test_a_list_costs_the_same_however_long(signed_in, many, django_assert_num_queries):
    amy = signed_in("amy")
    amy.read("/workspace/conversations/?view=all")
    with django_assert_num_queries(5):  # session, agent, rows, those beside them, masking
        amy.read("/workspace/conversations/?view=all")


def test_pages_cost_the_same_however_much_they_show(
    cast, signed_in, many, django_assert_max_num_queries
):
    amy = signed_in("amy")
    for number in range(15):
        cast.says(f"message {number}")
    page = f"/workspace/conversations/{cast.session.conversation_id}/"
    amy.get(page)
    with django_assert_max_num_queries(8):  # … rows, those beside, teams, views, counts, masking
        amy.get("/workspace/?view=all")
    with django_assert_max_num_queries(24):  # … and entries, files, people, panel, drafts, …
        amy.get(page)
    with django_assert_max_num_queries(5):  # … the rule of masking
        amy.get(f"{page}entries?after=0")


def test_names_of_the_json_are_the_promised_ones(signed_in, thread):
    row = signed_in("amy").read("/workspace/conversations/?view=all").json()["conversations"][0]
    assert {"id", "status", "customer", "assignee", "last", "unread", "head"} <= set(row)
    assert (row["last"], row["head"], row["status"]) == ("Where is my order?", 1, "open")


def test_a_row_names_those_beside_it(signed_in, thread, cast):
    commands.claim(agent=cast.amy, conversation=thread.pk)
    html = signed_in("amy").get("/workspace/?view=all").text
    for name in ("Lin", "Assigned to Amy Ito", "Shop"):
        assert name in html
    row = signed_in("amy").read("/workspace/conversations/?view=all").json()["conversations"][0]
    assert row["assignee"]["name"] == "Amy Ito"


def test_entries_are_read_from_a_number_on(cast, thread, signed_in):
    for number in range(5):
        cast.says(f"more {number}")
    amy = signed_in("amy")
    base = f"/workspace/conversations/{thread.pk}/entries"
    page = amy.get(f"{base}?after=3").json()
    assert [entry["seq"] for entry in page["entries"]] == [4, 5, 6]
    assert page["head"] == 6
    before = amy.get(f"{base}?before=3").json()
    assert [entry["seq"] for entry in before["entries"]] == [1, 2]
    assert signed_in("eve").get(f"{base}?after=0").status_code == 404
    for bad in ("after=-1", "after=x", "after=99999999999999999999", "after=%00", "limit=100000"):
        assert amy.get(f"{base}?{bad}").status_code == 422
