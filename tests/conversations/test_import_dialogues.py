"""Past conversations from a file: what becomes of them here."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from conversations.customers.models import Customer
from conversations.threads import queries
from tests.conversations.dialogues import Desk, dialogue, only


def test_a_dialogue_becomes_a_past_conversation(desk: Desk) -> None:
    assert desk.run(dialogue())["imported"] == 1
    thread = only()
    assert (thread.status, thread.issue_type, thread.tags) == (
        "resolved",
        "delivery",
        ["kettle", "late"],
    )
    assert (thread.last_seq, thread.last_public_seq, thread.messages) == (4, 3, 2)
    assert (thread.preview, thread.preview_kind) == ("Thanks", "message")
    begun = datetime(2024, 5, 18, 20, 22, 30, tzinfo=UTC)
    assert thread.created_at == begun
    assert thread.last_activity_at == thread.resolved_at == begun + timedelta(seconds=90)
    assert thread.waiting_since is None
    assert thread.attributes == {
        "source": "old desk",
        "lang": "en",
        "channel": "web",
        "agent": {"name": "Amy", "external_id": "a-1"},
        "status": "closed",
        "survey": [{"q": "Happy?", "a": True}],
        "weather": "rain",
        "macros": {"3": "on_its_way"},
    }


def test_entries_keep_their_order_times_and_names(desk: Desk) -> None:
    desk.run(dialogue())
    entries = list(only().entries.order_by("seq"))
    assert [(e.seq, e.public_seq, e.kind, e.audience) for e in entries] == [
        (1, 1, "message", "public"),
        (2, None, "event", "team"),
        (3, 2, "reply", "public"),
        (4, 3, "message", "public"),
    ]
    begun = entries[0].at
    assert [(e.at - begun).seconds for e in entries] == [0, 60, 79, 90]
    assert [(e.author_kind, e.author_name, e.public_name) for e in entries] == [
        ("customer", "Lin", ""),
        ("agent", "Amy", "Amy"),
        ("agent", "Amy", "Amy"),
        ("customer", "Lin", ""),
    ]
    assert entries[1].event == {
        "type": "action",
        "name": "track",
        "request": {"order": 7},
        "response": None,
    }
    assert not any(e.agent_id for e in entries)


def test_agents_and_programs_can_read_it(desk: Desk, signed_in: Any) -> None:
    desk.run(dialogue())
    page = signed_in("amy").read(f"/workspace/conversations/{only().pk}/entries")
    assert [entry["body"] for entry in page.json()["entries"]] == [
        "Where is my kettle?",
        "",
        "On its way.",
        "Thanks",
    ]
    shown = [queries.public_entry_json(entry) for entry in only().entries.public().order_by("seq")]
    assert [entry["seq"] for entry in shown] == [1, 2, 3]
    assert all(entry["event"] is None for entry in shown)


def test_a_customer_has_all_their_conversations(desk: Desk) -> None:
    earlier = dialogue("2", started_at="2023-01-01T08:00:00+08:00")
    elsewhere = dialogue("3", source="another desk")
    nameless = {"name": "", "attributes": {"external_id": 12}}
    desk.run(
        dialogue("1"),
        earlier,
        elsewhere,
        dialogue("4", customer={"name": "Bo"}),
        dialogue("5", customer={"name": "Bo", "email": "bo@example.org"}),
        dialogue("6", customer=nameless),
    )
    counted = {
        customer.external_id: customer.conversations.count()
        for customer in Customer.objects.exclude(external_id="")
    }
    assert counted == {
        "old desk:lin-7": 2,
        "another desk:lin-7": 1,
        "old desk:name:Bo": 2,
        "old desk:12": 1,
    }
    lin = Customer.objects.get(external_id="old desk:lin-7")
    assert (lin.name, lin.language, lin.attributes["level"]) == ("Lin", "en", "gold")
    assert lin.created_at == datetime(2023, 1, 1, tzinfo=UTC)


def test_a_known_customer_gets_the_conversations_of_later_files(desk: Desk) -> None:
    desk.run(dialogue("1"))
    desk.run(dialogue("2"), dialogue("3"))
    assert Customer.objects.get(external_id="old desk:lin-7").conversations.count() == 3


def test_what_is_not_told_is_taken_from_the_import(desk: Desk) -> None:
    before = timezone.now()
    bare = [{"from": "customer", "text": "a"}, {"from": "agent", "text": "b"}] * 3
    desk.run(
        dialogue(
            started_at=...,
            messages=bare,
            actions=[{"name": "x", "after_message": 2}, {"name": "customer_closed"}],
            agent=...,
            tags=...,
            issue_type=...,
            survey=...,
            status="abandoned",
        )
    )
    thread = only()
    times = list(thread.entries.order_by("seq").values_list("at", flat=True))
    assert times == sorted(times)
    assert before - timedelta(minutes=2) < times[0] <= times[-1] < before
    said = thread.entries.order_by("public_seq").public().values_list("at", flat=True)
    assert len(set(said)) == 6, "their order can be told from their times"
    assert thread.tags == ["abandoned"]
    assert list(thread.entries.filter(kind="event").values_list("seq", "author_kind")) == [
        (3, "agent"),
        (8, "customer"),
    ]


def test_messages_keep_their_times_whatever_the_actions_say(desk: Desk) -> None:
    late = [{"name": "x", "after_message": 1, "at_offset_s": 5000}]
    early = [
        {"name": "y", "after_message": 99, "at_offset_s": 1},
        {"name": "z", "after_message": -4},
    ]
    desk.run(dialogue(actions=late + early))
    entries = list(only().entries.order_by("seq"))
    names = [entry.event.get("name", "-") for entry in entries]
    assert names == ["z", "-", "x", "-", "-", "y"]
    assert [(entry.at - entries[0].at).seconds for entry in entries] == [0, 0, 79, 79, 90, 90]


def test_texts_are_cleaned_and_kept(desk: Desk) -> None:
    desk.run(
        dialogue(
            customer={"name": "L\u0000i\u202en", "attributes": {"external_id": "l\u0000"}},
            messages=[
                {"from": "customer", "text": "a\u0000b\ud800\u202ec\r\nd e\u0301 👩‍👩‍👧 <b>"},
                {"from": "agent", "text": "  \u0000 "},
                {"from": "customer", "text": "x" * 10_000, "mood": "b\u0000ad"},
            ],
            actions=[{"name": "n\u0000", "after_message": 1, "request": {"k\u0000": ["\u0000"]}}],
            note={"deep": ["\u0000", "\udfff", 10**30, 1.5]},
        )
    )
    thread = only()
    bodies = list(thread.entries.order_by("seq").values_list("body", flat=True))
    assert bodies[0] == "abc\nd é 👩‍👩‍👧 <b>"
    assert bodies[2] == "x" * 10_000
    assert thread.customer.name == "Lin"
    assert thread.attributes["note"] == {"deep": ["", "", 10**30, 1.5]}
    assert thread.attributes["message_attributes"] == {"3": {"mood": "bad"}}
    assert thread.entries.get(kind="event").event["request"] == {"k": [""]}


def test_a_large_attribute_is_left_out_and_named(desk: Desk) -> None:
    desk.run(dialogue(trace="x" * 50_000))
    assert "trace" not in only().attributes
    assert only().attributes["left_out"] == ["trace"]


def test_long_ids_stay_apart(desk: Desk) -> None:
    assert desk.run(dialogue("x" * 400 + "1"), dialogue("x" * 400 + "2"))["imported"] == 2
