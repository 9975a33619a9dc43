"""Past conversations from a file: what lands, what is refused, and that nothing lands twice."""

import gzip
import io
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox
from conversations.intake.importing import commands, importer, lines
from conversations.intake.importing.dialogues import BadLine, read_dialogue
from conversations.threads import feeds, queries
from conversations.threads.models import Conversation, Entry
from helpdesk.core import events
from permissions.audit.models import AuditRecord
from tests.conftest import Cast, make_cast

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def dialogue(id: Any = "1", **changes: Any) -> dict[str, Any]:
    """Lin bought a kettle, two years ago."""
    made = {
        "id": id,
        "source": "old desk",
        "lang": "en",
        "channel": "web",
        "started_at": "2024-05-18T20:22:30Z",
        "customer": {"name": "Lin", "attributes": {"external_id": "lin-7", "level": "gold"}},
        "agent": {"name": "Amy", "external_id": "a-1"},
        "issue_type": "delivery",
        "tags": ["kettle", "late"],
        "status": "closed",
        "messages": [
            {"from": "customer", "at_offset_s": 0, "text": "Where is my kettle?"},
            {"from": "agent", "at_offset_s": 79, "text": "On its way.", "macro": "on_its_way"},
            {"from": "customer", "at_offset_s": 90, "text": "Thanks"},
        ],
        "actions": [
            {
                "name": "track",
                "after_message": 1,
                "at_offset_s": 60,
                "request": {"order": 7},
                "response": None,
            }
        ],
        "survey": [{"q": "Happy?", "a": True}],
        "weather": "rain",
    }
    return {key: value for key, value in (made | changes).items() if value is not ...}


@pytest.fixture
def desk(cast: Cast, tmp_path: Path) -> "Desk":
    return Desk(tmp_path)


