"""Editing a sent reply: in its place, over nobody else's text, with a trace for the team."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from conversations.intake import queries as intake
from conversations.intake.commands import new_session, post_message
from conversations.merging.commands import merge
from conversations.threads import commands, queries
from conversations.threads.draw import public_with_html, with_html
from conversations.threads.models import Entry, EntryEdit
from conversations.threads.transcripts import transcript_text
from helpdesk.core.refusals import Conflict
from permissions.acts.checks import give
from permissions.acts.command import command
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from permissions.policies.models import Policy
from tests.conftest import act, make_cast
from tests.permissions.conftest import raise_versions, set_rules

FIRST, SECOND = "It leaves on Munday", "It leaves on Monday"


def sent(agent, thread, body=FIRST) -> Entry:
    said = {"agent": agent, "conversation": thread.pk, "body": body, "client_id": uuid.uuid4()}
    return commands.post_reply(**said)[0]


def edit(agent, entry, body=SECOND, was=0) -> Entry:
    return commands.edit_reply(
        agent=agent, conversation=entry.conversation_id, seq=entry.seq, body=body, was=was
    )


def wish(entry, body=SECOND, was=0) -> dict[str, object]:
    return {"entry": entry.seq, "body": body, "was": was}


@pytest.fixture
def reply(cast, thread) -> Entry:
    return sent(cast.amy, thread)


def test_customers_read_the_new_text_and_nothing_of_the_earlier(cast, thread, reply, signed_in):
    path = act(thread, "edit")
    for _ in range(2):  # the second time there is nothing left to do
        assert signed_in("amy").send(path, wish(reply)).status_code == 200
    public = public_with_html(queries.public_entries_after(thread.pk, 0), "en")
    assert [one["seq"] for one in public] == list(range(1, len(public) + 1))
    shown, told = public[reply.public_seq - 1], public[-1]
    assert (shown["body"], shown["edited"]) == (SECOND, True)
    assert told["event"] == {"type": "edited", "message": reply.public_seq}
    for one in (shown, told):  # the one drawn at first, the other brings it to open screens
        assert SECOND in one["html"]
        assert "edited</span>" in one["html"]
    listed, _ = intake.listed(cast.session)
    assert listed[0].last == SECOND
    everything = json.dumps(public) + str(listed)
    assert "Munday" not in everything
    assert "Amy Ito edited" not in everything


def test_the_team_reads_who_changed_what(cast, thread, reply, signed_in):
    give([Act.RECALL, Act.REPLY], cast.ben, cast.inbox)
    raise_versions()
    assert signed_in("ben").send(act(thread, "edit"), wish(reply)).status_code == 200
    entries = with_html(queries.entries_after(thread.pk, 0), "en")
    assert [one["seq"] for one in entries] == list(range(1, len(entries) + 1))
    assert entries[-1]["event"] == {
        "type": "edited", "entry": reply.seq, "message": reply.public_seq
    }  # fmt: skip
    assert "Ben Okafor edited a message" in entries[-1]["html"]
    assert SECOND in entries[-1]["html"]
    assert cast.thread.preview == SECOND
    asked = f"{act(thread, 'edits')}?entry={reply.seq}"
    told = signed_in("amy").read(asked).json()
    assert (told["body"], told["masked"]) == (SECOND, False)
    assert [(one["body"], one["by"]["name"]) for one in told["edits"]] == [(FIRST, "Ben Okafor")]
    assert FIRST in signed_in("amy").get(asked).content.decode()
    assert signed_in("eve").get(asked).status_code == 404
    record = AuditRecord.objects.get(verb="message.edit")
    assert record.detail["edited"] == reply.seq
    assert "leaves" not in str(record.detail)
    text = transcript_text(cast.amy, cast.thread, ZoneInfo("UTC"))
    assert "(edited)" in text
    assert SECOND in text
    assert FIRST not in text


def test_who_may_edit(cast, thread, reply, signed_in):
    path = act(thread, "edit")
    assert signed_in("eve").send(path, wish(reply)).status_code == 404
    assert signed_in("ben").send(path, wish(reply)).status_code == 403
    give([Act.REPLY], cast.ben, cast.inbox)
    raise_versions()
    assert signed_in("ben").send(path, wish(reply)).status_code == 403  # it is not his
    assert signed_in("amy").send(path, wish(reply) | {"entry": 1}).status_code == 403
    assert signed_in("amy").send(path, wish(reply) | {"entry": 999}).status_code == 404
    assert not EntryEdit.objects.exists()


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"body": ""}, 422),
        ({"body": " \n "}, 422),
        ({"body": "x" * 10_001}, 422),
        ({"body": None}, 422),
        ({"body": ["x"]}, 422),
        ({"was": "x"}, 422),
        ({"was": 7}, 409),
        ({"body": "<b>\x00\ud800 ok"}, 200),
    ],
)
def test_whatever_is_sent_gets_a_clear_answer(cast, thread, reply, signed_in, changed, status):
    answer = signed_in("amy").send(act(thread, "edit"), wish(reply) | changed)
    assert answer.status_code == status
    reply.refresh_from_db()
    assert reply.body == ("<b> ok" if status == 200 else FIRST)


def test_nobody_writes_over_what_somebody_else_wrote_meanwhile(cast, thread, reply, signed_in):
    amy, path = signed_in("amy"), act(thread, "edit")
    assert amy.send(path, wish(reply, "Amy's first")).status_code == 200
    late = amy.send(path, wish(reply, "Begun before"))
    assert late.status_code == 409
    assert (late.json()["body"], late.json()["edits"]) == ("Amy's first", 1)
    assert amy.send(path, wish(reply, "Begun before", was=1)).status_code == 200
    assert [one.body for one in reply.edits.order_by("pk")] == [FIRST, "Amy's first"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one_edit_and_one_conflict():
    cast = make_cast()
    cast.says("Where is it?")
    reply = sent(cast.amy, cast.thread)

    def change(body: str) -> str:
        try:
            return edit(cast.amy, reply, body).body
        except Conflict as refusal:
            return refusal.facts["body"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        texts = list(pool.map(change, ["one", "two"]))
    reply.refresh_from_db()
    assert texts == [reply.body, reply.body]
    assert reply.edits.count() == 1
    numbers = cast.thread.entries.order_by("seq").values_list("seq", flat=True)
    assert list(numbers) == list(range(1, cast.thread.last_seq + 1))


def test_what_is_gone_or_goes_on_elsewhere_stays_as_it_is(cast, thread, reply):
    with command("customer.begin_session", actor=None, on=None):
        session, _ = new_session(cast.inbox, cast.lin)
    post_message(session=session, body="Another thing", client_id=uuid.uuid4())
    recalled = sent(cast.amy, thread, "Wrong")
    edit(cast.amy, recalled, "Wrong again")
    commands.recall(agent=cast.amy, conversation=thread.pk, seq=recalled.seq)
    with pytest.raises(Conflict, match="recalled"):
        edit(cast.amy, recalled, was=1)
    told = public_with_html(queries.public_entries_after(thread.pk, 0), "en")
    assert "Wrong" not in json.dumps(told)
    commands.mark_spam(agent=cast.amy, conversation=thread.pk)
    with pytest.raises(Conflict, match="spam"):
        edit(cast.amy, reply)
    commands.not_spam(agent=cast.amy, conversation=thread.pk)
    merge(agent=cast.amy, conversation=thread.pk, into=session.conversation_id)
    with pytest.raises(Conflict, match="merged"):
        edit(cast.amy, reply)


def test_the_end_stays_the_end_for_the_customer(cast, thread, reply):
    commands.resolve(agent=cast.amy, conversation=thread.pk)
    edit(cast.amy, reply)
    assert intake.has_ended(thread.pk)
    assert cast.thread.status == "resolved"


def test_whose_replies_need_an_approval_cannot_pass_it_by(cast, thread, reply):
    set_rules({"operation": "reply.send"})
    with pytest.raises(Conflict, match="approval"):
        edit(cast.amy, reply)


def test_what_is_masked_is_neither_shown_nor_lost(cast, thread, signed_in):
    number = "13812345678"
    reply = sent(cast.amy, thread, f"Call {number}")
    edit(cast.amy, reply, f"Please call {number}")
    Policy.objects.create(name="customer-privacy", value={"mask_texts": True}, version=1)
    asked = f"{act(thread, 'edits')}?entry={reply.seq}"
    amy = signed_in("amy")
    told = amy.read(asked).json()
    assert told["masked"] is True
    assert number not in str(told) + amy.get(asked).content.decode()
    for entry in amy.read(f"{act(thread, 'entries')}?after=0&html=1").json()["entries"]:
        assert number not in str(entry)
    refused = amy.send(act(thread, "edit"), wish(reply, told["body"], was=1))
    assert refused.status_code == 409
    assert number not in refused.content.decode()


def test_an_edit_by_somebody_else_holds_an_answer(cast, thread, reply, signed_in):
    give([Act.RECALL, Act.REPLY], cast.ben, cast.inbox)
    raise_versions()
    seen = cast.thread.last_seq
    assert signed_in("ben").send(act(thread, "edit"), wish(reply)).status_code == 200
    answer = {"client_id": str(uuid.uuid4()), "body": "As said", "seen": seen}
    held = signed_in("amy").send(act(thread, "messages"), answer)
    assert [one["event"]["type"] for one in held.json()["since"]] == ["edited"]
