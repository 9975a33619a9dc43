"""A conversation as a file: recorded, masked as on the screen, approved where a rule says so."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.customers.rules import Privacy
from conversations.threads import commands
from conversations.threads.models import Conversation, ExportPass
from helpdesk.core.refusals import NotAllowed
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.approvals.models import Approval
from permissions.audit.models import AuditRecord
from permissions.policies.models import Policy
from permissions.policies.rules import name_of
from tests.conftest import act
from tests.permissions.conftest import fresh, raise_versions, set_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(cast, thread):
    """Amy may export; there are a reply, a note and an event besides Lin's two messages."""
    give([Act.EXPORT], cast.amy, cast.inbox)
    raise_versions()
    cast.amy = fresh(cast.amy)
    doing = {"agent": cast.amy, "conversation": thread.pk}
    commands.post_note(body="She is a VIP", client_id=uuid.uuid4(), **doing)
    commands.post_reply(body="On its way.\n12:00  Lin", client_id=uuid.uuid4(), **doing)
    commands.resolve(**doing)
    cast.says("Call 13812345678, <b>now</b>")
    return thread


def test_json_holds_every_entry_and_the_export_is_recorded(cast, told, signed_in, monkeypatch):
    monkeypatch.setattr("conversations.threads.queries.PAGE", 2)
    answer = signed_in("amy").send(act(told, "export"), {"format": "json"})
    assert answer.headers["Content-Disposition"].startswith("attachment")
    found = answer.json()
    assert [one["seq"] for one in found["entries"]] == list(range(1, cast.thread.last_seq + 1))
    assert "She is a VIP" in [one["body"] for one in found["entries"]]
    assert found["id"] == str(told.pk)
    record = AuditRecord.objects.get(verb="conversation.export")
    assert (record.object_id, record.actor_name) == (str(told.pk), "Amy Ito")
    assert record.detail == {"format": "json", "entries": cast.thread.last_seq}


def test_text_is_read_by_people(told, signed_in):
    data = {"format": "text", "time_zone": "Asia/Shanghai"}
    answer = signed_in("amy").post(act(told, "export"), data)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    text = answer.content.decode()
    assert "Amy Ito · Internal note\n       She is a VIP" in text
    # What somebody wrote never looks like a line of ours.
    assert "       On its way.\n       12:00  Lin" in text
    assert "Amy Ito resolved the conversation" in text
    assert "Asia/Shanghai" in text


@pytest.mark.parametrize("format", ["json", "text"])
def test_what_is_masked_on_the_screen_is_masked_in_the_file(told, signed_in, format):
    Policy.objects.update_or_create(name=name_of(Privacy), defaults={"value": {"mask_texts": True}})
    masked = signed_in("amy").post(act(told, "export"), {"format": format}).content.decode()
    assert "13812345678" not in masked
    assert "She is a VIP" in masked


@pytest.mark.parametrize(("who", "status"), [("amy", 200), ("ben", 403), ("eve", 404)])
def test_who_may(told, signed_in, who, status):
    assert signed_in(who).send(act(told, "export")).status_code == status
    page = signed_in(who).get(f"/workspace/conversations/{told.pk}/").content.decode()
    assert ('data-act="export"' in page) is (who == "amy")


@pytest.mark.parametrize("format", ["csv", "", None, 7, ["json"], {"a": 1}])
def test_bad_input(told, signed_in, format):
    answer = signed_in("amy").send(act(told, "export"), {"format": format, "time_zone": 7})
    assert answer.status_code == 422


def test_an_approved_export_is_fetched_once_within_the_hour(cast, told, signed_in):
    give([Act.APPROVE], cast.ben, cast.inbox)
    raise_versions()
    set_rules({"operation": "data.export"})
    amy, ben, path = signed_in("amy"), signed_in("ben"), act(told, "export")

    def approve():
        assert amy.send(path).status_code == 202
        asked = Approval.objects.get(state="waiting")
        assert ben.send(f"/approvals/{asked.pk}/approve/").json()["state"] == "done"
        return asked

    asked = approve()
    assert [amy.send(path).status_code for _ in range(2)] == [200, 202]
    assert ExportPass.objects.get().used_at is not None
    record = AuditRecord.objects.get(verb="conversation.export")
    assert record.detail["approval"] == str(asked.pk)
    Approval.objects.filter(state="waiting").delete()

    approve()
    ended = timezone.now() - timedelta(seconds=1)
    ExportPass.objects.filter(used_at=None).update(expires_at=ended)
    assert amy.send(path).status_code == 202
    assert AuditRecord.objects.filter(verb="conversation.export").count() == 1


def test_nobody_makes_a_pass_without_an_approval(cast, told):
    with pytest.raises(NotAllowed):
        commands.allow_export(agent=cast.amy, conversation=told.pk)
    assert not ExportPass.objects.exists()


def test_what_was_merged_away_can_still_be_exported(cast, told, signed_in):
    other = Conversation.objects.create(
        inbox=told.inbox,
        customer=told.customer,
        last_activity_at=timezone.now(),
        created_at=timezone.now(),
    )
    Conversation.objects.filter(pk=told.pk).update(status="resolved", merged_into=other)
    assert signed_in("amy").send(act(told, "export")).status_code == 200
