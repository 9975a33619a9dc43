"""Acts on many: each by the command of one, finished exactly once whatever happens between."""

import uuid

import pytest

from collaboration.acts import commands as acts
from collaboration.acts.models import BulkJob
from collaboration.acts.queries import job_json
from conversations.intake.commands import begin_session, post_message
from conversations.threads import commands
from conversations.threads.models import Conversation
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from tests.permissions.conftest import raise_versions

BULK = "/workspace/conversations/bulk/"


@pytest.fixture
def many(cast):
    made = []
    for number in range(4):
        session, _ = begin_session(inbox=cast.inbox if number else cast.other_inbox)
        post_message(session=session, body=f"question {number}", client_id=uuid.uuid4())
        made.append(session.conversation_id)
    return made


def statuses(ids):
    rows = Conversation.objects.in_bulk(ids)
    return [rows[pk].status for pk in ids]


def test_those_one_may_are_done_and_the_others_named(cast, many, signed_in):
    data = {"act": "resolve", "ids": [str(pk) for pk in many]}
    answer = signed_in("amy").send(BULK, data)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["done"], body["refused"], body["finished"]) == (3, 1, True)
    assert body["sentence"] == "3 done, 1 refused: There is no such thing here."
    assert statuses(many) == ["open", "resolved", "resolved", "resolved"]
    assert AuditRecord.objects.filter(verb="conversation.resolve").count() == 3
    assert AuditRecord.objects.filter(verb="bulk.begin").count() == 1


def test_what_no_database_takes_does_no_harm(cast, many, signed_in):
    data = {"act": "resolve", "ids": [str(many[1])], "note": "a\x00b\ud800"}
    assert signed_in("amy").send(BULK, data).json()["done"] == 1


def test_who_may_only_look_does_nothing(cast, many, signed_in):
    body = signed_in("ben").send(BULK, {"act": "spam", "view": "all"}).json()
    assert (body["done"], body["refused"]) == (0, 3)
    assert list(body["reasons"].values()) == [3]


def test_a_whole_view_by_its_filters(cast, many, signed_in):
    commands.claim(agent=cast.amy, conversation=many[1])
    data = {"act": "snooze", "until": "1h", "view": "all", "filters": {"assignee": ["none"]}}
    body = signed_in("amy").send(BULK, data).json()
    assert body["done"] == 2
    assert statuses(many) == ["open", "open", "snoozed", "snoozed"]


