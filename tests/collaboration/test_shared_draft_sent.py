"""Sending what was written together: one reply, never blind, nothing typed meanwhile lost."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connections, transaction
from pycrdt import Doc, Text

from collaboration.drafts import folding, log, moving
from collaboration.drafts.models import DraftVersion, SharedDraft
from conversations.intake.commands import begin_session, post_message
from conversations.intake.models import CustomerSession
from conversations.merging.commands import merge
from conversations.threads.commands import post_reply
from conversations.threads.models import Conversation, Entry
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.approvals.models import Approval
from permissions.audit.models import AuditRecord
from tests.conftest import act, message
from tests.permissions.conftest import office, raise_versions  # noqa: F401


class Hand:
    """Somebody whose updates come into the log, from a document of their own as clients have."""

    def __init__(self, agent: Any, thread: Any, kind: str = "reply") -> None:
        self.agent, self.key = agent, (str(thread.pk), kind)
        self.doc = Doc()
        self.body = self.doc.get("body", type=Text)
        self.made: list[bytes] = []
        self.watching = self.doc.observe(lambda event: self.made.append(event.update))

    @property
    def text(self) -> str:
        return str(self.body)

    def look(self) -> None:
        draft = log.find(self.key)
        if draft:
            self.doc.apply_update(log.load(draft).update_since())
            self.made.clear()

    def types(self, text: str) -> None:
        """See what there is, and go on."""
        self.look()
        self.body.insert(len(self.body), text)
        self.arrives()

    def arrives(self) -> None:
        """What was typed reaches the log."""
        with transaction.atomic():
            written = [(self.agent.pk, update) for update in self.made]
            log.store([log.Change(log.lock(self.key), written, len(self.body))])
        self.made.clear()


def sending(generation: int = 0, seen: int = 1, **extra: Any) -> dict[str, Any]:
    return {
        "client_id": str(uuid.uuid4()),
        "kind": "reply",
        "generation": generation,
        "seen": seen,
        **extra,
    }


@pytest.fixture
def address(thread):
    return act(thread, "draft/send")


@pytest.fixture
def ben(cast):
    """Ben may write here too."""
    give([Act.REPLY, Act.NOTE, Act.JOIN], cast.ben, cast.inbox)
    raise_versions()
    cast.ben.refresh_from_db()
    cast.amy.refresh_from_db()
    return cast.ben


@pytest.mark.django_db
def test_the_text_is_the_servers_and_leaves_the_draft(cast, thread, signed_in, address, ben):
    Hand(cast.amy, thread).types("您好 Lin, ")
    Hand(ben, thread).types("it is on its way. ")
    once = sending()
    answer = signed_in("amy").send(address, once)
    assert (answer.status_code, answer.json()["body"]) == (201, "您好 Lin, it is on its way.")
    again = signed_in("amy").send(address, once)
    assert (again.status_code, again.json()["seq"]) == (200, answer.json()["seq"])
    draft = signed_in("ben").read(act(thread, "draft")).json()
    assert (draft["text"], draft["generation"], draft["n"]) == ("", 1, 3)
    sent = draft["versions"][0]
    assert (sent["sent"], sent["author"]["name"]) == (once["client_id"], "Amy Ito")
    wrote = [(run["agent"]["name"], run["text"]) for run in sent["runs"]]
    assert wrote == [("Amy Ito", "您好 Lin, "), ("Ben Okafor", "it is on its way. ")]
    assert AuditRecord.objects.filter(verb="conversation.reply").count() == 1


@pytest.mark.django_db
def test_what_is_typed_during_a_send_stays_for_the_next_reply(cast, thread, monkeypatch):
    from collaboration.drafts import sending as module

    amy, other = Hand(cast.amy, thread), Hand(cast.amy, thread)
    amy.types("Sent. ")
    other.look()
    read = module._Sending.read

    def meanwhile(self: Any) -> None:
        read(self)
        other.types("Later. ")

    monkeypatch.setattr(module._Sending, "read", meanwhile)
    asked = module.SendInput("reply", uuid.uuid4(), 0, None, 1, (), (), False)
    entry, made = module.send_draft(agent=cast.amy, conversation=thread.pk, asked=asked)
    assert (entry.body, made) == ("Sent.", True)
    other.look()
    amy.look()
    assert other.text == amy.text == "Later. "


@pytest.mark.django_db
@pytest.mark.parametrize("n", [1, 2])
def test_only_what_was_pressed_is_sent_or_nothing(cast, thread, signed_in, address, n):
    """What was written on since stays, also where the log does not know any more which is which."""
    amy = Hand(cast.amy, thread)
    amy.types("Pressed")
    amy.types(", half a wo")
    folding.fold(SharedDraft.objects.get().pk)
    answer = signed_in("amy").send(address, sending(n=n))
    if n == 2:
        assert (answer.status_code, answer.json()["body"]) == (201, "Pressed, half a wo")
        return
    assert (answer.status_code, answer.json()["error"]) == (409, "overtaken")
    assert signed_in("amy").read(act(thread, "draft")).json()["text"] == "Pressed, half a wo"
    assert not thread.entries.filter(kind="reply").exists()


@pytest.mark.django_db
def test_a_client_that_was_away_during_a_send_doubles_nothing(cast, thread, signed_in, address):
    away = Hand(cast.amy, thread)
    away.types("Dear Lin, ")
    away.body.insert(len(away.body), "typed without a network")
    waiting, away.made = away.made[:], []
    assert signed_in("amy").send(address, sending()).status_code == 201
    folding.fold(SharedDraft.objects.get().pk)
    away.made = waiting
    away.arrives()
    away.look()
    assert away.text == "typed without a network"


@pytest.mark.django_db
def test_the_second_press_is_told_what_became_of_the_text(cast, thread, signed_in, address, ben):
    Hand(cast.amy, thread).types("Hello")
    signed_in("amy").send(address, sending())
    answer = signed_in("ben").send(address, sending())
    assert answer.status_code == 409
    assert answer.json()["generation"] == 1
    assert answer.json()["sent"]["by"]["name"] == "Amy Ito"
    assert answer.json()["sent"]["entry"]["body"] == "Hello"


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_make_one_reply(cast, thread, signed_in, address, ben):
    hands, people = Hand(cast.amy, thread), [signed_in("amy"), signed_in("ben")]
    for generation in range(5):
        hands.types(f"Answer {generation}")
        answers: list[int] = []
        ready = threading.Barrier(2)

        def press(
            client: Any, generation: int = generation, ready: Any = ready, into: Any = answers
        ) -> None:
            ready.wait(10)
            asked = sending(generation, seen=1000)
            into.append(client.send(address, asked).status_code)
            connections.close_all()

        pressing = [threading.Thread(target=press, args=[one]) for one in people]
        for one in pressing:
            one.start()
        for one in pressing:
            one.join(30)
        assert sorted(answers) == [201, 409]
    replies = Entry.objects.filter(kind="reply").order_by("seq")
    assert [entry.body for entry in replies] == [f"Answer {number}" for number in range(5)]


@pytest.mark.django_db
def test_nobody_answers_blind(cast, thread, signed_in, address, ben):
    Hand(cast.amy, thread).types("Your order is on its way")
    cast.says("Please cancel it!")
    amy = signed_in("amy")
    held = amy.send(address, sending(seen=1))
    assert (held.status_code, held.json()["held"]) == (409, True)
    assert [entry["body"] for entry in held.json()["since"]] == ["Please cancel it!"]
    post_reply(agent=ben, conversation=thread.pk, body="Cancelled.", client_id=uuid.uuid4())
    held = amy.send(address, sending(seen=2))
    assert [entry["body"] for entry in held.json()["since"]] == ["Cancelled."]
    assert amy.read(act(thread, "draft")).json()["text"] == "Your order is on its way"
    assert amy.send(address, sending(seen=2, anyway=True)).status_code == 201


@pytest.mark.django_db
def test_what_changes_no_answer_holds_nothing(cast, thread, signed_in, address, ben):
    signed_in("ben").send(act(thread, "join"))
    signed_in("amy").send(act(thread, "notes"), message("I look it up"))
    signed_in("amy").send(act(thread, "messages"), message("One moment", seen=3))
    Hand(cast.amy, thread).types("Here it is")
    assert signed_in("amy").send(address, sending(seen=1)).status_code == 201


@pytest.mark.django_db
def test_a_note_is_sent_from_its_own_draft(cast, thread, signed_in, address):
    Hand(cast.amy, thread).types("for Lin")
    Hand(cast.amy, thread, "note").types("for us")
    answer = signed_in("amy").send(address, sending(kind="note"))
    assert (answer.json()["kind"], answer.json()["body"]) == ("note", "for us")
    assert signed_in("amy").read(act(thread, "draft")).json()["text"] == "for Lin"


@pytest.mark.django_db
def test_a_reply_that_needs_a_yes_waits_outside_the_draft(office, signed_in):  # noqa: F811
    thread = office.thread
    Hand(office.amy, thread).types("Is this right?")
    once, amy = sending(), signed_in("amy")
    for _ in range(2):
        answer = amy.send(act(thread, "draft/send"), once)
        assert (answer.status_code, answer.json()["client_id"]) == (202, once["client_id"])
    assert amy.send(act(thread, "draft/send"), once | {"kind": "note"}).status_code == 409
    assert Approval.objects.get().proposal["body"] == "Is this right?"
    draft = amy.read(act(thread, "draft")).json()
    assert (draft["text"], draft["generation"]) == ("", 1)
    assert draft["versions"][0]["text"] == "Is this right?"
    assert not Entry.objects.filter(kind="reply").exists()


@pytest.mark.django_db
def test_who_may_send(cast, thread, signed_in, address):
    Hand(cast.amy, thread).types("Hello")
    for who, status in (("eve", 404), ("ben", 403), ("amy", 201)):
        assert signed_in(who).send(address, sending()).status_code == status
    assert DraftVersion.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "letter"},
        {"kind": ["reply"]},
        {"client_id": "7"},
        {"generation": ""},
        {"generation": -1},
        {"seen": None},
        {"seen": "x"},
        {"files": [7]},
        {"files": [str(uuid.uuid4())]},
    ],
)
def test_bad_input_is_refused(cast, thread, signed_in, address, changes):
    Hand(cast.amy, thread).types("Hello")
    assert signed_in("amy").send(address, sending(**changes)).status_code == 422
    assert not Entry.objects.filter(kind="reply").exists()
    assert log.load(SharedDraft.objects.get()).text == "Hello"


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", " \n", "x" * 10_001])
def test_no_text_and_too_much_of_it_are_not_sent(cast, thread, signed_in, address, text):
    if text:
        Hand(cast.amy, thread).types(text)
    assert signed_in("amy").send(address, sending()).status_code == 422


@pytest.mark.django_db
def test_what_was_typed_after_send_was_pressed_is_not_sent(cast, thread, signed_in, address):
    amy = Hand(cast.amy, thread)
    amy.types("Pressed here. ")
    pressed = SharedDraft.objects.get().n
    amy.types("And on.")
    assert signed_in("amy").send(address, sending(n=pressed)).json()["body"] == "Pressed here."
    assert signed_in("amy").read(act(thread, "draft")).json()["text"] == "And on."
    assert SharedDraft.objects.get().length == len("And on.")
    assert signed_in("amy").send(address, sending(1, n=10**6)).json()["body"] == "And on."
    assert SharedDraft.objects.get().length == 0


@pytest.mark.django_db(transaction=True)
def test_a_draft_goes_on_where_its_conversation_is_merged_into(cast, thread, ben, signed_in):
    session, _ = begin_session(inbox=cast.inbox, name="")
    CustomerSession.objects.filter(pk=session.pk).update(customer=cast.lin)
    session.refresh_from_db()
    post_message(session=session, body="I am at work now", client_id=uuid.uuid4())
    source = Conversation.objects.get(pk=session.conversation_id)
    Hand(cast.amy, source).types("It left yesterday, ")
    Hand(ben, source).types("says the courier.")
    Hand(cast.amy, thread).types("Dear Lin,")
    merge(agent=cast.amy, conversation=source.pk, into=thread.pk)
    for _ in range(2):  # what reacts to the merge may do so again
        moving.carry_over(str(source.pk), str(thread.pk))
    draft = signed_in("amy").read(act(thread, "draft")).json()
    assert draft["text"] == "Dear Lin,\n\nIt left yesterday, says the courier."
    assert [(run["agent"] or {}).get("name") for run in draft["runs"]] == [
        "Amy Ito",
        None,
        "Amy Ito",
        "Ben Okafor",
    ]
    assert signed_in("amy").read(act(source, "draft")).json()["text"] == ""
