"""Past conversations from a file: bad lines and damaged files, and that the rest lands."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations.inboxes.models import Inbox
from conversations.intake.importing import commands, importer, lines
from conversations.intake.importing.dialogues import BadLine, read_dialogue
from conversations.threads.models import Conversation
from tests.conftest import Cast
from tests.conversations.dialogues import Desk, dialogue, figures

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
