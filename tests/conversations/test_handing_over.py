"""Invite, take over, transfer, merge: who may, twice, at once, and what it leaves behind."""

import threading
import uuid

import pytest
from django.db import connections
from django.urls import reverse

from conversations.intake.commands import begin_session, post_message
from conversations.intake.models import CustomerSession
from conversations.merging.commands import merge
from conversations.threads import commands, queries
from conversations.threads.list_rows import put_beside
from conversations.threads.models import Conversation, Entry
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from permissions.accounts.commands import create_team, join_team
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from tests.conftest import act


def events(thread):
    return list(
        thread.entries.filter(kind="event").order_by("seq").values_list("event__type", flat=True)
    )


def taking_part(thread):
    return {p.agent.username for p in thread.participants.filter(left_at=None)}


@pytest.fixture
def ben(cast):
    """Ben, with all an agent's rights."""
    join_team(actor=None, agent=cast.ben, team=cast.team)
    cast.ben.refresh_from_db()
    return cast.ben


# --- invite --------------------------------------------------------------------------------


def test_an_invited_colleague_takes_part_once(cast, thread, ben):
    for _ in range(2):
        commands.invite(agent=cast.amy, conversation=thread.pk, who=ben)
    assert taking_part(thread) == {"ben"}
    event = thread.entries.get(kind="event")
    assert (event.event, event.audience) == (
        {"type": "invited", "to": {"id": ben.pk, "name": "Ben Okafor"}},
        "team",
    )


def test_only_colleagues_with_the_right_are_invited(cast, thread):
    for colleague in (cast.ben, cast.eve):
        with pytest.raises(NotAllowed):
            commands.invite(agent=cast.amy, conversation=thread.pk, who=colleague)
    assert taking_part(thread) == set()


# --- take over -----------------------------------------------------------------------------


def test_taking_over_names_who_had_it(cast, thread, ben):
    commands.claim(agent=ben, conversation=thread.pk)
    for _ in range(2):
        commands.take_over(agent=cast.amy, conversation=thread.pk)
    assert cast.thread.assignee == cast.amy
    assert events(thread) == ["claimed", "took_over"]
    assert thread.entries.latest("seq").event["was"] == {"id": ben.pk, "name": "Ben Okafor"}


def test_taking_over_asks_for_the_owner_that_was_seen(cast, thread, ben):
    commands.claim(agent=ben, conversation=thread.pk)
    with pytest.raises(Conflict):
        commands.take_over(agent=cast.amy, conversation=thread.pk, instead_of=None)
    commands.take_over(agent=cast.amy, conversation=thread.pk, instead_of=ben.pk)
    assert cast.thread.assignee == cast.amy


# --- transfer ------------------------------------------------------------------------------


def test_a_transfer_writes_its_note_with_it(cast, thread, ben):
    note = {"note": "He knows <b>kettles</b>", "client_id": uuid.uuid4()}
    for _ in range(2):
        commands.transfer(agent=cast.amy, conversation=thread.pk, to=ben, **note)
    assert cast.thread.assignee == ben
    kinds = list(thread.entries.order_by("seq").values_list("kind", "audience", "body"))
    assert kinds[1:] == [("event", "team", ""), ("note", "team", "He knows <b>kettles</b>")]
    assert "kettles" not in str(list(AuditRecord.objects.values()))


def test_a_transfer_to_a_team_waits_in_its_queue(cast, thread, ben):
    commands.claim(agent=cast.amy, conversation=thread.pk)
    for _ in range(2):
        commands.transfer(agent=cast.amy, conversation=thread.pk, to=cast.team)
    now = cast.thread
    assert (now.assignee, now.team) == (None, cast.team)
    assert events(thread) == ["claimed", "transferred"]


def test_nobody_gets_it_who_may_not_answer(cast, thread):
    nobody = create_team(actor=None, name="Nobody")
    outside = cast.eve.groups.get().team
    for to in (cast.ben, cast.eve, nobody, outside):
        with pytest.raises(NotAllowed):
            commands.transfer(agent=cast.amy, conversation=thread.pk, to=to, note="please")
    assert thread.entries.count() == 1


