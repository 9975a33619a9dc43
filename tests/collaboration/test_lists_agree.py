"""Page, count, bulk choice and socket say the same of every view and filter, whoever asks."""

import random
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from collaboration.workspace.lists import ASKED
from conversations.customers.models import Customer
from conversations.threads import queries
from conversations.threads.listing import VIEWS, Listing, Reader
from conversations.threads.models import Conversation, Priority, Status
from helpdesk.core.refusals import Invalid
from permissions.accounts.commands import join_team
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act

TAGS = ["VIP客户", "refund", "a b&c"]
TYPES = ["", "技术问题", "Orders"]


def scatter(cast, dice, count=150):
    """Conversations of every kind in both inboxes."""
    people = [None, cast.amy, cast.ben, cast.eve]
    teams = [None, cast.team, cast.eve.groups.get().team]
    customers = Customer.objects.bulk_create([Customer(name=f"C{n}") for n in range(4)])
    now = timezone.now()
    rows = []
    for number in range(count):
        status = dice.choice(Status.values)
        resolved = status == Status.RESOLVED
        at = now - timedelta(minutes=dice.randrange(200))  # many at the very same moment
        rows.append(
            Conversation(
                inbox=dice.choice([cast.inbox, cast.other_inbox]),
                customer=dice.choice(customers),
                status=status,
                assignee=dice.choice(people),
                team=dice.choice(teams),
                priority=dice.choice(Priority.values),
                is_spam=resolved and dice.random() < 0.3,
                tags=dice.sample(TAGS, dice.randrange(3)),
                issue_type=dice.choice(TYPES),
                waiting_since=None if resolved or dice.random() < 0.4 else at,
                created_at=at,
                last_activity_at=at,
                preview=str(number),
            )
        )
    Conversation.objects.bulk_create(rows)
    return customers


def some_filters(cast, dice, customers):
    """Filters of an address, at random."""
    offered = {
        "inbox": ["shop", "depot", "unknown"],
        "team": ["none", str(cast.team.pk), "999999"],
        "assignee": ["me", "none", str(cast.ben.pk), str(cast.eve.pk)],
        "status": list(Status.values),
        "priority": [priority.key for priority in Priority],
        "tag": [*TAGS, "nobody has this"],
        "type": TYPES[1:],
        "customer": [str(customer.pk) for customer in customers],
    }
    chosen = dice.sample(sorted(offered), dice.randrange(4))
    found = {name: dice.sample(offered[name], dice.randrange(1, 3)) for name in chosen}
    if dice.random() < 0.3:
        found["waiting"] = dice.choice(["1", "60", "150"])
    return found


def pages(agent, listing):
    cursor, rows = "", []
    while True:
        page = queries.conversation_page(agent, listing, cursor=cursor, size=7)
        rows += page.rows
        if not page.next:
            return rows
        cursor = page.next


def bare(row):
    return Conversation(**{name: getattr(row, name) for name in ASKED})


@pytest.mark.parametrize("seed", range(3))
def test_every_surface_agrees(cast, seed):
    dice = random.Random(seed)
    customers = scatter(cast, dice)
    give([Act.VIEW], cast.ben, cast.other_inbox)
    join_team(actor=None, agent=cast.ben, team=cast.team)
    for agent in (cast.amy, cast.ben, cast.eve):
        agent.refresh_from_db()
        lists = {f"{view} alone": Listing(view=view) for view in VIEWS}
        for number in range(25):
            data = {"view": dice.choice(sorted(VIEWS)), **some_filters(cast, dice, customers)}
            lists[f"{number} {data}"] = Listing.read(data)
        counted = queries.counts(agent, lists)
        reader = Reader(agent)
        visible = list(Conversation.objects.visible_to(agent))
        for name, listing in lists.items():
            rows = pages(agent, listing)
            ids = [row.pk for row in rows]
            assert len(ids) == len(set(ids)), name
            assert rows == sorted(rows, key=lambda r: (r.last_activity_at, r.pk), reverse=True)
            assert queries.in_listing(agent, listing).count() == len(ids), name
            assert queries.ids_in(agent, listing, 1000) == ids, name
            holds = listing.where(reader).holds
            assert {row.pk for row in visible if holds(row)} == set(ids), name
            # … and nothing else of a row is asked than what counts go by
            assert all(holds(bare(row)) == holds(row) for row in visible), name
            if listing.is_counted:
                assert counted[name] == len(ids), name


def test_a_list_is_said_the_same_way_back(cast):
    from django.http import QueryDict

    data = QueryDict("view=all&tag=a%20b%26c&tag=VIP客户&assignee=me&waiting=15&priority=urgent")
    listing = Listing.read(data)
    assert Listing.read(QueryDict(listing.query)) == listing
    assert Listing.read(listing.data) == listing


def test_no_view_shows_spam_or_the_future(cast):
    dice = random.Random(7)
    scatter(cast, dice)
    for view in VIEWS:
        rows = pages(cast.amy, Listing(view=view))
        assert (
            all(row.is_spam for row in rows)
            if view == "spam"
            else not any(row.is_spam for row in rows)
        )


@pytest.mark.parametrize(
    "data",
    [
        {"view": "nothing"},
        {"view": ["mine"]},
        {"status": "gone"},
        {"priority": "5"},
        {"assignee": "everybody"},
        {"assignee": "-1"},
        {"team": "1e9"},
        {"tag": "x" * 81},
        {"tag": "a\0b"},
        {"tag": [str(n) for n in range(21)]},
        {"tag": {"a": 1}},
        {"tag": [None]},
        {"customer": "7"},
        {"waiting": "soon"},
        {"waiting": "99999999"},
    ],
)
def test_what_is_no_list(data):
    with pytest.raises(Invalid):
        Listing.read(data)


def test_the_next_one_of_a_list(cast, thread, signed_in):
    from conversations.intake.commands import begin_session, post_message

    others = []
    for number in range(2):
        session, _ = begin_session(inbox=cast.inbox)
        post_message(session=session, body=str(number), client_id=uuid.uuid4())
        others.append(str(session.conversation_id))
    amy = signed_in("amy")

    def resolve(pk, **data):
        return amy.send(f"/workspace/conversations/{pk}/resolve/", data).json()

    assert resolve(others[0], next_in="unassigned")["next"] == str(thread.pk)
    assert resolve(thread.pk, next_in="view=all&inbox=shop")["next"] == others[1]
    answer = resolve(others[1], next_in="all")
    assert (answer["next"], answer["status"]) == (None, "resolved")
    assert "next" not in resolve(others[1])