class Desk:
    """Writes files and imports them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "dialogues.jsonl"
        self.reports = ""

    def write(self, *rows: dict[str, Any] | bytes) -> Path:
        content = b"".join(
            (row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows
        )
        self.path.write_bytes(content)
        return self.path

    def run(self, *rows: dict[str, Any] | bytes, **options: Any) -> dict[str, float]:
        """Import the rows (or the file as it is); returns the figures of the last line."""
        if rows:
            self.write(*rows)
        out = io.StringIO()
        call_command(
            "import_dialogues", self.path, inbox="shop", stdout=out, verbosity=0, **options
        )
        return figures(out.getvalue())


def figures(text: str) -> dict[str, float]:
    words = text.strip().splitlines()[-1].replace("(", "").replace(")", "").replace(",", "")
    parts = words.replace("already there", "known").replace("per second", "rate").split()
    return {name: float(number) for number, name in zip(parts[::2], parts[1::2], strict=True)}


def only() -> Conversation:
    return Conversation.objects.exclude(external_id="").get()


# --- what lands ----------------------------------------------------------------------------


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


# --- nothing twice -------------------------------------------------------------------------


def test_running_it_twice_adds_nothing(desk: Desk) -> None:
    rows = [dialogue(str(number)) for number in range(20)]
    assert desk.run(*rows)["imported"] == 20
    before = (Conversation.objects.count(), Entry.objects.count(), Customer.objects.count())
    records = AuditRecord.objects.count()
    again = desk.run(*rows)
    assert (again["imported"], again["known"], again["skipped"]) == (0, 20, 0)
    assert before == (
        Conversation.objects.count(),
        Entry.objects.count(),
        Customer.objects.count(),
    )
    assert AuditRecord.objects.count() == records


def test_the_same_dialogue_twice_in_a_file_lands_once(desk: Desk) -> None:
    found = desk.run(dialogue(), dialogue(), dialogue("2"))
    assert (found["imported"], found["known"]) == (2, 1)
    assert Entry.objects.filter(conversation__inbox__key="shop").count() == 8


def test_each_inbox_has_its_own(desk: Desk) -> None:
    desk.run(dialogue())
    call_command("import_dialogues", desk.path, inbox="depot", stdout=io.StringIO(), verbosity=0)
    assert Conversation.objects.filter(external_id="old desk:1").count() == 2
    assert Customer.objects.filter(external_id="old desk:lin-7").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_the_same_time_add_each_dialogue_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cast()
    monkeypatch.setattr(importer, "BATCH", 7)
    rows = [dialogue(str(number), customer={"name": f"c{number % 11}"}) for number in range(120)]
    results: list[importer.Tally] = []
    start = threading.Barrier(3)

    def work(shuffled: list[dict[str, Any]], name: str) -> None:
        try:
            desk = Desk(tmp_path / name)
            desk.path.parent.mkdir()
            desk.write(*shuffled)
            one = importer.Importer(
                Inbox.objects.get(key="shop"), name, refused=lambda line, why: pytest.fail(why)
            )
            start.wait()
            with lines.Lines(desk.path) as found:
                one.run(found)
            results.append(one.tally)
        finally:
            connections.close_all()

    orders = (rows, rows[::-1], rows[60:] + rows[:60])
    threads = [
        threading.Thread(target=work, args=(order, str(number)))
        for number, order in enumerate(orders)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tally.imported for tally in results) == 120
    assert sum(tally.imported + tally.known for tally in results) == 360
    assert Conversation.objects.count() == 120
    assert Entry.objects.count() == 480
    assert Customer.objects.exclude(external_id="").count() == 11


# --- what is refused -----------------------------------------------------------------------

BAD = {
    "not JSON": b"{",
    "not JSON: NaN": json.dumps(dialogue("b", x=float("nan"))).encode(),
    "not JSON: nested": b"[" * 100_000,
    "not JSON: a number": b'{"id": ' + b"9" * 5_000 + b"}",
    "not a JSON object": b"[]",
    "not UTF-8": b'{"id": "\xff"}',
    "too large": b'{"id": 1e999}',
    "nested too deeply": json.dumps(dialogue("b")).encode()[:-1]
    + b', "deep": '
    + b"[" * 90
    + b"]" * 90
    + b"}",
    "id is missing": dialogue(...),
    "id is no text": dialogue([1]),
    "the customer is missing": dialogue("b", customer=...),
    "customer is no object": dialogue("b", customer="Lin"),
    "neither attributes.external_id": dialogue("b", customer={}),
    "customer.attributes": dialogue("b", customer={"name": "Lin", "attributes": [1]}),
    "the messages are missing": dialogue("b", messages=...),
    "messages is no list": dialogue("b", messages={"0": "x"}),
    "no messages": dialogue("b", messages=[]),
    "message 1 is no object": dialogue("b", messages=["x"]),
    "message 1 is neither": dialogue("b", messages=[{"from": "bot", "text": "x"}]),
    "message 1 has no text": dialogue("b", messages=[{"from": "agent", "text": 5}]),
    "none of its messages": dialogue("b", messages=[{"from": "agent", "text": " \u0000"}]),
    "10001 characters": dialogue("b", messages=[{"from": "agent", "text": "x" * 10_001}]),
    "at_offset_s of message 1": dialogue(
        "b", messages=[{"from": "agent", "text": "x", "at_offset_s": -1}]
    ),
    "started_at is no time": dialogue("b", started_at="yesterday"),
    "before 1970": dialogue("b", started_at="1969-12-31T23:59:59"),
    "is no time": dialogue("b", started_at="0001-01-01T00:00:00+14:00"),
    "future": dialogue("b", started_at="2999-01-01T00:00:00Z"),
    "in the future": dialogue("b", started_at="9999-12-31T23:59:59Z"),
    "tags": dialogue("b", tags="vip"),
    "a tag": dialogue("b", tags=[{}]),
    "issue_type": dialogue("b", issue_type={"a": 1}),
    "actions is no list": dialogue("b", actions={}),
    "action 1 is no object": dialogue("b", actions=[3]),
    "action 1 has no name": dialogue("b", actions=[{}]),
    "after_message": dialogue("b", actions=[{"name": "x", "after_message": "1"}]),
    "agent is no object": dialogue("b", agent="Amy"),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_line_says_why(reason: str) -> None:
    raw = BAD[reason]
    content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    with pytest.raises(BadLine, match=reason):
        read_dialogue(1, content, moment=timezone.now())


def test_bad_lines_are_reported_and_the_rest_lands(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[dict[str, Any] | bytes] = []
    for number, bad in enumerate(BAD.values()):
        rows += [bad, b"", dialogue(str(number))]
    found = desk.run(*rows)
    assert (found["imported"], found["skipped"]) == (len(BAD), len(BAD))
    reports = [line for line in capsys.readouterr().err.splitlines() if "skipped" in line]
    assert [int(line.split()[1]) for line in reports] == list(range(1, 3 * len(BAD), 3))
    assert "Where is my kettle" not in "".join(reports)


def test_strict_tells_it_by_the_exit_code(desk: Desk) -> None:
    desk.run(dialogue(), strict=True)
    with pytest.raises(SystemExit) as exit:
        desk.run(dialogue("2"), b"{", strict=True)
    assert exit.value.code == 1
    assert Conversation.objects.filter(external_id="old desk:2").exists()


def test_a_line_the_database_refuses_takes_no_other_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build = commands._conversation

    def broken(inbox: Inbox, past: Any, customer_id: Any) -> Conversation:
        made = build(inbox, past, customer_id)
        if past.external_id.endswith(":3"):
            made.preview = "x" * 161
        return made

    monkeypatch.setattr(commands, "_conversation", broken)
    found = desk.run(*[dialogue(str(number)) for number in range(1, 9)])
    assert (found["imported"], found["skipped"]) == (7, 1)
    assert "Line 3 skipped: the database refused it: value too long" in capsys.readouterr().err


def test_a_line_longer_than_memory_is_skipped_without_being_held(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 100_000)
    found = desk.run(dialogue("1"), b'"' + b"x" * 300_000 + b'"', dialogue("2"))
    assert (found["imported"], found["skipped"]) == (2, 1)
    assert "Line 2 skipped" in capsys.readouterr().err


# --- files ---------------------------------------------------------------------------------


def test_a_packed_file_needs_no_name(desk: Desk) -> None:
    desk.write(dialogue("1"), dialogue("2"))
    desk.path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + desk.path.read_bytes()))
    assert desk.run()["imported"] == 2


@pytest.mark.parametrize("damage", ["cut", "garbled", "trailing"])
def test_a_damaged_file_lands_as_far_as_it_reads(
    desk: Desk, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.write(*[dialogue(str(number), more=f"{number * 7919:x}" * 40) for number in range(400)])
    packed = gzip.compress(desk.path.read_bytes())
    half = len(packed) * 2 // 3
    desk.path.write_bytes(
        {
            "cut": packed[:half],
            "garbled": packed[:half] + b"\xff" * 64 + packed[half + 64 :],
            "trailing": packed + b"what is this",
        }[damage]
    )
    with pytest.raises(SystemExit) as exit:
        desk.run()
    assert exit.value.code == 1
    assert "is damaged" in capsys.readouterr().err
    landed = Conversation.objects.exclude(external_id="").count()
    assert landed == 400 if damage == "trailing" else 100 < landed < 400


def test_an_interrupted_run_keeps_what_it_told_of(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "BATCH", 5)
    store, calls = importer.import_dialogues, []

    def interrupted(**batch: Any) -> commands.Landed:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return store(**batch)

    monkeypatch.setattr(importer, "import_dialogues", interrupted)
    rows = [dialogue(str(number)) for number in range(20)]
    out = io.StringIO()
    desk.write(*rows)
    with pytest.raises(SystemExit) as exit:
        call_command("import_dialogues", desk.path, inbox="shop", stdout=out, verbosity=0)
    assert exit.value.code == 130
    told = figures(out.getvalue())["imported"]
    assert told == 10 == Conversation.objects.exclude(external_id="").count()
    monkeypatch.setattr(importer, "import_dialogues", store)
    again = desk.run()
    assert (again["imported"], again["known"]) == (10, 10)


def test_an_unknown_inbox_names_the_known_ones(desk: Desk) -> None:
    desk.write(dialogue())
    with pytest.raises(CommandError, match=r"'nowhere'.*depot, shop"):
        call_command("import_dialogues", desk.path, inbox="nowhere")


def test_a_missing_file_is_a_sentence(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_dialogues", tmp_path / "none", inbox="shop")


def test_an_empty_file_is_no_error(desk: Desk) -> None:
    desk.path.write_bytes(b"")
    assert desk.run()["imported"] == 0


# --- how -----------------------------------------------------------------------------------


def test_one_audit_record_per_batch_and_no_word_to_the_screens(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(importer, "BATCH", 5)
    told: list[events.Event] = []
    monkeypatch.setattr(events, "publish", told.append)
    with django_capture_on_commit_callbacks(execute=True):
        desk.run(*[dialogue(str(number)) for number in range(12)])
    records = AuditRecord.objects.filter(verb="conversation.import").order_by("pk")
    assert [record.detail["imported"] for record in records] == [5, 5, 2]
    assert {(record.object_kind, record.object_id) for record in records} == {
        ("inbox", str(Inbox.objects.get(key="shop").pk))
    }
    assert records[0].detail == {"file": "dialogues.jsonl", "lines": [1, 5], "imported": 5}
    assert not told


def test_the_look_for_what_changed_just_now_finds_none_of_it(desk: Desk) -> None:
    now = timezone.now()
    desk.run(dialogue("1"), dialogue("2", started_at=...))
    _at, found = queries.heads([], now - feeds.OVERLAP)
    assert found == []


def test_a_batch_is_few_statements(desk: Desk, django_assert_max_num_queries: Any) -> None:
    desk.write(*[dialogue(str(number)) for number in range(importer.MANY - 1)])
    with django_assert_max_num_queries(12):
        desk.run()


def test_the_progress_bar_counts_bytes(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write(dialogue())
    call_command("import_dialogues", desk.path, inbox="shop", stdout=io.StringIO())
    bar = capsys.readouterr().err
    assert "dialogues.jsonl: 100%" in bar
    assert "1 imported" in bar
