"""Past conversations from a file: none lands twice, and none is told to the screens."""

import io
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox
from conversations.intake.importing import importer, lines
from conversations.threads import feeds, queries
from conversations.threads.models import Conversation, Entry
from helpdesk.core import events
from permissions.audit.models import AuditRecord
from tests.conftest import make_cast
from tests.conversations.dialogues import Desk, dialogue


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
