"""Asking and deciding over HTTP; what colleagues and customers see of it."""

import json
import uuid

import pytest

from collaboration.approvals import queries as screens
from collaboration.notices import deriving
from collaboration.notices.models import Notice
from conversations.intake import queries as intake
from conversations.threads import queries as threads
from conversations.threads.commands.approvals import tell_of_approval
from conversations.threads.models import Entry
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.approvals.models import Approval, State
from permissions.approvals.rules import ApprovalRules
from permissions.audit.models import AuditRecord
from permissions.policies.models import Policy
from permissions.policies.rules import current
from permissions.roles.presets import install_roles
from tests.conftest import act, message
from tests.permissions.conftest import fresh, raise_versions, set_rules
from tests.permissions.test_approvals import ask, expire, replies

pytestmark = pytest.mark.django_db


def door(approval: Approval, name: str) -> str:
    return f"/approvals/{approval.pk}/{name}/"


def test_a_trainees_reply_waits_and_is_sent_once(office, signed_in):
    amy, ben = signed_in("amy"), signed_in("ben")
    said = message("On its way.")
    first = amy.send(act(office.thread, "messages"), said)
    again = amy.send(act(office.thread, "messages"), said)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["approval"]["id"] == again.json()["approval"]["id"]
    assert first.json()["client_id"] == said["client_id"]
    asked = Approval.objects.get()
    strip = ben.get(f"/workspace/conversations/{office.thread.pk}/approvals/").content.decode()
    assert "On its way." in strip
    assert "Approve" in strip
    assert b"Withdraw" in amy.get(f"/workspace/conversations/{office.thread.pk}/approvals/").content
    answer = ben.send(door(asked, "approve"), {"edit_body": "On its way!", "answer": "Nicer."})
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    assert replies(office) == ["On its way!"]
    late = amy.send(act(office.thread, "messages"), said)
    assert late.status_code == 409  # this id became the edited reply
    assert replies(office) == ["On its way!"]


def test_what_customers_get_is_the_same_with_and_without_a_request(office, signed_in):
    before = office.thread
    signed_in("amy").send(act(office.thread, "messages"), message("Secret until approved"))
    tell_of_approval(Approval.objects.get().pk)
    after = office.thread
    assert after.last_seq == before.last_seq + 1
    assert after.last_public_seq == before.last_public_seq
    told = [threads.public_entry_json(one) for one in threads.public_entries_after(after.pk, 0)]
    assert "Secret" not in json.dumps(told)
    assert "approval" not in json.dumps(told)
    listed, _ = intake.listed(office.session)
    assert "Secret" not in str(listed)


@pytest.mark.parametrize(
    ("who", "name", "status"),
    [
        ("amy", "approve", 403),
        ("eve", "approve", 404),
        ("ben", "approve", 200),
        ("amy", "reject", 403),
        ("eve", "reject", 404),
        ("amy", "withdraw", 200),
        ("ben", "withdraw", 404),
        ("eve", "withdraw", 404),
        ("ben", "note", 404),
    ],
)
def test_who_may_what(office, signed_in, who, name, status):
    asked = ask(office)
    assert signed_in(who).send(door(asked, name), {"answer": "So."}).status_code == status


@pytest.mark.parametrize(
    "data",
    [
        {"seen": "x"},
        {"seen": -1},
        {"answer": "x" * 501},
        {"answer": 7},
        {"edit_body": None},
        {"edit_nothing": "x"},
        {"edit_body": ["a"]},
    ],
)
def test_bad_input_is_refused(office, signed_in, data):
    asked = ask(office)
    assert signed_in("ben").send(door(asked, "approve"), data).status_code == 422
    asked.refresh_from_db()
    assert asked.state == State.WAITING


def test_html_stays_text(office, signed_in):
    ask(office, "<script>alert(1)</script>", reason="<b>please</b>")
    html = signed_in("ben").get("/approvals/").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "&lt;b&gt;please" in html


def test_the_queue_shows_what_is_the_readers_to_decide(office, signed_in):
    first, second = ask(office, "one"), ask(office, "two")
    expire(first)
    assert [one.approval.pk for one in screens.queue(office.ben)] == [second.pk]
    assert screens.waiting_count(office.ben) == 1
    assert [screens.waiting_count(who) for who in (office.amy, office.eve)] == [0, 0]
    ben = signed_in("ben")
    assert ben.read("/approvals/").json()["count"] == 1
    ben.send(door(second, "reject"), {"answer": "No."})
    assert screens.waiting_count(office.ben) == 0
    assert b"No." in ben.get("/approvals/decided/").content
    own = signed_in("amy").get("/approvals/own/").content.decode()
    assert "No." in own
    assert "Expired" in own


def test_an_approver_of_a_conversation_they_cannot_see_any_more_counts_nothing(office):
    from permissions.acts.checks import take

    ask(office)
    take([Act.VIEW], office.ben, office.inbox)
    raise_versions()
    assert screens.waiting_count(fresh(office.ben)) == 0


