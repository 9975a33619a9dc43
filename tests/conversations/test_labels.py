"""Tags and issue types: who may change them, what colleagues see of it, and when somebody asks."""

import json
import uuid

import pytest

from conversations.threads import commands
from conversations.threads import queries as threads
from conversations.threads.wording import event_sentence
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.approvals.models import Approval
from permissions.audit.models import AuditRecord
from tests.conftest import act
from tests.permissions.conftest import fresh, raise_versions, set_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def labelled(cast, thread):
    """Amy may change tags and types here; the conversation has two tags and a type."""
    give([Act.TAG, Act.CLASSIFY], cast.amy, cast.inbox)
    raise_versions()
    cast.amy, cast.ben = fresh(cast.amy), fresh(cast.ben)
    thread.tags, thread.issue_type = ["VIP", "old"], "Delivery"
    thread.save(update_fields=["tags", "issue_type"])
    return thread


def sentences(thread):
    return [event_sentence(one) for one in thread.entries.filter(kind="event").order_by("seq")]


def test_tags_are_told_recorded_and_never_shown_to_the_customer(cast, labelled):
    public = cast.thread.last_public_seq
    commands.set_tags(agent=cast.amy, conversation=labelled.pk, tags=["VIP", "new", "退款"])
    for _ in range(2):
        commands.set_tags(agent=cast.amy, conversation=labelled.pk, tags=["退款", "new", "VIP"])
    commands.set_tags(agent=cast.amy, conversation=labelled.pk, tags=["new", "退款"])
    assert cast.thread.tags == ["new", "退款"]
    assert sentences(labelled) == [
        "Amy Ito tagged it new, 退款 instead of old",
        "Amy Ito took off tags: VIP",
    ]
    record = AuditRecord.objects.filter(verb="conversation.tag").earliest("pk")
    assert record.object_id == str(labelled.pk)
    assert record.detail["before"] == ["VIP", "old"]
    assert record.detail["after"] == ["VIP", "new", "退款"]
    assert cast.thread.last_public_seq == public
    told = [threads.public_entry_json(one) for one in threads.public_entries_after(labelled.pk, 0)]
    assert "VIP" not in json.dumps(told)


def test_the_issue_type_is_told_and_recorded(cast, labelled):
    for kind in ("Refund", "Refund", ""):
        commands.set_issue_type(agent=cast.amy, conversation=labelled.pk, issue_type=kind)
    assert cast.thread.issue_type == ""
    assert sentences(labelled) == [
        "Amy Ito set the issue type to Refund",
        "Amy Ito removed the issue type Refund",
    ]
    records = AuditRecord.objects.filter(verb="conversation.classify").order_by("pk")
    assert [(one.detail["before"], one.detail["after"]) for one in records] == [
        ("Delivery", "Refund"),
        ("Refund", ""),
    ]


def test_who_did_not_see_the_last_change_is_told_of_it(cast, labelled):
    tagging = {"agent": cast.amy, "conversation": labelled.pk, "instead_of": ["VIP", "old"]}
    commands.set_tags(tags=["VIP"], **tagging)
    commands.set_tags(tags=["VIP"], **tagging)  # the same request again
    with pytest.raises(Conflict):
        commands.set_tags(tags=["VIP", "old", "mine"], **tagging)
    typing = {"agent": cast.amy, "conversation": labelled.pk, "instead_of": "Delivery"}
    commands.set_issue_type(issue_type="Refund", **typing)
    commands.set_issue_type(issue_type="Refund", **typing)
    with pytest.raises(Conflict):
        commands.set_issue_type(issue_type="Return", **typing)
    assert (cast.thread.tags, cast.thread.issue_type) == (["VIP"], "Refund")


@pytest.mark.parametrize(
    ("name", "data"),
    [("tags", {"tags": ["a"]}), ("issue-type", {"issue_type": "a"})],
)
def test_who_may(cast, labelled, signed_in, name, data):
    statuses = {
        who: signed_in(who).send(act(labelled, name), data).status_code
        for who in ("amy", "ben", "eve")
    }
    assert statuses == {"amy": 200, "ben": 403, "eve": 404}
    with pytest.raises(NotAllowed):
        commands.set_tags(agent=cast.ben, conversation=labelled.pk, tags=[])


