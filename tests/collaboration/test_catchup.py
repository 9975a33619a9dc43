"""What somebody finds who returns to a conversation, or comes to it for the first time."""

import uuid

import pytest
from django.db.models import F

from collaboration.catchup.queries import HANDFUL, catch_up
from conversations.customers.commands import change_value
from conversations.modes.commands import switch_mode
from conversations.modes.floor import Mode
from conversations.threads import commands
from conversations.threads.models import Conversation, Entry
from permissions.accounts.commands import invite_agent, join_team
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from tests.conftest import PASSWORD, act


@pytest.fixture(autouse=True)
def people(cast, thread):
    """Ben returns to what Amy, Cid and Dora did meanwhile."""
    join_team(actor=None, agent=cast.ben, team=cast.team)
    for name in ("cid", "dora"):
        person = invite_agent(
            actor=None, username=name, name=name.title(), password=PASSWORD, teams=[cast.team]
        )
        setattr(cast, name, person)
        give([Act.CHANGE_CUSTOMER, Act.TAG], person, cast.inbox)
    Agent.objects.update(authz_version=F("authz_version") + 1)
    for name in ("amy", "ben", "cid", "dora"):
        getattr(cast, name).refresh_from_db()


def said(command, agent, thread, body="hello"):
    return command(agent=agent, conversation=thread.pk, body=body, client_id=uuid.uuid4())[0]


def told(reader, thread, after):
    """Each line, and the number of the entry it leads to."""
    found = catch_up(reader, Conversation.objects.get(pk=thread.pk), after)
    return {line.text: line.seq for line in found.lines} if found else None


def test_what_was_said_is_counted_by_whom_with_mentions_and_what_waits(cast, thread):
    cast.says("And?")
    said(commands.post_reply, cast.amy, thread)  # joins: 3, answers: 4
    said(commands.post_reply, cast.cid, thread)  # 5, 6
    said(commands.post_note, cast.amy, thread, "She is right")
    said(commands.post_note, cast.dora, thread, "@Ben Okafor what do you say?")
    said(commands.post_note, cast.dora, thread, "@Service what do you say?")
    said(commands.post_note, cast.ben, thread, "@Ben Okafor, I did this myself")
    cast.says("Are you there?")
    cast.says("Hello?")
    assert told(cast.ben, thread, 1) == {
        "3 messages from the customer": 2,
        "2 replies by Amy Ito and Cid": 4,
        "3 notes by Amy Ito and Dora": 7,
        "2 notes mention you": 8,
        "Waiting for an answer": 11,
        "Amy Ito and Cid joined": 3,
    }


def test_what_became_of_the_conversation_is_told_as_it_stands_in_the_end(cast, thread):
    pk = thread.pk
    commands.claim(agent=cast.amy, conversation=pk)  # 2
    commands.set_tags(agent=cast.cid, conversation=pk, tags=["VIP", "late"])
    commands.assign(agent=cast.amy, conversation=pk, to=cast.cid)
    commands.assign(agent=cast.cid, conversation=pk, to=cast.dora)
    commands.set_tags(agent=cast.dora, conversation=pk, tags=["refund"])
    commands.resolve(agent=cast.dora, conversation=pk)
    commands.reopen(agent=cast.dora, conversation=pk)
    switch_mode(agent=cast.dora, conversation=pk, mode=Mode.SOLO)
    assert told(cast.ben, thread, 2) == {
        "Assigned from Amy Ito to Dora": 4,
        "Tags added: refund": 3,
        "Status: resolved → reopened": 7,
        "Dora switched the mode: Solo": 9,
    }
    assert told(cast.ben, thread, 5) == {
        "Dora tagged it refund instead of VIP, late": 6,
        "Status: resolved → reopened": 7,
        "Dora switched the mode: Solo": 9,
    }


def test_what_colleagues_changed_of_the_customer_is_told_without_what_it_says(cast, thread):
    for key, text in (("company", "Acme"), ("email", "lin@shop.example")):
        change_value(agent=cast.cid, customer=cast.lin.pk, key=key, text=text, version=0)
    taken = {"Amy Ito took the conversation": 2}
    commands.claim(agent=cast.amy, conversation=thread.pk)
    changed = {"Cid changed the customer's details: Company, E-mail": 0}
    assert told(cast.ben, thread, 1) == taken | changed
    assert told(cast.cid, thread, 1) == taken


def test_who_missed_nothing_or_little_is_told_nothing(cast, thread):
    assert told(cast.ben, thread, 1) is None
    for _ in range(HANDFUL):
        cast.says("And?")
    assert told(cast.ben, thread, 1) is None
    cast.says("And another thing")
    assert told(cast.ben, thread, 1) is not None
    assert told(cast.ben, thread, 2) is None
    commands.claim(agent=cast.ben, conversation=thread.pk)  # their own doing is no news
    assert told(cast.ben, thread, 2) is None
    assert told(cast.amy, thread, 2) is not None


def test_whoever_comes_for_the_first_time_is_told_of_the_whole(cast, thread, signed_in):
    ben = signed_in("ben")
    page = f"/workspace/conversations/{thread.pk}/"
    assert 'id="catch-up"' not in ben.get(page).content.decode()
    for _ in range(HANDFUL + 1):
        cast.says("<b>Hello?</b>")
    assert "So far" in ben.get(page).content.decode()
    commands.mark_read(agent=cast.ben, conversation=thread.pk, seq=7)
    assert 'id="catch-up"' not in ben.get(page).content.decode()
    commands.claim(agent=cast.amy, conversation=thread.pk)
    assert "While you were away" in ben.get(page).content.decode()
    answer = ben.get(act(thread, "catch-up"), {"after": 1})
    assert "6 messages from the customer" in answer.content.decode()
    assert ben.get(act(thread, "catch-up"), {"after": 8}).status_code == 204
    for bad in ("x", "-1", str(2**40)):
        assert ben.get(act(thread, "catch-up"), {"after": bad}).status_code == 422
    assert signed_in("eve").get(act(thread, "catch-up")).status_code == 404


def test_five_thousand_entries_cost_one_query(cast, thread, django_assert_num_queries):
    kinds = ("message", "reply", "note", "event", "message")
    names = {"message": "Lin", "reply": "Amy Ito", "note": "Cid", "event": "Dora"}
    Entry.objects.bulk_create(
        Entry(
            conversation=thread,
            seq=seq,
            public_seq=seq if (kind := kinds[seq % 5]) in ("message", "reply") else None,
            kind=kind,
            audience="public" if kind in ("message", "reply") else "team",
            author_kind="customer" if kind == "message" else "agent",
            author_name=names[kind],
            body="word " * 20,
            event={"type": "tagged", "added": [str(seq)]} if kind == "event" else {},
            at=thread.created_at,
        )
        for seq in range(2, 5002)
    )
    Conversation.objects.filter(pk=thread.pk).update(
        last_seq=5001, last_public_seq=5001, messages=F("messages") + 2000
    )
    thread.refresh_from_db()
    with django_assert_num_queries(1):
        found = catch_up(cast.ben, thread, 1)
    assert found is not None
    assert [line.text for line in found.lines[:3]] == [
        "2000 messages from the customer",
        "1000 replies by Amy Ito",
        "1000 notes by Cid",
    ]
    with django_assert_num_queries(0):
        assert catch_up(cast.ben, thread, 5001) is None
