"""Whoever changes the records, by whatever means, is found out, and the record is named."""

import json
import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from permissions.acts.command import command
from permissions.audit import commands, files, head, proof, reading, sealing
from permissions.audit.models import AuditCheck, AuditRecord, Seal
from permissions.audit.tasks import check_records
from permissions.audit.verifying import Finding

RECORDS = "permissions_auditrecord"


@pytest.fixture
def ids(db):
    """Ten records in two seals, and two that are not sealed yet."""
    made = []

    def write(count):
        for number in range(count):
            with command("test.act", actor=None, on=None) as step:
                step.note(
                    number=number, ratio=1.0, share=0.1, text="一二\u2028<b>", deep=[{"a": 1e20}]
                )
        made[:] = AuditRecord.objects.order_by("id").values_list("id", flat=True)

    write(6)
    assert sealing.seal_next()
    write(4)
    assert sealing.seal_next()
    write(2)
    return made


def by_sql(statement, *values):
    """What the owner of the tables can do."""
    with connection.cursor() as cursor:
        for table in (RECORDS, "permissions_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        for table in (RECORDS, "permissions_seal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def undone():
    with transaction.atomic():
        AuditRecord.record("test.undone", actor=None, on=None, detail={})
        transaction.set_rollback(True)


def verify():
    verifier = reading.verifier()
    for seal, found in reading.groups():
        verifier.take(seal, found, timezone.now())
    reading.compare_with_head(verifier, None)
    return verifier.findings


def exported():
    return files.lines_of("".join(files.export_lines()))


def test_what_nobody_touched_fits(ids):
    assert verify() == []
    assert [seal.count for seal in Seal.objects.order_by("number")] == [6, 4]
    assert files.verify_file(exported()).findings == []


@pytest.mark.parametrize(
    ("place", "seal"), [(2, 1), (8, 2), (11, None)], ids=["first", "later", "unsealed"]
)
@pytest.mark.parametrize(
    "change",
    ["verb = 'test.acT'", "actor_name = 'Eve'", "detail = '{}'", "at = at - interval '1 s'"],
)
def test_an_altered_record_is_named(ids, place, seal, change):
    by_sql(f"UPDATE {RECORDS} SET {change} WHERE id = %s", ids[place])
    assert verify()[0] == Finding("altered", ids[place], seal)


@pytest.mark.parametrize("place", [0, 3, 5, 7, 9])
def test_a_missing_record_is_named(ids, place):
    by_sql(f"DELETE FROM {RECORDS} WHERE id = %s", ids[place])
    assert (verify()[0].what, verify()[0].record) == ("missing", ids[place])


def test_two_that_were_swapped_are_named(ids):
    first, second = ids[1], ids[4]
    by_sql(
        f"UPDATE {RECORDS} SET id = CASE id WHEN %s THEN -1 ELSE id END WHERE id IN (%s, %s)",
        first,
        first,
        second,
    )
    by_sql(f"UPDATE {RECORDS} SET id = %s WHERE id = %s", first, second)
    by_sql(f"UPDATE {RECORDS} SET id = %s WHERE id = -1", second)
    assert verify()[:2] == [Finding("reordered", first, 1), Finding("reordered", second, 1)]


COPY = f"""INSERT INTO {RECORDS} (id, at, verb, actor_kind, actor_id, actor_name, object_kind,
  object_id, detail, request_id, address, mac) SELECT %s, at, %s, actor_kind, actor_id, actor_name,
  object_kind, object_id, detail, request_id, address, mac FROM {RECORDS} WHERE id = %s"""


def test_a_record_inserted_where_none_was_is_named(ids):
    undone()  # a number that no record ever has
    gap = ids[-1] + 1
    with command("test.act", actor=None, on=None):
        pass
    sealing.seal_next()
    assert verify() == []
    by_sql(COPY, gap, "test.act", ids[0])
    assert verify()[0] == Finding("inserted", gap, 3)


@pytest.mark.parametrize("number", [-5, 0])
def test_a_record_inserted_before_all_others_is_named(ids, number):
    by_sql(COPY, number, "test.act", ids[0])
    assert verify()[0] == Finding("inserted", number, 1)


def test_a_forged_record_at_the_end_is_named_before_and_after_it_is_sealed(ids):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval('{RECORDS}_id_seq')")
        (number,) = cursor.fetchone()
    by_sql(COPY, number, "test.forged", ids[0])
    assert verify()[0] == Finding("altered", number)
    sealing.seal_next()
    assert verify()[0] == Finding("inserted", number, 3)


def test_the_last_records_with_their_seal_cannot_be_cut_off(ids):
    by_sql(f"DELETE FROM {RECORDS} WHERE id > %s", ids[5])
    by_sql("DELETE FROM permissions_seal WHERE number = 2")
    assert verify()[0] == Finding("cut", ids[5] + 1, 2)


def test_the_last_records_cannot_be_cut_off_alone(ids):
    by_sql(f"DELETE FROM {RECORDS} WHERE id >= %s", ids[9])
    assert verify()[0] == Finding("missing", ids[9], 2)


def test_a_seal_in_the_middle_cannot_be_taken_out(ids):
    sealing.seal_next()
    by_sql("DELETE FROM permissions_seal WHERE number = 2")
    assert verify()[0] == Finding("seal missing", ids[5] + 1, 2)


def rechain(key):
    """Make all seals anew, as somebody would who knows the code but not the key."""
    by_sql("DELETE FROM permissions_seal")
    before = None
    for last in (AuditRecord.objects.order_by("-id").first().pk,):
        found = list(AuditRecord.objects.order_by("id"))
        seal = sealing._seal(before, 0, last, found)
        seal.mac = proof.sign("seal", proof.written(seal.facts()), key).hex()
        seal.save(force_insert=True)


def test_rewriting_and_chaining_anew_without_the_key_is_found(ids):
    by_sql(f"UPDATE {RECORDS} SET actor_name = 'Eve' WHERE id = %s", ids[2])
    rechain(b"a guess")
    assert verify()[0].what == "seal altered"


def test_chaining_anew_with_the_key_is_found_by_what_was_remembered(ids):
    rechain(None)
    assert "cut" in {finding.what for finding in verify()}


def test_an_older_backup_is_found_and_goes_on_only_when_somebody_answers_for_it(ids):
    known = head.read()
    by_sql(f"DELETE FROM {RECORDS} WHERE id > %s", ids[5])
    by_sql("DELETE FROM permissions_seal WHERE number = 2")
    with command("test.after", actor=None, on=None):
        pass
    sealing.seal_next()
    assert verify() == [Finding("forked", seal=2)]
    assert head.read() == known  # sealing goes on, but does not hide it
    commands.accept_cut(actor=None, reason="disk died")
    sealing.seal_next()
    assert verify() == []
    assert AuditRecord.objects.get(verb="audit.accept_cut").detail["remembered"] == known


def test_what_waits_for_its_seal_for_too_long_is_told(ids, time_machine):
    time_machine.move_to(timezone.now() + timedelta(seconds=50))
    assert verify() == []
    time_machine.move_to(timezone.now() + timedelta(seconds=20))
    assert verify() == [Finding("unsealed", ids[10])]


def test_another_key_proves_nothing_and_an_older_one_still_does(ids, settings):
    old, settings.AUDIT_KEY = settings.AUDIT_KEY, "another"
    assert verify()[0] == Finding("other key", seal=1)
    settings.AUDIT_KEY_FALLBACKS = [old]
    assert verify() == []
    sealing.seal_next()
    assert verify() == []


# --- files ---------------------------------------------------------------------------------


def swap(lines, first, second):
    lines[first], lines[second] = lines[second], lines[first]


@pytest.mark.parametrize(
    ("what", "place", "change"),
    [
        (
            "altered",
            2,
            lambda lines: lines.__setitem__(4, lines[4].replace("test.act", "test.acT")),
        ),
        ("missing", 2, lambda lines: lines.pop(4)),
        ("reordered", 2, lambda lines: swap(lines, 4, 5)),
        ("inserted", 2, lambda lines: lines.insert(5, lines[4])),
        ("altered", 10, lambda lines: lines.__setitem__(-3, lines[-3].replace("test", "text"))),
    ],
)
def test_a_changed_file_names_the_record(ids, what, place, change):
    lines = exported()
    change(lines)
    found = files.verify_file(lines).findings[0]
    assert (found.what, found.record) == (what, ids[place])


@pytest.mark.parametrize("end", [-1, -2, -4])
def test_a_file_that_was_cut_off_is_found(ids, end):
    assert files.verify_file(exported()[:end]).findings


def test_a_file_is_compared_with_a_checkpoint(ids):
    lines, known = exported(), head.read()
    assert files.verify_file(lines, known).findings == []
    assert files.verify_file(lines, known | {"number": 3}).findings[0].what == "cut"
    assert files.verify_file(lines, known | {"mac": "00"}).findings[0].what == "forked"


@pytest.mark.parametrize("lines", [[], ["{}"], ["nonsense"], ["[]", "1"], ['{"kind":"seal"}'] * 3])
def test_a_file_that_is_none_is_said_to_be_unreadable(lines):
    assert files.verify_file(lines).findings[0].what == "unreadable"


def test_the_command_verifies_exports_and_names(ids, tmp_path, capsys, monkeypatch):
    path = tmp_path / "audit.jsonl"
    call_command("verify_audit")
    call_command("verify_audit", "--export", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert AuditRecord.objects.filter(verb="audit.export").exists()
    monkeypatch.setattr(connection, "ensure_connection", None)  # a file needs no database
    call_command("verify_audit", str(path))
    monkeypatch.undo()
    assert "nothing was changed" in capsys.readouterr().out
    by_sql(f"UPDATE {RECORDS} SET verb = 'x' WHERE id = %s", ids[3])
    with pytest.raises(SystemExit) as end:
        call_command("verify_audit")
    assert end.value.code == 1
    assert f"Record {ids[3]} was altered." in capsys.readouterr().err


# --- sealing -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_record_that_commits_late_is_never_left_out(monkeypatch):
    monkeypatch.setattr(sealing, "PATIENCE", 0.2)
    inserted, go_on = threading.Event(), threading.Event()

    def late():
        with transaction.atomic():
            AuditRecord.record("test.late", actor=None, on=None, detail={})
            inserted.set()
            go_on.wait(10)
        connections.close_all()

    thread = threading.Thread(target=late)
    thread.start()
    assert inserted.wait(10)
    AuditRecord.record("test.early", actor=None, on=None, detail={})
    assert sealing.seal_next() is None  # a lower number is still under way
    go_on.set()
    thread.join(10)
    assert sealing.seal_next().count == 2
    assert verify() == []


@pytest.mark.django_db(transaction=True)
def test_eight_writers_at_once_leave_no_gap_and_no_fork():
    done = threading.Event()

    def write():
        for number in range(25):
            if number % 5:
                AuditRecord.record("test.parallel", actor=None, on=None, detail={"n": number})
            else:
                undone()
        connections.close_all()

    def seal():
        while not done.is_set():
            sealing.seal_next()
        connections.close_all()

    writers = [threading.Thread(target=write) for _ in range(8)]
    sealers = [threading.Thread(target=seal) for _ in range(2)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    for thread in sealers:
        thread.join(60)
    sealing.seal_all()
    assert verify() == []
    assert sum(Seal.objects.values_list("count", flat=True)) == AuditRecord.objects.count() == 160


def test_many_records_make_several_seals(ids, monkeypatch):
    monkeypatch.setattr(sealing, "MOST", 1)
    assert sealing.seal_all() == 2
    assert verify() == []


def test_old_records_may_go_their_seals_stay(ids, settings, monkeypatch):
    from permissions.audit.rules import Retention

    by_sql("UPDATE permissions_seal SET at = at - interval '400 days' WHERE number = 1")
    first = Seal.objects.get(number=1)
    first.mac = proof.sign("seal", proof.written(first.facts())).hex()
    by_sql("UPDATE permissions_seal SET mac = %s WHERE number = 1", first.mac)
    second = Seal.objects.get(number=2)
    second.previous = first.mac
    second.mac = proof.sign("seal", proof.written(second.facts())).hex()
    by_sql(
        "UPDATE permissions_seal SET mac = %s, previous = %s WHERE number = 2",
        second.mac,
        first.mac,
    )
    head.forget()
    assert verify() == []
    assert commands.expire_records() == 0  # kept for ever, unless somebody says otherwise
    monkeypatch.setattr(commands, "current", lambda kind: Retention(days=365))
    assert commands.expire_records() == 6
    assert AuditRecord.objects.order_by("id").first().pk == ids[6]
    assert Seal.objects.count() == 2
    assert verify() == []
    assert files.verify_file(exported()).findings == []
    by_sql(f"DELETE FROM {RECORDS} WHERE id = %s", ids[6])  # what no record says is missing
    assert verify()[0] == Finding("missing", ids[6], 2)


def test_a_check_in_the_background_keeps_what_it_found(ids):
    check = AuditCheck.objects.create()
    by_sql(f"DELETE FROM {RECORDS} WHERE id = %s", ids[7])
    check_records(check.pk)
    check.refresh_from_db()
    assert check.finished_at
    assert check.findings == [{"what": "missing", "record": ids[7], "seal": 2}]


def test_a_check_goes_on_where_the_last_stretch_ended(ids, monkeypatch):
    from permissions.audit import tasks

    asked = []
    monkeypatch.setattr(tasks, "STRETCH", -1)
    monkeypatch.setattr(tasks.check_records, "delay", asked.append)
    check = AuditCheck.objects.create()
    for _ in range(4):
        check_records(check.pk)
    check.refresh_from_db()
    assert (check.records, check.position, check.findings) == (12, 3, [])
    assert len(asked) == 3
    assert check.finished_at


def test_an_export_is_json_lines(ids):
    kinds = [json.loads(line)["kind"] for line in exported()]
    assert kinds == ["export", "seal", *["record"] * 6, "seal", *["record"] * 6, "end"]
