"""Saved views: who sees, changes and shares them, and what they count."""

import pytest

from collaboration.saved import commands
from collaboration.saved.models import SavedView
from collaboration.saved.queries import listings, saved_views
from conversations.threads import queries
from conversations.threads.listing import Listing
from helpdesk.core.refusals import Conflict, NotAllowed, NotFound, TooMany
from permissions.accounts.commands import join_team

URGENT = Listing(view="all", priority=("urgent",))


@pytest.fixture
def ben(cast):
    join_team(actor=None, agent=cast.ben, team=cast.team)
    cast.ben.refresh_from_db()
    return cast.ben


def test_a_private_view_is_its_owners(cast, ben):
    view = commands.save_view(agent=cast.amy, name="Fires", listing=URGENT)
    assert saved_views(cast.amy) == [view]
    assert saved_views(ben) == saved_views(cast.eve) == []
    with pytest.raises(NotFound):
        commands.remove_view(agent=ben, view=view.pk)


def test_a_shared_view_is_the_teams_and_only_its_owner_changes_it(cast, ben):
    view = commands.save_view(agent=cast.amy, name="Fires", listing=URGENT, team=cast.team)
    assert (saved_views(ben), saved_views(cast.eve)) == ([view], [])
    with pytest.raises(NotAllowed):
        commands.change_view(agent=ben, view=view.pk, name="Mine", team=None)
    commands.change_view(agent=cast.amy, view=view.pk, name="Blazes", team=None)
    assert saved_views(ben) == []
    assert SavedView.objects.get().name == "Blazes"
    commands.remove_view(agent=cast.amy, view=view.pk)
    assert not SavedView.objects.exists()


def test_it_is_shared_with_ones_own_teams_only(cast):
    other = cast.eve.groups.get().team
    with pytest.raises(NotAllowed):
        commands.save_view(agent=cast.amy, name="Theirs", listing=URGENT, team=other)
    assert not SavedView.objects.exists()


def test_a_name_is_given_once_and_there_is_an_end(cast):
    commands.save_view(agent=cast.amy, name="Fires", listing=URGENT)
    with pytest.raises(Conflict):
        commands.save_view(agent=cast.amy, name="Fires", listing=Listing())
    for number in range(commands.MOST - 1):
        commands.save_view(agent=cast.amy, name=str(number), listing=Listing())
    with pytest.raises(TooMany):
        commands.save_view(agent=cast.amy, name="one more", listing=Listing())


def test_counts_of_all_cost_one_query(cast, thread, django_assert_num_queries):
    commands.save_view(agent=cast.amy, name="Fires", listing=URGENT)
    shop = commands.save_view(agent=cast.amy, name="Shop", listing=Listing(view="all", tag=("x",)))
    done = commands.save_view(agent=cast.amy, name="Done", listing=Listing(view="resolved"))
    found = listings(saved_views(cast.amy))
    queries.counts(cast.amy, found)
    with django_assert_num_queries(2):  # teams of the reader, counts
        counted = queries.counts(cast.amy, found)
    assert counted[str(shop.pk)] == 0
    assert str(done.pk) not in counted


def test_over_http(cast, signed_in):
    amy, eve = signed_in("amy"), signed_in("eve")
    made = amy.send("/workspace/views/", {"name": " Fires ", "view": "all", "priority": ["urgent"]})
    assert made.status_code == 201
    pk = made.json()["view"]["id"]
    assert made.json()["view"]["listing"] == {"view": "all", "priority": ["urgent"]}
    address = f"/workspace/views/{pk}/"
    assert eve.send(address, {"name": "x"}).status_code == 404
    changed = amy.send(address, {"name": "<b>Blazes</b>", "listing": "view=mine&tag=a"})
    assert changed.json()["view"]["listing"] == {"view": "mine", "tag": ["a"]}
    page = amy.get("/workspace/").content.decode()
    assert "&lt;b&gt;Blazes&lt;/b&gt;" in page
    assert eve.send(f"{address}remove/").status_code == 404
    assert amy.send(f"{address}remove/").status_code == 200
    assert amy.read("/workspace/views/").json() == {"views": []}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": ""},
        {"name": "\u202e"},
        {"name": "x" * 61},
        {"name": 5},
        {"name": "ok", "view": "nothing"},
        {"name": "ok", "listing": {"a": 1}},
        {"name": "ok", "share": "x"},
        {"name": "ok", "share": 10**30},
        {"name": "ok", "status": ["gone"]},
    ],
)
def test_bad_input_is_422(cast, signed_in, data):
    assert signed_in("amy").send("/workspace/views/", data).status_code == 422
    assert not SavedView.objects.exists()
