"""The record is written with the change and by nobody changed."""

import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from PIL import Image

from conversations.threads.commands import post_reply
from conversations.threads.files import upload_file
from permissions.acts.command import command
from permissions.audit.models import AuditRecord, Unrecorded
from tests.conftest import act


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


# --- what cannot be recorded does not happen -----------------------------------------------


def test_without_the_right_to_write_records_nothing_happens(cast, signed_in, thread):
    amy = signed_in("amy")
    with connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON permissions_auditrecord FROM CURRENT_USER")
    answer = amy.send(act(thread, "resolve"))
    assert answer.status_code == 503
    assert answer.json()["error"] == "unrecorded"
    assert cast.thread.status == thread.status


# --- refused acts --------------------------------------------------------------------------


def test_a_refused_act_is_recorded_with_its_object(cast, signed_in, thread):
    assert signed_in("ben").send(act(thread, "resolve")).status_code == 403
    found = AuditRecord.objects.get(verb="act.refused")
    assert (found.actor_name, found.object_kind, found.object_id, found.detail) == (
        "Ben Okafor",
        "conversation",
        str(thread.pk),
        {"act": "conversation.resolve"},
    )
    assert found.address == "127.0.0.1"


def test_what_may_not_be_known_is_no_refusal(cast, signed_in, thread):
    assert signed_in("eve").send(act(thread, "resolve")).status_code == 404
    assert not AuditRecord.objects.filter(verb="act.refused").exists()


def test_nobody_fills_the_records_by_trying(cast, signed_in, thread, settings):
    settings.LIMITS = settings.LIMITS | {"refusals recorded": (2, 900)}
    ben = signed_in("ben")
    for _ in range(5):
        assert ben.send(act(thread, "resolve")).status_code == 403
    assert AuditRecord.objects.filter(verb="act.refused").count() == 2


# --- downloads -----------------------------------------------------------------------------


def given(cast, name, content):
    file = upload_file(author=cast.amy, upload=SimpleUploadedFile(name, content))
    post_reply(
        agent=cast.amy,
        conversation=cast.thread.pk,
        body="Look",
        client_id=uuid.uuid4(),
        files=[file.pk],
    )
    return f"/workspace/files/{file.pk}/"


def test_every_download_is_recorded(cast, signed_in, thread):
    path, ben = given(cast, "list.csv", b"a,b\n1,2\n"), signed_in("ben")
    for _ in range(2):
        assert ben.get(path).status_code == 200
    assert AuditRecord.objects.filter(verb="file.download", actor_id=cast.ben.pk).count() == 2


def test_a_picture_is_recorded_once_an_hour(cast, signed_in, thread):
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    path, ben = given(cast, "dot.png", picture.getvalue()), signed_in("ben")
    for _ in range(3):
        assert ben.get(path).status_code == 200
    assert AuditRecord.objects.filter(verb="file.download").count() == 1


def test_a_download_that_cannot_be_recorded_is_refused(cast, signed_in, thread, monkeypatch):
    def refuse(*args, **kwargs):
        raise Unrecorded

    path, ben = given(cast, "list.csv", b"a,b\n1,2\n"), signed_in("ben")
    monkeypatch.setattr(AuditRecord, "record", refuse)
    assert ben.get(path).status_code == 503
