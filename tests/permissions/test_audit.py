"""The record is written with the change and by nobody changed."""

import pytest
from django.db import DatabaseError, transaction

from permissions.acts.command import command
from permissions.audit.models import AuditRecord


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(verb="x"),
        lambda found: found.delete(),
    ],
)
def test_the_database_refuses_to_change_it(cast, change):
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        change(AuditRecord.objects.all())


def test_a_command_that_fails_leaves_no_record(cast):
    before = AuditRecord.objects.count()
    with pytest.raises(ZeroDivisionError), command("test.fail", actor=cast.amy, on=cast.amy):
        raise ZeroDivisionError
    assert AuditRecord.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_a_command_never_runs_inside_another():
    with (
        pytest.raises(RuntimeError),
        command("test.outer", actor=None, on=None),
        command("test.inner", actor=None, on=None),
    ):
        pass
    assert not AuditRecord.objects.exists()


def test_an_announcement_that_fails_does_not_undo_the_fact(
    cast, django_capture_on_commit_callbacks, monkeypatch
):
    from helpdesk.core.live import hub
    from permissions.acts.scope import AccessChanged

    def broken(event):
        raise OSError("no Redis")

    monkeypatch.setattr(hub, "announce", broken)
    with (
        django_capture_on_commit_callbacks(execute=True),
        command("test.tell", actor=cast.amy, on=cast.amy) as step,
    ):
        step.tell(AccessChanged((cast.amy.pk,)))
    assert AuditRecord.objects.filter(verb="test.tell").exists()