def test_a_note_for_who_has_it_already_is_not_swallowed(cast, thread, ben):
    commands.transfer(agent=cast.amy, conversation=thread.pk, to=ben)
    with pytest.raises(Conflict):
        commands.transfer(agent=cast.amy, conversation=thread.pk, to=ben, note="one more thing")


def test_without_the_right_to_write_notes_nothing_is_handed_over(cast, thread):
    give([Act.TRANSFER], cast.ben, cast.inbox)
    cast.ben.authz_version += 1
    cast.ben.save()
    with pytest.raises(NotAllowed):
        commands.transfer(agent=cast.ben, conversation=thread.pk, to=cast.amy, note="secretly")
    assert (cast.thread.assignee, thread.entries.count()) == (None, 1)


@pytest.mark.django_db(transaction=True)
def test_two_who_take_over_at_once_are_one_after_the_other(cast, thread, ben):
    commands.claim(agent=cast.amy, conversation=thread.pk)
    commands.assign(agent=cast.amy, conversation=thread.pk, to=None)
    refused = []

    def take(agent):
        try:
            commands.take_over(agent=agent, conversation=thread.pk, instead_of=None)
        except Conflict as refusal:
            refused.append(str(refusal.sentence))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=[agent]) for agent in (cast.amy, ben)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(refused) == 1
    assert events(thread).count("claimed") == 2


# --- merge ---------------------------------------------------------------------------------


@pytest.fixture
def second(cast):
    """Lin writes from another browser of hers."""
    session, _ = begin_session(inbox=cast.inbox, name="")
    CustomerSession.objects.filter(pk=session.pk).update(customer=cast.lin)
    session.refresh_from_db()
    post_message(session=session, body="I am at work now", client_id=uuid.uuid4())
    return session


def test_a_merge_links_both_and_moves_the_customer(cast, thread, second):
    source, target = second.conversation_id, thread.pk
    for _ in range(2):
        merge(agent=cast.amy, conversation=source, into=target)
    old, new = Conversation.objects.get(pk=source), Conversation.objects.get(pk=target)
    assert (old.status, old.merged_into_id, new.status) == ("resolved", target, "open")
    assert (events(old), events(new)) == (["merged_into"], ["merged_from"])
    assert old.entries.latest("seq").event["other"] == {"id": str(target)}
    assert new.entries.latest("seq").event["other"] == {"id": str(source)}
    post_message(session=second, body="And here I go on", client_id=uuid.uuid4())
    assert new.entries.latest("seq").body == "And here I go on"
    assert CustomerSession.objects.get(pk=second.pk).conversation_id == target
    for one in (old, new):
        assert [e.seq for e in one.entries.order_by("seq")] == list(
            range(1, one.entries.count() + 1)
        )


def test_only_who_sees_where_it_goes_on_is_led_there(cast, thread, second, signed_in):
    merge(agent=cast.amy, conversation=second.conversation_id, into=thread.pk)
    client = signed_in("amy")
    page = reverse("workspace:conversation", args=[second.conversation_id])
    assert "Go there" in client.get(page).text
    Conversation.objects.filter(pk=thread.pk).update(inbox=cast.other_inbox)
    text = client.get(page).text
    assert "goes on there" in text
    assert "Go there" not in text


def test_what_is_left_to_do_goes_along(cast, thread, second, ben):
    source = second.conversation_id
    commands.claim(agent=ben, conversation=source)
    commands.mark_read(agent=cast.amy, conversation=thread.pk, seq=9)
    commands.resolve(agent=cast.amy, conversation=thread.pk)
    waiting = Conversation.objects.get(pk=source).waiting_since
    merge(agent=cast.amy, conversation=source, into=thread.pk)
    now = cast.thread
    assert (now.status, now.assignee, now.waiting_since) == ("open", ben, waiting)
    assert taking_part(now) >= {"ben"}
    assert queries.unread(*put_beside([now], cast.amy)) == 1


