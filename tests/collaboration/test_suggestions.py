"""Suggestions: proposed by whoever may note, settled once by whoever may answer, never lost."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connections

from collaboration.suggestions import commands, live, queries
from collaboration.suggestions.models import Suggestion
from conversations.intake.commands import begin_session, new_session, post_message
from conversations.merging.commands import merge
from conversations.modes.commands import switch_mode
from conversations.modes.floor import Mode
from conversations.threads import commands as threads
from permissions.acts.checks import give
from permissions.acts.command import command
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from permissions.policies.models import Policy
from tests.conftest import act
from tests.permissions.conftest import raise_versions

TEXT = "It left yesterday: <b>call</b> 138 0013 8000"


@pytest.fixture
def ben(cast):
    """Ben advises: he may write notes, and nothing to customers."""
    give([Act.NOTE], cast.ben, cast.inbox)
    raise_versions()
    for one in (cast.ben, cast.amy):
        one.refresh_from_db()
    return cast.ben


def made(agent, thread, text=TEXT) -> Suggestion:
    return commands.suggest(agent=agent, conversation=thread.pk, text=text, client_id=uuid.uuid4())[
        0
    ]


def asked(text: Any = TEXT) -> dict[str, Any]:
    return {"text": text, "client_id": str(uuid.uuid4())}


def on(thread, one, name) -> str:
    return act(thread, f"suggestions/{one.pk}/{name}")


def waiting(client, thread) -> list[str]:
    return [one["text"] for one in client.read(act(thread, "suggestions")).json()["suggestions"]]


def test_it_is_used_once_and_its_author_has_the_credit(cast, thread, signed_in, ben):
    answer = signed_in("ben").send(act(thread, "suggest"), once := asked())
    assert (answer.status_code, answer.json()["text"]) == (201, TEXT)
    assert signed_in("ben").send(act(thread, "suggest"), once).status_code == 200
    assert signed_in("ben").send(act(thread, "suggest"), once | {"text": "x"}).status_code == 409
    page = signed_in("amy").get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert "It left yesterday: &lt;b&gt;call&lt;/b&gt;" in page
    assert 'data-do="use"' in page
    one = Suggestion.objects.get()
    for _ in range(2):
        answer = signed_in("amy").send(on(thread, one, "use"))
        assert answer.status_code == 200
        assert answer.json()["text"] == TEXT
        assert answer.json()["used_by"] == {"id": cast.amy.pk, "name": "Amy Ito"}
    assert waiting(signed_in("amy"), thread) == []
    one.refresh_from_db()
    assert (one.author, one.used_by) == (ben, cast.amy)
    record = AuditRecord.objects.get(verb="suggestion.use")
    assert (record.actor_name, record.object_id) == ("Amy Ito", str(thread.pk))
    assert record.detail == {"suggestion": one.pk, "author": {"id": ben.pk, "name": "Ben Okafor"}}
    assert AuditRecord.objects.filter(verb="suggestion.make").count() == 1


def test_who_advises_in_lead_mode_may_suggest_and_may_not_answer(cast, thread, signed_in, ben):
    give([Act.REPLY], ben, cast.inbox)
    raise_versions()
    threads.claim(agent=cast.amy, conversation=thread.pk)
    switch_mode(agent=cast.amy, conversation=thread.pk, mode=Mode.LEAD)
    assert signed_in("ben").send(act(thread, "suggest"), asked()).status_code == 201
    one = Suggestion.objects.get()
    shown = signed_in("ben").get(act(thread, "suggestions")).content.decode()
    assert 'data-do="withdraw"' in shown
    assert 'data-do="use"' not in shown
    refused = signed_in("ben").send(on(thread, one, "use"))
    assert refused.status_code == 403
    assert "Amy Ito" in refused.json()["detail"]
    assert signed_in("ben").send(on(thread, one, "decline")).status_code == 403
    assert signed_in("amy").send(on(thread, one, "use")).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("amy", 201), ("ben", 403), ("eve", 404)])
def test_who_may_suggest(cast, thread, signed_in, who, status):
    assert signed_in(who).send(act(thread, "suggest"), asked()).status_code == status


def test_declined_with_a_word_and_withdrawn(cast, thread, signed_in, ben):
    declined, withdrawn = made(ben, thread, "One"), made(ben, thread, "Two")
    answer = signed_in("amy").send(on(thread, declined, "decline"), {"answer": " Too\nlate "})
    assert answer.json()["answer"] == "Too late"
    own = signed_in("ben").read(act(thread, "suggestions/own")).json()["suggestions"]
    assert [(one["state"], one["answer"]) for one in own] == [
        ("open", ""),
        ("declined", "Too late"),
    ]
    assert signed_in("amy").send(on(thread, withdrawn, "withdraw")).status_code == 404
    for _ in range(2):
        assert signed_in("ben").send(on(thread, withdrawn, "withdraw")).status_code == 200
    late = signed_in("amy").send(on(thread, withdrawn, "use"))
    assert (late.status_code, late.json()["detail"]) == (
        409,
        "Ben Okafor has withdrawn this suggestion.",
    )
    assert signed_in("ben").send(on(thread, declined, "withdraw")).status_code == 409
    assert waiting(signed_in("ben"), thread) == []
    assert not Suggestion.objects.exclude(used_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_uses_it(cast, thread, signed_in, ben):
    give([Act.REPLY, Act.JOIN], ben, cast.inbox)
    raise_versions()
    for _ in range(3):
        one = made(cast.amy, thread)
        answers: list[Any] = []
        ready = threading.Barrier(2)

        def press(client: Any, address: str, ready: Any = ready, into: Any = answers) -> None:
            ready.wait(10)
            into.append(client.send(address))
            connections.close_all()

        pressing = [
            threading.Thread(target=press, args=[signed_in(who), on(thread, one, name)])
            for who, name in (("ben", "use"), ("amy", "decline"))
        ]
        for thread_ in pressing:
            thread_.start()
        for thread_ in pressing:
            thread_.join(30)
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        loser = next(answer for answer in answers if answer.status_code == 409)
        assert "already" in loser.json()["detail"]


@pytest.mark.parametrize("text", [None, "", "  \n", "x" * 10_001, ["x"], 7, {"a": 1}, "\x00"])
def test_bad_texts_are_refused_with_a_sentence(cast, thread, signed_in, text):
    answer = signed_in("amy").send(act(thread, "suggest"), asked(text))
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not Suggestion.objects.exists()


def test_another_conversations_suggestion_is_not_there(cast, thread, signed_in, ben):
    one = made(ben, thread)
    give([Act.VIEW, Act.REPLY], cast.eve, cast.other_inbox)
    assert signed_in("eve").send(on(thread, one, "use")).status_code == 404
    assert signed_in("eve").read(act(thread, "suggestions")).status_code == 404
    session, _token = begin_session(inbox=cast.inbox, name="Max", language="en")
    post_message(session=session, body="Hi", client_id=uuid.uuid4())
    path = f"/workspace/conversations/{session.conversation_id}/suggestions/{one.pk}/use/"
    assert signed_in("amy").send(path).status_code == 404


def test_so_many_and_no_more_are_open_at_once(cast, thread, signed_in, monkeypatch):
    monkeypatch.setattr(commands, "MOST_OPEN", 2)
    made(cast.amy, thread)
    one = made(cast.amy, thread)
    assert signed_in("amy").send(act(thread, "suggest"), asked()).status_code == 409
    commands.withdraw_suggestion(agent=cast.amy, conversation=thread.pk, suggestion=one.pk)
    assert signed_in("amy").send(act(thread, "suggest"), asked()).status_code == 201


def test_what_is_merged_goes_on_with_its_suggestions(cast, thread, signed_in, ben):
    with command("customer.begin_session", actor=None, on=None):
        session, _token = new_session(cast.inbox, cast.lin)
    post_message(session=session, body="And this?", client_id=uuid.uuid4())
    one = made(ben, thread)
    merge(agent=cast.amy, conversation=thread.pk, into=session.conversation_id)
    assert signed_in("ben").send(act(thread, "suggest"), asked()).status_code == 409
    assert signed_in("amy").send(on(thread, one, "use")).status_code == 409
    assert waiting(signed_in("amy"), thread) == []
    target = f"/workspace/conversations/{session.conversation_id}/suggestions/"
    shown = signed_in("amy").read(target).json()["suggestions"]
    assert [found["id"] for found in shown] == [one.pk]
    assert signed_in("amy").send(f"{target}{one.pk}/use/").status_code == 200


def test_a_resolved_conversation_takes_them_and_spam_does_not(cast, thread, signed_in):
    threads.resolve(agent=cast.amy, conversation=thread.pk)
    assert signed_in("amy").send(act(thread, "suggest"), asked()).status_code == 201
    threads.mark_spam(agent=cast.amy, conversation=thread.pk)
    assert signed_in("amy").send(act(thread, "suggest"), asked()).status_code == 409
    one = Suggestion.objects.get()
    assert signed_in("amy").send(on(thread, one, "use")).status_code == 409


def test_a_number_in_it_is_covered_where_it_is_read(cast, thread, signed_in, ben):
    one = made(ben, thread)
    Policy.objects.create(name="customer-privacy", value={"mask_texts": True}, version=1)
    for path in (act(thread, "suggestions"), act(thread, "suggestions/own")):
        assert "138 0013 8000" not in signed_in("ben").get(path).content.decode()
    page = signed_in("amy").get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert "138 0013 8000" not in page
    assert "It left yesterday" in page
    # Whoever sends it has to know what they send, as in a draft.
    assert signed_in("amy").send(on(thread, one, "use")).json()["text"] == TEXT


def test_customers_learn_nothing(cast, thread, browser, ben):
    path = "/chat/shop/entries?after=0"
    headers = {"authorization": f"Bearer {cast.token}"}
    before = browser.get(path, headers=headers).content
    one = made(ben, thread)
    commands.use_suggestion(agent=cast.amy, conversation=thread.pk, suggestion=one.pk)
    assert browser.get(path, headers=headers).content == before


def test_the_author_is_told_what_became_of_it(cast, thread, ben):
    one = made(ben, thread)
    both = {"en", "zh-hans"}
    assert live._outcome(one.pk, both) == {}
    commands.decline_suggestion(
        agent=cast.amy, conversation=thread.pk, suggestion=one.pk, answer="Too late"
    )
    sentences = live._outcome(one.pk, both)
    assert sentences["en"] == "Amy Ito declined the reply you suggested for Lin: “Too late”"
    assert "Amy Ito" in sentences["zh-hans"] != sentences["en"]


# --- replies sent before ---------------------------------------------------------------------


def said(agent, thread, body):
    return threads.post_reply(
        agent=agent, conversation=thread.pk, body=body, client_id=uuid.uuid4()
    )[0]


def found(client, query="") -> list[str]:
    answer = client.read(f"/workspace/sent-replies/?{query}").json()
    return [one["text"] for one in answer["replies"]]


def test_replies_sent_before_are_found_by_whoever_sees_them(cast, thread, signed_in):
    for body in ("Your refund is on its way", "退款将在三天内到账", "We ship 100% today", "Oops"):
        last = said(cast.amy, thread, body)
    threads.recall(agent=cast.amy, conversation=thread.pk, seq=last.seq)
    threads.post_note(
        agent=cast.amy, conversation=thread.pk, body="refund?", client_id=uuid.uuid4()
    )
    assert found(signed_in("ben")) == [
        "We ship 100% today",
        "退款将在三天内到账",
        "Your refund is on its way",
    ]
    assert found(signed_in("ben"), "q=WAY+refund") == ["Your refund is on its way"]
    assert found(signed_in("ben"), "q=退款") == ["退款将在三天内到账"]
    assert found(signed_in("ben"), "q=0%25") == ["We ship 100% today"]
    assert found(signed_in("ben"), "q=%25_%00") == []
    assert found(signed_in("eve")) == []
    assert signed_in("amy").read("/workspace/sent-replies/?before=x").status_code == 422
    assert (
        "Insert into the reply" in signed_in("amy").get("/workspace/sent-replies/").content.decode()
    )


def test_they_come_in_pages_and_at_one_price(
    cast, thread, signed_in, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(queries, "FOUND", 2)
    for number in range(5):
        said(cast.amy, thread, f"Answer {number}")
    amy, pages, before = signed_in("amy"), [], ""
    while before is not None:
        with django_assert_max_num_queries(6):
            answer = amy.read(f"/workspace/sent-replies/?q=answer&before={before}").json()
        pages.append([one["text"][-1] for one in answer["replies"]])
        before = answer["next"]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]


def test_only_the_newest_conversations_are_searched(cast, thread, signed_in, monkeypatch):
    said(cast.amy, thread, "Long ago")
    monkeypatch.setattr(queries, "RECENT", 0)
    assert found(signed_in("amy")) == []


def test_a_number_sent_before_is_covered_and_not_found(cast, thread, signed_in):
    said(cast.amy, thread, TEXT)
    Policy.objects.create(name="customer-privacy", value={"mask_texts": True}, version=1)
    assert found(signed_in("amy"), "q=0013") == []
    [text] = found(signed_in("amy"), "q=yesterday")
    assert "0013" not in text
