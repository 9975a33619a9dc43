"""A customer's conversations: several, one after the other, each read and rated by its own."""

# ruff: noqa: F811  (fixtures of the other file)

import uuid

import pytest

from conversations.customers.values import own_contact
from conversations.intake.models import CustomerSession, Rating
from conversations.threads import commands
from conversations.threads.models import Conversation, Entry
from permissions.audit.models import AuditRecord
from tests.conftest import Cast, message
from tests.conversations.test_customers import Customer, begin, lin  # noqa: F401

CHAT = "/chat/shop"


def reply(cast: Cast, thread: Conversation, body: str = "Here you are") -> Entry:
    return commands.post_reply(
        agent=cast.amy, conversation=thread.pk, body=body, client_id=uuid.uuid4()
    )[0]


def resolve(cast: Cast, thread: Conversation) -> None:
    commands.resolve(agent=cast.amy, conversation=thread.pk)


def listed(client: Customer) -> list[dict[str, object]]:
    return client.get(f"{CHAT}/conversations").json()["conversations"]


def test_another_conversation_begins_after_the_end_and_not_before(cast, lin, thread):
    assert lin.send(f"{CHAT}/conversations").status_code == 409
    resolve(cast, thread)
    first = lin.send(f"{CHAT}/conversations")
    again = lin.send(f"{CHAT}/conversations")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() != {"conversation": str(thread.pk)}
    assert Conversation.objects.count() == 1  # reserved, not made
    lin.send(f"{CHAT}/messages", message("Something else"))
    assert {str(pk) for pk in Conversation.objects.values_list("pk", flat=True)} == {
        str(thread.pk),
        first.json()["conversation"],
    }


def test_that_colleagues_opened_it_again_is_not_told(cast, lin, thread):
    resolve(cast, thread)
    commands.reopen(agent=cast.amy, conversation=thread.pk)
    assert listed(lin)[0]["status"] == "ended"
    assert lin.send(f"{CHAT}/rating", {"score": 5}).status_code == 200
    assert lin.send(f"{CHAT}/conversations").status_code == 201


def test_an_old_conversation_can_be_read_and_gone_on_with(cast, lin, thread):
    resolve(cast, thread)
    lin.send(f"{CHAT}/conversations")
    lin.send(f"{CHAT}/messages", message("New"))
    old = f"conversation={thread.pk}"
    assert lin.get(f"{CHAT}/entries?{old}").json()["entries"][0]["body"] == "Where is my order?"
    assert lin.send(f"{CHAT}/messages?{old}", message("It never came")).status_code == 201
    assert cast.thread.status == "open"
    assert CustomerSession.objects.get().conversation_id == thread.pk
    assert [row["last"] for row in listed(lin)] == ["It never came", "New"]


def test_the_list_is_made_of_what_the_customer_was_told(cast, lin, thread):
    reply(cast, thread, "**Soon**")
    before = listed(lin)
    commands.post_note(
        agent=cast.amy, conversation=thread.pk, body="canary", client_id=uuid.uuid4()
    )
    commands.claim(agent=cast.amy, conversation=thread.pk)
    assert listed(lin) == before
    assert (before[0]["last"], before[0]["unread"], before[0]["status"]) == ("**Soon**", 1, "open")
    assert "canary" not in lin.get(f"{CHAT}/conversations").content.decode()


def test_the_list_has_pages_and_few_queries(cast, lin, django_assert_max_num_queries, settings):
    settings.LIMITS = {name: (10**6, seconds) for name, (_, seconds) in settings.LIMITS.items()}
    for number in range(35):
        lin.send(f"{CHAT}/messages", message(f"Matter {number}"))
        resolve(cast, Conversation.objects.latest("created_at"))
        lin.send(f"{CHAT}/conversations")
    with django_assert_max_num_queries(8):
        first = lin.get(f"{CHAT}/conversations").json()
    second = lin.get(f"{CHAT}/conversations", {"before": first["next"]}).json()
    matters = [row["last"] for row in first["conversations"] + second["conversations"]]
    assert matters == [f"Matter {number}" for number in range(34, -1, -1)]
    assert second["next"] is None
    for wrong in ("x", "2026-01-01", "9" * 99):
        assert lin.get(f"{CHAT}/conversations", {"before": wrong}).status_code == 422


