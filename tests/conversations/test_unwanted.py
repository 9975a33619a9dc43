"""Spam, blocks, unread, priority: who may, twice, and what the customer notices."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.customers.models import Customer
from conversations.threads import commands, queries
from conversations.threads.list_rows import put_beside
from conversations.threads.listing import Listing
from conversations.threads.models import File, Priority
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from permissions.audit.models import AuditRecord
from tests.conftest import act, message


def events(thread):
    return list(
        thread.entries.filter(kind="event").order_by("seq").values_list("event__type", flat=True)
    )


def unread(cast):
    return queries.unread(*put_beside([cast.thread], cast.amy))


def test_spam_is_put_away_in_silence(cast, thread):
    for _ in range(2):
        commands.mark_spam(agent=cast.amy, conversation=thread.pk)
    now = cast.thread
    assert (now.is_spam, now.status, now.waiting_since) == (True, "resolved", None)
    assert (events(thread), now.last_public_seq) == (["spam"], 1)
    cast.says("buy this too")
    now = cast.thread
    assert (now.status, now.waiting_since, now.last_public_seq) == ("resolved", None, 2)
    assert unread(cast) == 0
    assert queries.counts(cast.amy)["all"] == 0
    page = queries.conversation_page(cast.amy, Listing(view="spam"))
    assert [row.pk for row in page.rows] == [thread.pk]
    assert queries.conversation_page(cast.amy, Listing(view="resolved")).rows == []


def test_what_was_no_spam_waits_since_it_was_written(cast, thread):
    waiting = thread.waiting_since
    commands.mark_spam(agent=cast.amy, conversation=thread.pk)
    cast.says("I am a person")
    for _ in range(2):
        commands.not_spam(agent=cast.amy, conversation=thread.pk)
    now = cast.thread
    assert (now.is_spam, now.status, now.waiting_since) == (False, "open", waiting)
    assert events(thread) == ["spam", "not_spam"]


def test_spam_is_neither_answered_nor_reopened(cast, thread):
    commands.mark_spam(agent=cast.amy, conversation=thread.pk)
    with pytest.raises(Conflict):
        commands.reopen(agent=cast.amy, conversation=thread.pk)
    with pytest.raises(Conflict):
        commands.post_reply(
            agent=cast.amy, conversation=thread.pk, body="no", client_id=uuid.uuid4()
        )


def block(cast, thread, hours=1.0, reason="rude"):
    until = timezone.now() + timedelta(hours=hours) if hours else None
    return commands.block(agent=cast.amy, conversation=thread.pk, until=until, reason=reason)


def test_nothing_is_taken_from_who_is_blocked(cast, thread, browser):
    block(cast, thread)
    headers = {"authorization": f"Bearer {cast.token}"}
    answer = browser.send("/chat/shop/messages", message("still here"), headers=headers)
    assert answer.status_code == 403
    assert "rude" not in answer.content.decode()
    assert "Amy" not in answer.content.decode()
    assert browser.post("/chat/shop/files", {"file": b""}, headers=headers).status_code in (
        403,
        422,
    )
    assert (thread.entries.filter(kind="message").count(), File.objects.count()) == (1, 0)
    assert browser.get("/chat/shop/entries?after=0", headers=headers).status_code == 200
    commands.unblock(agent=cast.amy, conversation=thread.pk)
    answer = browser.send("/chat/shop/messages", message("thank you"), headers=headers)
    assert answer.status_code == 201
    assert events(thread) == ["blocked", "unblocked"]


def test_a_message_taken_before_is_acknowledged_again(cast, thread):
    key = uuid.uuid4()
    cast.says("first", client_id=key)
    block(cast, thread)
    cast.session.customer.refresh_from_db()
    assert cast.says("first", client_id=key).body == "first"
    with pytest.raises(NotAllowed):
        cast.says("second")


def test_a_block_ends_by_itself(cast, thread):
    block(cast, thread)
    Customer.objects.update(blocked_until=timezone.now() - timedelta(seconds=1))
    cast.session.customer.refresh_from_db()
    cast.says("hello again")
    assert commands.unblock(agent=cast.amy, conversation=thread.pk)
    assert events(thread) == ["blocked"]


def test_blocking_twice_is_once_and_for_ever_is_possible(cast, thread):
    for _ in range(2):
        block(cast, thread, hours=0)
    assert events(thread) == ["blocked"]
    assert Customer.objects.get(pk=cast.lin.pk).is_blocked()
    with pytest.raises(Invalid):
        block(cast, thread, hours=-1)
    assert "rude" not in str(list(AuditRecord.objects.values()))


def test_unread_again_for_this_agent_alone(cast, thread, signed_in):
    cast.says("and another")
    for who in (cast.amy, cast.ben):
        commands.mark_read(agent=who, conversation=thread.pk, seq=2)
    assert unread(cast) == 0
    for _ in range(2):
        commands.mark_unread(agent=cast.amy, conversation=thread.pk)
    assert unread(cast) == 1
    assert cast.ben.read_marks.get().messages == 2
    commands.mark_read(agent=cast.amy, conversation=thread.pk, seq=2)
    assert unread(cast) == 0
    commands.resolve(agent=cast.amy, conversation=thread.pk)
    assert signed_in("amy").send(act(thread, "unread")).status_code == 409


def test_priority_is_told_once(cast, thread):
    for _ in range(2):
        commands.prioritise(agent=cast.amy, conversation=thread.pk, priority=Priority.URGENT)
    assert cast.thread.priority == Priority.URGENT
    assert thread.entries.get(kind="event").event == {"type": "prioritised", "priority": "urgent"}


@pytest.mark.parametrize(("who", "refusal"), [("ben", NotAllowed), ("eve", NotFound)])
def test_who_may(cast, thread, who, refusal):
    one = {"agent": getattr(cast, who), "conversation": thread.pk}
    for command, more in (
        (commands.mark_spam, {}),
        (commands.not_spam, {}),
        (commands.block, {"until": None}),
        (commands.unblock, {}),
        (commands.prioritise, {"priority": Priority.LOW}),
    ):
        with pytest.raises(refusal):
            command(**one, **more)
    assert thread.entries.count() == 1


@pytest.mark.parametrize(("who", "status"), [("amy", 200), ("ben", 403), ("eve", 404)])
def test_who_may_over_http(thread, signed_in, who, status):
    for name, data in (
        ("spam", {}),
        ("not-spam", {}),
        ("block", {"until": "forever", "reason": "<b>spam</b>"}),
        ("unblock", {}),
        ("priority", {"priority": "high"}),
        ("snooze", {"until": "tomorrow"}),
    ):
        assert signed_in(who).send(act(thread, name), data).status_code == status, name


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("priority", {"priority": "extreme"}),
        ("priority", {"priority": 3}),
        ("block", {}),
        ("block", {"until": "0h"}),
        ("block", {"until": "9999d"}),
        ("snooze", {"until": "never"}),
        ("snooze", {"until": "2001-01-01"}),
        ("snooze", {"until": "9999-12-31T23:59:59"}),
        ("snooze", {"until": 7}),
        ("snooze", {"until": None}),
        ("resolve", {"next_in": "nothing"}),
        ("resolve", {"next_in": ["mine"]}),
        ("resolve", {"next_in": "view=all&inbox=%00"}),
    ],
)
def test_bad_input_is_422(thread, signed_in, name, data):
    assert signed_in("amy").send(act(thread, name), data).status_code == 422
    assert thread.entries.count() == 1