def test_neither_itself_nor_a_circle_nor_twice(cast, thread, second):
    source = second.conversation_id
    with pytest.raises(Invalid):
        merge(agent=cast.amy, conversation=thread.pk, into=thread.pk)
    merge(agent=cast.amy, conversation=source, into=thread.pk)
    with pytest.raises(Conflict):
        merge(agent=cast.amy, conversation=thread.pk, into=source)
    third, _ = begin_session(inbox=cast.inbox)
    post_message(session=third, body="somebody else", client_id=uuid.uuid4())
    with pytest.raises(Conflict):
        merge(agent=cast.amy, conversation=source, into=third.conversation_id)
    with pytest.raises(Invalid):
        merge(agent=cast.amy, conversation=third.conversation_id, into=thread.pk)


def test_nothing_is_done_any_more_to_what_goes_on_elsewhere(cast, thread, second):
    source = second.conversation_id
    merge(agent=cast.amy, conversation=source, into=thread.pk)
    for command in (commands.reopen, commands.join, commands.claim, commands.mark_spam):
        with pytest.raises(Conflict):
            command(agent=cast.amy, conversation=source)
    with pytest.raises(Conflict):
        commands.post_reply(
            agent=cast.amy, conversation=source, body="hello?", client_id=uuid.uuid4()
        )


@pytest.mark.parametrize(("who", "refusal"), [("ben", NotAllowed), ("eve", NotFound)])
def test_who_may_merge(cast, thread, second, who, refusal):
    with pytest.raises(refusal):
        merge(agent=getattr(cast, who), conversation=second.conversation_id, into=thread.pk)


def test_the_customer_learns_nothing_of_a_merge(cast, thread, second, browser):
    merge(agent=cast.amy, conversation=second.conversation_id, into=thread.pk)
    answer = browser.get(
        "/chat/shop/entries?after=0", headers={"authorization": f"Bearer {cast.token}"}
    )
    assert [entry["seq"] for entry in answer.json()["entries"]] == [1]
    assert "merge" not in answer.content.decode()
    assert not Entry.objects.filter(audience="public", kind="event").exists()


@pytest.mark.django_db(transaction=True)
def test_two_merges_of_a_pair_at_once_do_not_stand_still(cast, thread, second):
    source, refused = second.conversation_id, []

    def one(a, b):
        try:
            merge(agent=cast.amy, conversation=a, into=b)
        except Conflict:
            refused.append(a)
        finally:
            connections.close_all()

    pairs = [(source, thread.pk), (thread.pk, source)]
    threads = [threading.Thread(target=one, args=pair) for pair in pairs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(refused) == 1
    assert Conversation.objects.exclude(merged_into=None).count() == 1


# --- over HTTP -----------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "status"), [("amy", 200), ("ben", 403), ("eve", 404)])
def test_who_may_over_http(cast, thread, second, signed_in, who, status):
    for name, data in (
        ("invite", {"agent": cast.amy.pk}),
        ("take-over", {}),
        ("transfer", {"team": cast.team.pk, "note": "yours"}),
        ("transfer", {"to": f"agent-{cast.amy.pk}"}),
        ("merge", {"into": str(second.conversation_id)}),
    ):
        assert signed_in(who).send(act(thread, name), data).status_code == status, name


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("invite", {}),
        ("invite", {"agent": "x"}),
        ("invite", {"agent": 10**30}),
        ("transfer", {}),
        ("transfer", {"to": "nobody"}),
        ("transfer", {"to": "agent-"}),
        ("transfer", {"to": ["agent-1"]}),
        ("transfer", {"team": -1}),
        ("transfer", {"team": {"a": 1}}),
        ("merge", {}),
        ("merge", {"into": "x" * 36}),
        ("merge", {"into": ["a"]}),
    ],
)
def test_bad_input_is_422(thread, signed_in, name, data):
    assert signed_in("amy").send(act(thread, name), data).status_code == 422


def test_a_note_is_kept_to_its_size(cast, thread, signed_in):
    data = {"team": cast.team.pk, "note": "x" * 10_001}
    assert signed_in("amy").send(act(thread, "transfer"), data).status_code == 422
    data["note"] = "line\x00 one\u202e"
    assert signed_in("amy").send(act(thread, "transfer"), data).status_code == 200
    assert thread.entries.get(kind="note").body == "line one"