def test_asked_twice_is_done_once(cast, many, signed_in):
    key = str(uuid.uuid4())
    data = {"act": "priority", "priority": "high", "view": "all", "client_id": key}
    first, second = (signed_in("amy").send(BULK, data).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert (BulkJob.objects.count(), second["done"]) == (1, 3)
    for other in ({"priority": "low"}, {"act": "resolve"}):
        assert signed_in("amy").send(BULK, data | other).status_code == 409


def test_labels_are_put_on_many_and_taken_off(cast, many, signed_in):
    give([Act.TAG, Act.CLASSIFY], cast.amy, cast.inbox)
    raise_versions()
    Conversation.objects.filter(pk=many[1]).update(tags=["old"])

    def asked(act, **data):
        return signed_in("amy").send(BULK, {"act": act, "view": "all", **data}).json()["done"]

    def labels():
        rows = Conversation.objects.in_bulk(many)
        return [(rows[pk].tags, rows[pk].issue_type) for pk in many]

    for _twice in range(2):
        assert asked("add-tag", tag=" 退款 ") == 3
    assert asked("remove-tag", tag="old") == 3
    assert asked("issue-type", issue_type="Refund") == 3
    assert labels() == [([], ""), *[(["退款"], "Refund")] * 3]
    assert AuditRecord.objects.filter(verb="conversation.tag").count() == 4
    for bad in ({}, {"tag": ""}, {"tag": ["x"]}, {"tag": "x" * 81}):
        refused = signed_in("amy").send(BULK, {"act": "add-tag", "view": "all", **bad})
        assert refused.status_code == 422
    body = signed_in("ben").send(BULK, {"act": "add-tag", "tag": "x", "view": "all"}).json()
    assert (body["done"], body["refused"]) == (0, 3)


def test_a_job_that_was_cut_goes_on_where_it_was(cast, many, monkeypatch):
    job = acts.begin(agent=cast.amy, act="resolve", data={}, ids=many, client_id=uuid.uuid4())
    settle, settled = acts._settle, []

    def dies(job, refusal):
        if len(settled) == 2:
            raise KeyboardInterrupt
        settled.append(refusal)
        return settle(job, refusal)

    monkeypatch.setattr(acts, "_settle", dies)
    with pytest.raises(KeyboardInterrupt):
        acts.run(job.pk)
    monkeypatch.undo()
    acts.run(job.pk)  # leased to the one that died
    job.refresh_from_db()
    assert (job.position, job.finished_at) == (2, None)
    BulkJob.objects.update(leased_until="2020-01-01T00:00:00Z")
    assert acts.run_waiting()
    assert not acts.run_waiting()
    job.refresh_from_db()
    assert (job.position, job.done, job.refused) == (4, 3, 1)
    assert job.finished_at
    for pk in many[1:]:
        events = Conversation.objects.get(pk=pk).entries.filter(event__type="resolved")
        assert events.count() == 1


def test_more_than_a_few_are_done_beside_the_answer(cast, many, signed_in, monkeypatch):
    monkeypatch.setattr(acts, "AT_ONCE", 2)
    amy = signed_in("amy")
    answer = amy.send(BULK, {"act": "resolve", "view": "all"})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["settled"], body["total"], body["finished"]) == (0, 3, False)
    acts.run(body["id"])
    body = amy.read(f"{BULK}{body['id']}/").json()
    assert (body["settled"], body["sentence"]) == (3, "3 done")
    assert signed_in("ben").read(f"{BULK}{body['id']}/").status_code == 404


def test_a_long_one_is_done_in_several_goes(cast, many, monkeypatch):
    job = acts.begin(agent=cast.amy, act="resolve", data={}, ids=many[1:], client_id=uuid.uuid4())
    monkeypatch.setattr(acts, "BUDGET", -1.0)
    acts.run(job.pk)
    job.refresh_from_db()
    assert (job.position, job.finished_at) == (0, None)
    monkeypatch.undo()
    assert acts.run_waiting()
    job.refresh_from_db()
    assert (job.done, job.finished_at is None) == (3, False)


def test_rights_taken_meanwhile_count(cast, many, settings):
    from permissions.accounts.commands import leave_team

    job = acts.begin(agent=cast.amy, act="resolve", data={}, ids=many[1:], client_id=uuid.uuid4())
    leave_team(actor=None, agent=cast.amy, team=cast.team)
    acts.run(job.pk)
    job.refresh_from_db()
    assert job_json(job)["refused"] == 3
    assert set(statuses(many)) == {"open"}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"act": "resolve"},
        {"act": "merge", "view": "all"},
        {"act": "nothing", "view": "all"},
        {"act": ["resolve"], "view": "all"},
        {"act": "resolve", "ids": []},
        {"act": "resolve", "ids": ["x"]},
        {"act": "resolve", "ids": [str(uuid.uuid4())] * 501},
        {"act": "resolve", "view": "nothing"},
        {"act": "resolve", "view": "all", "client_id": "x"},
        {"act": "snooze", "view": "all"},
        {"act": "resolve", "view": "all", "filters": ["x"]},
        {"act": "resolve", "view": "all", "filters": {"status": "gone"}},
        {"act": "assign", "view": "all", "to": "somebody"},
    ],
)
def test_bad_input_is_422(cast, many, signed_in, data):
    assert signed_in("amy").send(BULK, data).status_code == 422
    assert not BulkJob.objects.exists()
