"""Messages, replies and notes: numbered, said once, seen by whom they are for."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from conversations.intake.commands import begin_session, post_message
from conversations.threads import commands, queries
from conversations.threads.models import Conversation, Entry
from helpdesk.core.refusals import Conflict, NotAllowed, NotFound
from permissions.audit.models import AuditRecord
from tests.conftest import PASSWORD, Cast, act, make_cast, message


def reply(cast: Cast, body: str = "hello", **extra: object) -> Entry:
    extra.setdefault("client_id", uuid.uuid4())
    return commands.post_reply(
        agent=cast.amy, conversation=cast.session.conversation_id, body=body, **extra
    )[0]


@pytest.mark.parametrize(("who", "status"), [("amy", 201), ("ben", 403), ("eve", 404)])
def test_who_may_reply(signed_in, thread, who, status):
    answer = signed_in(who).send(act(thread, "messages"), message())
    assert answer.status_code == status
    assert thread.entries.filter(kind="reply").count() == (status == 201)


@pytest.mark.django_db(transaction=True)
def test_a_reply_takes_three_waits(thread, browser, django_assert_num_queries):
    browser.post("/login/", {"username": "amy", "password": PASSWORD})
    assert browser.send(act(thread, "messages"), message()).status_code == 201
    # Session and agent; BEGIN, the lock and what is asked after it; what is stored and COMMIT.
    with django_assert_num_queries(6):
        assert browser.send(act(thread, "messages"), message()).status_code == 201


@pytest.mark.parametrize(("who", "status"), [("amy", 201), ("ben", 403), ("eve", 404)])
def test_who_may_write_notes(signed_in, thread, who, status):
    assert signed_in(who).send(act(thread, "notes"), message()).status_code == status


def test_a_stranger_is_told_to_sign_in(browser, thread):
    assert browser.send(act(thread, "messages"), message()).status_code == 401
    assert browser.get(f"/workspace/conversations/{thread.pk}/").status_code == 302


def test_the_unseen_cannot_be_told_from_the_absent(signed_in, thread):
    eve = signed_in("eve")
    absent = act(thread, "messages").replace(str(thread.pk), str(uuid.uuid4()))
    assert (
        eve.send(act(thread, "messages"), message()).content == eve.send(absent, message()).content
    )


def test_the_same_message_ten_times_is_one_entry(signed_in, thread):
    amy, sent = signed_in("amy"), message("only once")
    answers = [amy.send(act(thread, "messages"), sent) for _ in range(10)]
    assert [answer.status_code for answer in answers] == [201] + [200] * 9
    assert len({answer.content for answer in answers}) == 1
    assert thread.entries.filter(kind="reply").count() == 1
    assert AuditRecord.objects.filter(verb="conversation.reply").count() == 1


def test_an_id_used_for_other_words_is_a_conflict(signed_in, thread):
    amy, sent = signed_in("amy"), message("first")
    amy.send(act(thread, "messages"), sent)
    assert amy.send(act(thread, "messages"), sent | {"body": "second"}).status_code == 409
    assert amy.send(act(thread, "notes"), sent).status_code == 409
    assert thread.entries.filter(kind__in=["reply", "note"]).count() == 1


def test_a_colleague_cannot_take_over_an_id(cast, thread):
    key = uuid.uuid4()
    reply(cast, client_id=key)
    with pytest.raises(Conflict):
        cast.says("hello", client_id=key)


def test_numbers_have_no_gap_and_the_customers_own_neither(cast, thread):
    reply(cast, "one")
    commands.post_note(
        agent=cast.amy, conversation=thread.pk, body="inside", client_id=uuid.uuid4()
    )
    cast.says("two")
    commands.resolve(agent=cast.amy, conversation=thread.pk)
    cast.says("three")
    entries = list(thread.entries.order_by("seq"))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    public = [entry.public_seq for entry in entries if entry.public_seq]
    assert public == list(range(1, len(public) + 1))
    now = cast.thread
    assert (now.last_seq, now.last_public_seq) == (len(entries), len(public))


def test_a_customer_reads_only_what_is_listed_for_them(cast, thread):
    reply(cast, "visible")
    commands.post_note(
        agent=cast.amy, conversation=thread.pk, body="canary", client_id=uuid.uuid4()
    )
    commands.claim(agent=cast.amy, conversation=thread.pk)
    shown = [queries.public_entry_json(e) for e in queries.public_entries_after(thread.pk, 0)]
    assert [entry["body"] for entry in shown] == ["Where is my order?", "visible"]
    assert set(shown[1]) == {
        *("seq", "kind", "audience", "client_id", "body", "author", "at", "files", "event"),
        *("recalled", "edited"),
    }
    assert shown[1]["client_id"] is None
    assert shown[1]["author"]["id"] not in (cast.amy.pk, str(cast.amy.pk))
    assert "canary" not in str(shown)


def test_a_reply_waits_for_the_customer_and_a_message_for_us(cast, thread):
    assert (thread.status, thread.waiting_since is None) == ("open", False)
    reply(cast)
    assert (cast.thread.status, cast.thread.waiting_since) == ("pending", None)
    cast.says("thanks, one more thing")
    assert (cast.thread.status, cast.thread.waiting_since is None) == ("open", False)


def test_who_replies_takes_part_from_then_on(cast, thread):
    reply(cast)
    reply(cast, "again")
    assert [p.agent for p in thread.participants.all()] == [cast.amy]
    assert thread.entries.filter(kind="event", event__type="joined").count() == 1


def test_a_note_changes_neither_status_nor_what_the_customer_sees(cast, thread):
    before = thread.last_public_seq, thread.status, thread.waiting_since
    commands.post_note(agent=cast.amy, conversation=thread.pk, body="x", client_id=uuid.uuid4())
    now = cast.thread
    assert (now.last_public_seq, now.status, now.waiting_since) == before


def test_a_message_after_the_end_opens_the_conversation_again(cast, thread):
    commands.resolve(agent=cast.amy, conversation=thread.pk)
    cast.says("not quite")
    assert cast.thread.status == "open"
    kinds = list(thread.entries.order_by("seq").values_list("kind", "event__type"))
    assert kinds == [
        ("message", None),
        ("event", "resolved"),
        ("event", "reopened"),
        ("message", None),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"body": "no id"},
        {"client_id": "not-a-uuid", "body": "x"},
        {"client_id": str(uuid.uuid4()), "body": "   "},
        {"client_id": str(uuid.uuid4()), "body": 7},
        {"client_id": str(uuid.uuid4()), "body": "x" * 10_001},
        {"client_id": str(uuid.uuid4()), "body": "x", "seen": -1},
        {"client_id": str(uuid.uuid4()), "body": "x", "seen": 10**30},
        {"client_id": str(uuid.uuid4()), "body": "x", "seen": True},
        {"client_id": str(uuid.uuid4()), "body": "x", "files": "nope"},
        {"client_id": str(uuid.uuid4()), "body": "x", "files": [str(uuid.uuid4())]},
        {"client_id": str(uuid.uuid4()), "body": "x", "files": [str(uuid.uuid4())] * 11},
        {"client_id": ["a"], "body": {"b": 1}},
    ],
)
def test_bad_input_is_answered_with_a_sentence(signed_in, thread, bad):
    answer = signed_in("amy").send(act(thread, "messages"), bad)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert thread.entries.count() == 1


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'"x"', b"[" * 100_000, b"NaN"])
def test_bad_json_is_422(signed_in, thread, raw):
    answer = signed_in("amy").post(act(thread, "messages"), raw, content_type="application/json")
    assert answer.status_code == 422


def test_controls_are_cleaned_and_html_stays_text(signed_in, thread):
    body = "a\x00b\x07c\u202e<script>alert(1)</script>\r\nd"
    answer = signed_in("amy").send(act(thread, "messages"), message(body))
    assert answer.status_code == 201
    assert answer.json()["body"] == "abc<script>alert(1)</script>\nd"
    shown = (
        signed_in("amy")
        .get(f"/workspace/conversations/{thread.pk}/entries?after=0&html=1")
        .json()["entries"][-1]["html"]
    )
    assert "<script" not in shown


def test_the_outsider_gets_nothing_from_any_command(cast, thread):
    for command in (commands.join, commands.claim, commands.resolve, commands.reopen):
        with pytest.raises(NotFound):
            command(agent=cast.eve, conversation=thread.pk)
        if command is not commands.reopen:
            with pytest.raises(NotAllowed):
                command(agent=cast.ben, conversation=thread.pk)


def test_a_deactivated_agent_can_do_nothing(cast, thread):
    cast.amy.is_active = False
    with pytest.raises(NotFound):
        commands.claim(agent=cast.amy, conversation=thread.pk)


# --- at the same instant -------------------------------------------------------------------


def together(count: int, function):
    """Run `function(number)` in threads that begin together; returns results and exceptions."""

    def run(number: int):
        try:
            return function(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_two_first_messages_at_once_make_one_conversation():
    cast = make_cast()
    session, _ = begin_session(inbox=cast.inbox)
    done = together(
        6,
        lambda n: post_message(session=session, body=f"first {n}", client_id=uuid.uuid4()),
    )
    assert all(made for _, made in done)
    thread = Conversation.objects.get(pk=session.conversation_id)
    assert sorted(thread.entries.values_list("seq", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert Conversation.objects.filter(customer=session.customer).count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_writers_get_one_order():
    cast = make_cast()
    cast.says("begin")
    thread = cast.thread

    def write(number: int) -> None:
        for index in range(5):
            if number % 2:
                cast.says(f"lin {number}.{index}")
            else:
                reply(cast, f"amy {number}.{index}")

    assert together(6, write) == [None] * 6
    now = Conversation.objects.get(pk=thread.pk)
    numbers = list(thread.entries.order_by("pk").values_list("seq", flat=True))
    assert sorted(numbers) == list(range(1, now.last_seq + 1))
    assert now.last_seq == 1 + 30 + 1  # and one "joined"


@pytest.mark.django_db(transaction=True)
def test_ten_take_it_at_once_and_one_has_it():
    cast = make_cast()
    cast.says("help")
    thread = cast.thread
    from permissions.accounts.commands import invite_agent

    agents = [
        invite_agent(
            actor=None, username=f"a{n}", name=f"A{n}", password="x" * 12, teams=[cast.team]
        )
        for n in range(8)
    ]
    done = together(8, lambda n: commands.claim(agent=agents[n], conversation=thread.pk))
    assert sum(isinstance(result, Conversation) for result in done) == 1
    assert sum(isinstance(result, Conflict) for result in done) == 7
    assert thread.entries.filter(event__type="claimed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_message_from_two_tabs_at_once_is_one_entry():
    cast = make_cast()
    cast.says("begin")
    key = uuid.uuid4()
    done = together(6, lambda n: cast.says("the same", client_id=key))
    assert len({entry.pk for entry in done}) == 1
    assert cast.thread.last_seq == 2