def test_the_requester_reads_the_answer_and_puts_it_away(office, signed_in):
    asked = ask(office)
    signed_in("ben").send(door(asked, "reject"), {"answer": "Ask first."})
    amy, place = signed_in("amy"), f"/workspace/conversations/{office.thread.pk}/approvals/"
    assert b"Ask first." in amy.get(place).content
    assert amy.send(door(asked, "note")).status_code == 302
    assert b"Ask first." not in amy.get(place).content


def test_both_sides_are_told(office):
    asked = ask(office)
    tell_of_approval(asked.pk)
    deriving.derive([office.thread.pk])
    told = Notice.objects.filter(kind="approval")
    assert set(told.values_list("agent__username", flat=True)) == {"ben", "zoe"}
    from permissions.approvals import commands

    commands.reject(agent=office.ben, approval=asked.pk, answer="No.")
    tell_of_approval(asked.pk)
    deriving.derive([office.thread.pk])
    assert not told.unread().exists()
    answered = Notice.objects.get(kind="answered")
    assert answered.agent == office.amy


def test_files_of_a_waiting_reply_are_its_approvers_to_open(office, signed_in):
    from django.core.files.uploadedfile import SimpleUploadedFile

    amy = signed_in("amy")
    upload = SimpleUploadedFile("a.txt", b"hello", "text/plain")
    sent = amy.post(act(office.thread, "files"), {"file": upload})
    file_id = sent.json()["id"]
    amy.send(act(office.thread, "messages"), message("See file", files=[file_id]))
    asked = Approval.objects.get()
    path = f"/approvals/{asked.pk}/files/{file_id}/"
    assert b"".join(signed_in("ben").get(path).streaming_content) == b"hello"
    assert signed_in("eve").get(path).status_code == 404
    assert signed_in("ben").get(f"/approvals/{asked.pk}/files/{uuid.uuid4()}/").status_code == 404
    signed_in("ben").send(door(asked, "approve"))
    assert office.thread.entries.get(kind="reply").attached[0].name == "a.txt"


def test_pages_cost_a_bounded_number_of_statements(
    office, signed_in, django_assert_max_num_queries
):
    for number in range(6):
        ask(office, f"text {number}")
    ben = signed_in("ben")
    ben.get("/approvals/")
    with django_assert_max_num_queries(60):
        ben.get("/approvals/")


def test_whoever_does_not_take_part_asks_to_join_first(office, signed_in):
    set_rules({"operation": "conversation.join"}, {"operation": "reply.send"})
    amy = signed_in("amy")
    refused = amy.send(act(office.thread, "messages"), message("hi"))
    assert (refused.status_code, refused.json()["error"]) == (409, "approval_needed")
    assert amy.send(act(office.thread, "join")).status_code == 202
    assert amy.send(act(office.thread, "join")).status_code == 202
    joining = Approval.objects.get()
    assert signed_in("ben").send(door(joining, "approve")).json()["state"] == "done"
    assert amy.send(act(office.thread, "messages"), message("hi")).status_code == 202


@pytest.mark.parametrize("name", ["assign", "transfer"])
def test_handing_it_to_somebody_outside_waits(office, signed_in, name):
    set_rules({"operation": "conversation.transfer"})
    give([Act.REPLY], office.zoe, office.inbox)
    raise_versions()
    amy, to = signed_in("amy"), {"agent": office.zoe.pk}
    assert amy.send(act(office.thread, name), to).status_code == 202
    assert office.thread.assignee is None
    asked = Approval.objects.get()
    assert signed_in("ben").send(door(asked, "approve")).json()["state"] == "done"
    assert office.thread.assignee == office.zoe


def test_in_bulk_it_is_refused_with_the_way_to_go(office, signed_in):
    set_rules({"operation": "conversation.transfer"})
    give([Act.REPLY], office.zoe, office.inbox)
    raise_versions()
    done = signed_in("amy").send(
        "/workspace/conversations/bulk/",
        {
            "act": "assign",
            "to": office.zoe.pk,
            "ids": [str(office.thread.pk)],
            "client_id": str(uuid.uuid4()),
        },
    )
    assert "approval" in done.json()["sentence"]
    assert office.thread.assignee is None


def test_masked_numbers_stay_masked_beside_a_request(office, signed_in):
    from conversations.customers.rules import Privacy
    from permissions.policies.rules import name_of

    Policy.objects.update_or_create(name=name_of(Privacy), defaults={"value": {"mask_texts": True}})
    office.says("My number is 13812345678")
    ask(office, "Is it 13912345678?")
    queue = signed_in("ben").get("/approvals/").content.decode()
    assert "13812345678" not in queue
    assert "13912345678" in queue  # what is to be sent is read as it is
    give([Act.VIEW], office.eve, office.inbox)
    raise_versions()
    place = f"/workspace/conversations/{office.thread.pk}/approvals/"
    assert "13912345678" not in signed_in("eve").get(place).content.decode()


# --- recalling -----------------------------------------------------------------------------


