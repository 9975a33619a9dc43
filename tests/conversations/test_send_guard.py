"""No reply goes out blind: what its author had not on the screen holds it until they saw it."""

import uuid
from collections.abc import Callable

import pytest
from django.db import transaction

from conversations.threads import commands, steps
from conversations.threads.guard import TELLING, Held, hold_if_blind
from conversations.threads.models import Conversation, Entry
from helpdesk.core.limits import NO_BUCKET
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from tests.conftest import act, message
from tests.permissions.conftest import raise_versions


@pytest.fixture
def ben(cast):
    """Ben may do here what Amy may."""
    give([Act.REPLY, Act.NOTE, Act.JOIN, Act.CLAIM], cast.ben, cast.inbox)
    raise_versions()
    cast.ben.refresh_from_db()
    cast.amy.refresh_from_db()
    return cast.ben


def test_what_the_customer_said_meanwhile_holds_a_reply_until_it_is_seen(cast, thread, signed_in):
    amy, address = signed_in("amy"), act(thread, "messages")
    cast.says("Please cancel it!")
    sent = message("It is on its way", seen=1)
    held = amy.send(address, sent)
    assert (held.status_code, held.json()["held"]) == (409, True)
    (since,) = held.json()["since"]
    assert (since["body"], since["seq"]) == ("Please cancel it!", 2)
    thread.refresh_from_db()
    assert thread.last_seq == 2
    assert amy.send(address, sent | {"seen": since["seq"]}).status_code == 201
    assert amy.send(address, sent).status_code == 200  # known already: nothing to hold


def _who(said: dict[str, object]) -> dict[str, object]:
    return {name: said[name] for name in ("agent", "conversation")}


COLLEAGUE: dict[str, tuple[Callable[..., object], bool]] = {
    "replies": (lambda said: commands.post_reply(**said), True),
    "notes": (lambda said: commands.post_note(**said), True),
    "takes it": (lambda said: commands.claim(**_who(said)), True),
    "joins": (lambda said: commands.join(**_who(said)), False),
}


@pytest.mark.parametrize("what", COLLEAGUE)
def test_what_a_colleague_did_holds_it_if_it_may_change_an_answer(
    cast, thread, signed_in, ben, what
):
    do, holds = COLLEAGUE[what]
    said = {"agent": ben, "conversation": thread.pk, "body": "x", "client_id": uuid.uuid4()}
    do(said)
    answer = signed_in("amy").send(act(thread, "messages"), message("An answer", seen=1))
    assert answer.status_code == (409 if holds else 201)


def test_a_recalled_message_holds_it(cast, thread, signed_in, ben):
    entry, _ = commands.post_reply(
        agent=ben, conversation=thread.pk, body="Wrong", client_id=uuid.uuid4()
    )
    seen = entry.seq
    commands.recall(agent=ben, conversation=thread.pk, seq=seen)
    amy = signed_in("amy")
    held = amy.send(act(thread, "messages"), message("As Ben says", seen=seen))
    assert [entry["event"]["type"] for entry in held.json()["since"]] == ["recalled"]


def test_ones_own_doings_and_notes_hold_nothing(cast, thread, signed_in):
    amy = signed_in("amy")
    amy.send(act(thread, "notes"), message("I look it up"))
    amy.send(act(thread, "claim"), {})
    assert amy.send(act(thread, "messages"), message("Here", seen=1)).status_code == 201
    cast.says("Thanks")
    assert amy.send(act(thread, "notes"), message("She thanks", seen=1)).status_code == 201
    assert amy.send(act(thread, "messages"), message("You are welcome")).status_code == 201


def test_the_short_question_and_the_long_one_agree(cast, thread, ben):
    """Whether something came is asked together with the lock; what came, only then."""
    kinds: list[tuple[str, dict[str, object]]] = [("message", {}), ("reply", {}), ("note", {})]
    kinds += [("event", {"type": kind, "entry": 1}) for kind in (*TELLING, "joined", "tagged")]
    for number, (kind, event) in enumerate(kinds):
        public = number + 2 if kind in ("message", "reply") else None
        Entry.objects.create(
            conversation=thread,
            seq=number + 2,
            public_seq=public,
            audience="public" if public else "team",
            kind=kind,
            event=event,
            agent=[cast.amy, ben, None][number % 3],
            at=thread.last_activity_at,
        )
    last = len(kinds) + 1
    Conversation.objects.filter(pk=thread.pk).update(last_seq=last)
    for agent in (cast.amy, ben):
        for seen in range(last + 1):
            with transaction.atomic():
                locked, standing = steps.lock_with_standing(
                    Act.REPLY,
                    thread.pk,
                    agent,
                    client_id=uuid.uuid4(),
                    allowance=NO_BUCKET,
                    seen=seen,
                )
                try:
                    hold_if_blind(locked, agent, seen)
                except Held:
                    assert standing.something_came
                else:
                    assert not standing.something_came