@pytest.mark.parametrize("path", ["entries", "messages", "seen", "rating"])
def test_nobody_elses_conversation_is_there(cast, lin, thread, path):
    other = Customer()
    other.token = begin(other).json()["token"]
    url = f"{CHAT}/{path}?conversation={thread.pk}"
    answer = other.get(url) if path == "entries" else other.send(url, message() | {"score": 1})
    if path == "messages":  # it lands where the customer may write, never in the other one
        assert answer.status_code == 201
        assert not thread.entries.filter(body="hello").exists()
    else:
        assert answer.status_code == 404
    assert other.get(f"{CHAT}/entries?conversation=x").status_code == 422


# --- ticks ---------------------------------------------------------------------------------


def test_read_is_told_of_messages_and_of_who_may_answer(cast, lin, thread):
    def read() -> int:
        return lin.get(f"{CHAT}/entries").json()["read"]

    assert read() == 0
    commands.mark_read(agent=cast.ben, conversation=thread.pk, seq=99)  # may only look
    assert read() == 0
    commands.mark_read(agent=cast.amy, conversation=thread.pk, seq=99)
    assert read() == 1
    reply(cast, thread)
    commands.post_note(
        agent=cast.amy, conversation=thread.pk, body="canary", client_id=uuid.uuid4()
    )
    commands.mark_read(agent=cast.amy, conversation=thread.pk, seq=99)
    assert read() == 1  # neither the reply nor the note is a message of theirs
    cast.says("Thanks")
    commands.mark_read(agent=cast.amy, conversation=thread.pk, seq=1)
    assert read() == 1  # a mark never moves by what lies behind it
    commands.mark_read(agent=cast.amy, conversation=thread.pk, seq=99)
    assert read() == 3
    commands.mark_unread(agent=cast.amy, conversation=thread.pk)
    assert read() == 3


def test_agents_hear_how_far_the_customer_has_read(cast, lin, thread, signed_in):
    answer = reply(cast, thread)
    amy = signed_in("amy")
    path = f"/workspace/conversations/{thread.pk}/"
    assert amy.read(path).json()["seen"] == 0
    for seq in (answer.public_seq, 1, 10**6):  # never back, never beyond what there is
        assert lin.send(f"{CHAT}/seen", {"seq": seq}).status_code == 200
        assert amy.read(path).json()["seen"] == answer.public_seq
    for wrong in ({"seq": -1}, {"seq": "x"}, {"seq": [1]}, {"seq": 10**12}):
        assert lin.send(f"{CHAT}/seen", wrong).status_code == 422
    assert listed(lin)[0]["unread"] == 0


# --- rating --------------------------------------------------------------------------------


def test_each_resolution_is_rated_once_and_may_be_changed(cast, lin, thread):
    assert lin.send(f"{CHAT}/rating", {"score": 5}).status_code == 409
    resolve(cast, thread)
    for score, comment in ((2, "slow"), (4, "late, but kind"), (4, "late, but kind")):
        answer = lin.send(f"{CHAT}/rating", {"score": score, "comment": comment})
        assert answer.json() == {"score": score, "comment": comment}
    rating = Rating.objects.get()
    assert (rating.score, rating.comment, rating.resolution) == (4, "late, but kind", 2)
    events = thread.entries.filter(event__type="rated").order_by("seq")
    assert [entry.event["score"] for entry in events] == [2, 4]
    assert {entry.audience for entry in events} == {"public"}
    assert cast.thread.status == "resolved"
    cast.says("One more thing")
    resolve(cast, thread)
    lin.send(f"{CHAT}/rating", {"score": 5})
    assert list(Rating.objects.order_by("pk").values_list("score", flat=True)) == [4, 5]
    assert "late" not in str(AuditRecord.objects.values())


@pytest.mark.parametrize("score", [0, 6, -1, "x", None, True, 2.5, [5], {}])
def test_a_rating_is_one_to_five(cast, lin, thread, score):
    resolve(cast, thread)
    assert lin.send(f"{CHAT}/rating", {"score": score}).status_code == 422
    assert not Rating.objects.exists()