def test_tags_over_http_are_tidied(cast, labelled, signed_in):
    amy, path = signed_in("amy"), act(labelled, "tags")
    sent = ["  VIP ", "VIP", "", "a\n b\u0000\u202e", "\u200b", "<b>&amp;", "é"]
    answer = amy.send(path, {"tags": sent, "instead_of": ["VIP", "old"]})
    assert answer.json()["tags"] == ["VIP", "a b", "<b>&amp;", "é"]
    page = amy.get(f"/workspace/conversations/{labelled.pk}/").content.decode()
    assert "<b>&amp;" not in page
    assert "&lt;b&gt;&amp;amp;" in page
    assert amy.post(path, {"tags": ["one", "two"]}).status_code == 302
    assert cast.thread.tags == ["one", "two"]
    assert amy.post(path, {"tags": ""}).status_code == 302
    assert cast.thread.tags == []
    answer = amy.send(act(labelled, "issue-type"), {"issue_type": " Late\tdelivery "})
    assert answer.json()["issue_type"] == "Late delivery"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tags", {}),
        ("tags", {"tags": None}),
        ("tags", {"tags": {"a": 1}}),
        ("tags", {"tags": [1]}),
        ("tags", {"tags": ["x" * 81]}),
        ("tags", {"tags": [f"tag {number}" for number in range(101)]}),
        ("tags", {"tags": ["a"], "instead_of": 7}),
        ("issue-type", {}),
        ("issue-type", {"issue_type": None}),
        ("issue-type", {"issue_type": ["a"]}),
        ("issue-type", {"issue_type": "x" * 81}),
        ("issue-type", {"issue_type": "a", "instead_of": []}),
    ],
)
def test_bad_input_is_refused_with_a_sentence(cast, labelled, signed_in, name, data):
    answer = signed_in("amy").send(act(labelled, name), data)
    assert (answer.status_code, bool(answer.json()["detail"])) == (Invalid.status, True)
    assert cast.thread.tags == ["VIP", "old"]


def test_what_is_in_use_is_offered(cast, labelled, signed_in):
    assert signed_in("amy").get("/workspace/labels/").json() == {
        "tags": ["VIP", "old"],
        "issue_types": ["Delivery"],
    }
    assert signed_in("eve").get("/workspace/labels/").json() == {"tags": [], "issue_types": []}


def test_the_panel_offers_changes_to_who_may_make_them(labelled, signed_in):
    path = f"/workspace/conversations/{labelled.pk}/"
    mine, bens = (signed_in(who).get(path).content.decode() for who in ("amy", "ben"))
    for part in ('id="add-tag"', 'id="issue-type"', "data-untag"):
        assert part in mine
        assert part not in bens
    assert "Delivery" in bens


@pytest.fixture
def asking(cast, labelled):
    """Amy's changes of labels wait for ben."""
    give([Act.APPROVE], cast.ben, cast.inbox)
    raise_versions()
    set_rules({"operation": "conversation.tag"}, {"operation": "conversation.classify"})
    return labelled


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("tags", {"tags": ["VIP", "new"]}, ("VIP, old", "VIP\nnew")),
        ("issue-type", {"issue_type": "Refund"}, ("Delivery", "Refund")),
    ],
)
def test_an_approver_sees_the_difference_and_then_it_is_done(
    cast, asking, signed_in, name, data, shown
):
    before = (cast.thread.tags, cast.thread.issue_type)
    answer = signed_in("amy").send(act(asking, name), {**data, "client_id": str(uuid.uuid4())})
    assert answer.status_code == 202
    assert (cast.thread.tags, cast.thread.issue_type) == before
    asked, ben = Approval.objects.get(), signed_in("ben")
    queue = ben.get("/approvals/").content.decode()
    assert all(text in queue for text in shown)
    assert ben.send(f"/approvals/{asked.pk}/approve/").json()["state"] == "done"
    assert signed_in("amy").send(act(asking, name), data).status_code == 200  # nothing to change
    done = threads.row_json(cast.thread) | data
    assert {key: done[key] for key in data} == data
    record = AuditRecord.objects.get(verb__in=["conversation.tag", "conversation.classify"])
    assert record.actor_name == "Amy Ito"
    assert record.detail["approved_by"]["name"] == "Ben Okafor"


def test_a_request_is_void_once_somebody_changed_the_tags(cast, asking, signed_in):
    signed_in("amy").send(act(asking, "tags"), {"tags": []})
    set_rules()
    commands.set_tags(agent=cast.amy, conversation=asking.pk, tags=["VIP"])
    late = signed_in("ben").send(f"/approvals/{Approval.objects.get().pk}/approve/")
    assert late.status_code == 409
    assert (Approval.objects.get().state, cast.thread.tags) == ("void", ["VIP"])


@pytest.mark.parametrize(
    ("rule", "data", "status"),
    [
        ({"tag": "secret"}, {"tags": ["VIP", "old", "secret"]}, 202),
        ({"tag": "old"}, {"tags": ["VIP"]}, 202),
        ({"tag": "secret"}, {"tags": ["VIP"]}, 200),
        ({"issue_type": "Refund"}, {"issue_type": "Refund"}, 202),
        ({"issue_type": "Delivery"}, {"issue_type": "Refund"}, 202),
        ({"issue_type": "Fraud"}, {"issue_type": "Refund"}, 200),
    ],
)
def test_a_rule_about_a_label_counts_for_putting_it_on_and_for_taking_it_off(
    asking, signed_in, rule, data, status
):
    operation = "conversation.tag" if "tags" in data else "conversation.classify"
    name = "tags" if "tags" in data else "issue-type"
    set_rules({"operation": operation, "minutes": 7, **rule})
    assert signed_in("amy").send(act(asking, name), data).status_code == status
    for asked in Approval.objects.all():
        assert (asked.expires_at - asked.asked_at).total_seconds() == 7 * 60