@pytest.fixture
def answered(office) -> Entry:
    """A reply of amy's, without a rule."""
    from conversations.threads import commands

    set_rules()
    commands.post_reply(
        agent=office.amy,
        conversation=office.thread.pk,
        body="Your code: 1234",
        client_id=uuid.uuid4(),
    )
    return office.thread.entries.get(kind="reply")


def test_a_recalled_reply_is_gone_for_the_customer_and_leaves_no_gap(office, signed_in, answered):
    path, entry = act(office.thread, "recall"), {"entry": answered.seq}
    for _ in range(2):
        assert signed_in("amy").send(path, entry).status_code == 200
    public = threads.public_entries_after(office.thread.pk, 0)
    told = [threads.public_entry_json(one) for one in public]
    assert "1234" not in json.dumps(told)
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    assert told[-1]["event"] == {"type": "recalled", "message": answered.public_seq}
    assert told[answered.public_seq - 1]["recalled"] is True
    answered.refresh_from_db()
    assert answered.body == "Your code: 1234"
    assert "1234" not in office.thread.preview
    listed, _ = intake.listed(office.session)
    assert "1234" not in str(listed)
    assert AuditRecord.objects.filter(verb="message.recall").count() == 1


def test_who_may_recall(office, signed_in, answered):
    path, entry = act(office.thread, "recall"), {"entry": answered.seq}
    assert signed_in("eve").send(path, entry).status_code == 404
    assert signed_in("ben").send(path, entry).status_code == 403
    assert signed_in("amy").send(path, {"entry": 1}).status_code == 403  # the customer's
    assert signed_in("amy").send(path, {"entry": 999}).status_code == 404
    assert signed_in("amy").send(path, {"entry": "x"}).status_code == 422
    give([Act.RECALL], office.ben, office.inbox)
    raise_versions()
    assert signed_in("ben").send(path, {"entry": 1}).status_code == 409
    assert signed_in("ben").send(path, entry).status_code == 200


def test_recalling_under_a_rule(office, signed_in, answered):
    set_rules({"operation": "message.recall"})
    path, entry = act(office.thread, "recall"), {"entry": answered.seq, "reason": "Wrong customer"}
    assert signed_in("amy").send(path, entry).status_code == 202
    asked = Approval.objects.get()
    assert asked.reason == "Wrong customer"
    assert signed_in("ben").send(door(asked, "approve")).json()["state"] == "done"
    answered.refresh_from_db()
    assert answered.recalled_at is not None


# --- the rules' page -----------------------------------------------------------------------


@pytest.fixture
def admin(office):
    office.zoe.groups.add(install_roles()["admin"].group)
    raise_versions()
    office.zoe = fresh(office.zoe)
    set_rules()
    return office.zoe


def save(client, **extra):
    policy = Policy.objects.get(name="approvals")
    data = {"act": "save", "operation": "reply.send", "minutes": 30, "version": policy.version}
    return client.post("/settings/approvals/", data | extra)


def test_an_administrator_adds_changes_orders_and_removes_rules(admin, signed_in):
    zoe = signed_in("zoe")
    assert save(zoe, role="trainee", tag="VIP", by=["supervisor", "admin"]).status_code == 302
    assert save(zoe, operation="message.recall").status_code == 302
    first, _second = current(ApprovalRules).lines()
    assert (first.role, first.tag, first.by, first.minutes) == (
        "trainee",
        "VIP",
        ("supervisor", "admin"),
        30,
    )
    page = zoe.get("/settings/approvals/").content.decode()
    assert "Zoe Park" in page
    assert "VIP" in page
    assert save(zoe, rule=1, minutes=5).status_code == 302
    assert current(ApprovalRules).lines()[0].minutes == 5
    assert save(zoe, act="up", rule=2).status_code == 302
    assert [line.operation for line in current(ApprovalRules).lines()] == [
        "message.recall",
        "reply.send",
    ]
    assert save(zoe, act="remove", rule=1).status_code == 302
    assert [line.operation for line in current(ApprovalRules).lines()] == ["reply.send"]
    assert AuditRecord.objects.filter(verb="policy.change").count() == 5


@pytest.mark.parametrize(
    "extra",
    [
        {"operation": "no.such"},
        {"minutes": 0},
        {"minutes": "x"},
        {"minutes": 10**9},
        {"role": "nobody"},
        {"by": ["nobody"]},
        {"tag": "x" * 81},
        {"version": "x"},
        {"act": "explode"},
    ],
)
def test_a_bad_rule_is_not_saved(admin, signed_in, extra):
    assert save(signed_in("zoe"), **extra).status_code == 422
    assert current(ApprovalRules).lines() == []


def test_two_administrators_do_not_overwrite_each_other(admin, signed_in):
    zoe = signed_in("zoe")
    assert save(zoe).status_code == 302
    late = save(zoe, version=0, operation="message.recall")
    assert late.status_code == 409
    assert b"Zoe Park changed this meanwhile" in late.content
    assert len(current(ApprovalRules).lines()) == 1


def test_others_may_not(office, signed_in):
    assert signed_in("amy").get("/settings/approvals/").status_code == 403
    assert signed_in("amy").post("/settings/approvals/", {"act": "save"}).status_code == 403