def test_a_comment_is_bounded_text(cast, lin, thread):
    resolve(cast, thread)
    for comment in ("x" * 1001, 7, ["x"]):
        assert lin.send(f"{CHAT}/rating", {"score": 1, "comment": comment}).status_code == 422
    lin.send(f"{CHAT}/rating", {"score": 1, "comment": "a\x00<b>"})
    assert Rating.objects.get().comment == "a<b>"


def test_agents_read_the_rating_and_the_customer_only_that_there_is_one(
    cast, lin, thread, signed_in
):
    resolve(cast, thread)
    lin.send(f"{CHAT}/rating", {"score": 3, "comment": "so <so>"})
    page = signed_in("amy").get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert "Lin rated the conversation: 3 of 5 – “so &lt;so&gt;”" in page
    entries = lin.get(f"{CHAT}/entries").json()["entries"]
    assert entries[-1]["event"] == {"type": "rated"}


# --- who they are --------------------------------------------------------------------------


def test_a_customer_leaves_how_to_reach_them(cast, lin, thread):
    answer = lin.send(f"{CHAT}/contact", {"name": " Lin\nWang ", "email": "lin@example.org"})
    assert answer.json() == {"name": "Lin Wang", "email": "lin@example.org"}
    lin.send(f"{CHAT}/contact", {"name": "", "email": "lin@example.org"})  # nothing new
    cast.lin.refresh_from_db()
    assert cast.lin.name == "Lin Wang"
    assert own_contact(cast.lin)["email"] == "lin@example.org"
    told = thread.entries.get(event__type="introduced")
    assert (told.audience, told.event) == ("team", {"type": "introduced"})
    assert "example.org" not in str(AuditRecord.objects.values())
    assert lin.get(f"{CHAT}/conversations").json()["contact"]["email"] == "lin@example.org"


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"email": "lin"},
        {"email": "a@b"},
        {"email": ["a@b.c"]},
        {"name": "x" * 121},
        {"name": 7},
    ],
)
def test_what_is_no_address_is_refused(lin, told):
    assert lin.send(f"{CHAT}/contact", told).status_code == 422


def test_what_a_page_says_of_its_visitor_is_kept_and_bounded(cast, lin):
    def tell(attributes: object) -> int:
        return lin.send(f"{CHAT}/attributes", {"attributes": attributes}).status_code

    assert tell({"plan": "Pro", "items": 3, "member": True}) == 200
    assert tell({"plan": None, "city": "  Bath\n"}) == 200
    cast.lin.refresh_from_db()
    assert cast.lin.attributes["site"] == {"items": "3", "member": "true", "city": "Bath"}
    for wrong in (
        [],
        "x",
        None,
        {"a": {}},
        {"a": ["b"]},
        {"": "x"},
        {"x" * 41: "y"},
        {"a": "x" * 201},
        {str(number): "x" for number in range(21)},
        {f"n{number}": "x" for number in range(18)},  # too many with those there are
    ):
        assert tell(wrong) == 422
    session = begin(Customer(), attributes={"plan": "Free", "none": None})
    assert session.status_code == 201
    newest = CustomerSession.objects.latest("pk").customer
    assert newest.attributes == {"site": {"plan": "Free"}}


def test_what_was_merged_stays_readable_and_goes_on_elsewhere(cast, lin, thread):
    from conversations.merging.commands import merge

    resolve(cast, thread)
    second = lin.send(f"{CHAT}/conversations").json()["conversation"]
    lin.send(f"{CHAT}/messages", message("And the lid?"))
    merge(agent=cast.amy, conversation=second, into=thread.pk)
    rows = {row["id"]: row["status"] for row in listed(lin)}
    assert rows == {str(thread.pk): "ended", second: "ended"}
    past = lin.get(f"{CHAT}/entries?conversation={second}").json()
    assert [entry["body"] for entry in past["entries"]] == ["And the lid?"]
    answer = lin.send(f"{CHAT}/messages?conversation={second}", message("Hello?")).json()
    assert answer["conversation"] == str(thread.pk)
    assert thread.entries.filter(body="Hello?").exists()
