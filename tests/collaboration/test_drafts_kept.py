"""What an agent has begun to write: theirs alone, on all their devices, gone once sent."""

from datetime import timedelta

import pytest
from django.utils import timezone

from collaboration.drafts import commands
from collaboration.drafts.models import PrivateDraft
from collaboration.drafts.queries import drafts_of
from tests.conftest import act


def draft(body="Half a", number=1, mode="reply"):
    return {"mode": mode, "body": body, "number": number}


@pytest.fixture
def address(thread):
    return act(thread, "private-draft")


def test_it_is_there_on_the_next_device(cast, thread, signed_in, address):
    first = signed_in("amy").send(address, draft("Half a sentence"))
    assert first.json() == draft("Half a sentence")
    page = signed_in("amy").get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert 'data-reply="Half a sentence" data-reply-number="1"' in page


def test_nobody_else_sees_it(cast, thread, signed_in, address):
    signed_in("amy").send(address, draft("Half a sentence"))
    page = signed_in("ben").get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert "Half a sentence" not in page
    assert signed_in("ben").read("/workspace/drafts/").json() == {"conversations": []}


def test_a_reply_and_a_note_are_kept_apart(cast, thread, signed_in, address):
    amy = signed_in("amy")
    amy.send(address, draft("For Lin"))
    amy.send(address, draft("For colleagues", mode="note"))
    kept = drafts_of(cast.amy, thread.pk)
    assert {mode: one.body for mode, one in kept.items()} == {
        "reply": "For Lin",
        "note": "For colleagues",
    }


def test_what_arrives_late_replaces_nothing(cast, thread, signed_in, address):
    amy = signed_in("amy")
    amy.send(address, draft("Newer", 7))
    assert amy.send(address, draft("Older", 5)).json() == draft("Newer", 7)
    assert amy.send(address, draft("Same again", 7)).json() == draft("Newer", 7)
    assert amy.send(address, draft("", 8)).json() == draft("", 8)


def test_the_list_marks_where_something_was_begun(cast, thread, signed_in, address):
    amy = signed_in("amy")
    amy.send(address, draft("One", 1))
    amy.send(address, draft("Two", 1, mode="note"))
    assert amy.read("/workspace/drafts/").json() == {"conversations": [str(thread.pk)]}
    amy.send(address, draft("", 2))
    amy.send(address, draft("", 2, mode="note"))
    assert amy.read("/workspace/drafts/").json() == {"conversations": []}


def test_who_lost_the_conversation_lost_its_draft_too(cast, thread, signed_in, address):
    from permissions.accounts.commands import leave_team

    signed_in("amy").send(address, draft("Mine"))
    leave_team(actor=None, agent=cast.amy, team=cast.team)
    cast.amy.refresh_from_db()
    amy = signed_in("amy")
    assert amy.read("/workspace/drafts/").json() == {"conversations": []}
    assert amy.send(address, draft("More", 2)).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"mode": "shared", "body": "x", "number": 1},
        {"mode": "reply", "body": 7, "number": 1},
        {"mode": "reply", "body": "x" * 10_001, "number": 1},
        {"mode": "reply", "body": "x", "number": -1},
        {"mode": "reply", "body": "x", "number": 2**60},
        {"mode": ["reply"], "body": "x", "number": 1},
    ],
)
def test_bad_input_is_refused(cast, thread, signed_in, address, data):
    assert signed_in("amy").send(address, data).status_code == 422
    assert not PrivateDraft.objects.exists()


def test_controls_are_taken_out(cast, thread, signed_in, address):
    kept = signed_in("amy").send(address, draft("a\x00b\u202e<b>"))
    assert kept.json()["body"] == "ab<b>"


def test_empty_drafts_are_swept_after_a_day(cast, thread):
    for mode, body in (("reply", ""), ("note", "kept")):
        commands.keep_draft(agent=cast.amy, conversation=thread.pk, mode=mode, body=body, number=1)
    assert commands.sweep_empty() == 0
    PrivateDraft.objects.update(changed_at=timezone.now() - timedelta(days=2))
    assert commands.sweep_empty() == 1
    assert [one.body for one in PrivateDraft.objects.all()] == ["kept"]
