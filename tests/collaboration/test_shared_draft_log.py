"""The log of shared drafts: one commit for many drafts, and each whole whatever the others are."""

import asyncio
import random
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from pycrdt import Doc, Text

from collaboration.drafts import folding, log, rooms, together, writing
from collaboration.drafts.documents import Document, joined
from collaboration.drafts.events import DraftLong
from collaboration.drafts.models import DraftUpdate, SharedDraft
from collaboration.drafts.parts import in_groups
from helpdesk.core.live import wire
from permissions.accounts import commands as accounts
from tests.conftest import Browser

T = TypeVar("T")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(cast):
    cast.says("Where is my order?")
    return (str(cast.thread.pk), "reply")


def numbers(key: tuple[str, str]) -> list[int]:
    found = DraftUpdate.objects.filter(draft=log.find(key).pk).order_by("n")
    return list(found.values_list("n", flat=True))


def stored(key: tuple[str, str]) -> str:
    return log.load(log.find(key)).text


class Hand:
    """An agent's session that offers updates of one document without a socket."""

    def __init__(self, agent: Any, key: tuple[str, str]) -> None:
        client = Browser()
        client.force_login(agent, backend="permissions.accounts.backends.AgentBackend")
        self.agent, self.key, self.session_key = agent, key, client.session.session_key
        self.doc, self.made = Doc(), []
        self.body = self.doc.get("body", type=Text)
        self.doc.observe(lambda event: self.made.append(event.update))
        for _ in range(2):  # as at the door; the first time their rights are read
            writing.verdicts([(agent.pk, self.session_key)], *key)

    def types(self, text: str) -> log.Offer:
        self.body.insert(len(self.body), text)
        return self.offers(self.made.pop())

    def offers(self, update: bytes) -> log.Offer:
        return log.Offer(self.agent.pk, self.session_key, update)

    def batch(self, news: log.News | None, *offers: log.Offer) -> log.Batch:
        if news is None:
            return log.Batch(self.key, None, None, None, (), offers)
        return log.Batch(self.key, news.document, news.draft, news.document.n, (), offers)


def on_a_loop(work: Coroutine[Any, Any, T]) -> T:
    async def done() -> T:
        try:
            return await work
        finally:
            wire.close()

    return asyncio.run(done())


def append_together(batches: list[log.Batch]) -> list[log.News | None]:
    return on_a_loop(together.append_together(batches))


def test_a_refused_update_takes_nobody_with_it(cast, key):
    amy = Hand(cast.amy, key)
    known = log.append(amy.batch(None, amy.types("A")))
    bad = amy.offers(b"\x01\x01\x63\x05\x04\x01\x04body\x01x\x00")  # a gap before it
    batch = amy.batch(known, amy.types("B"), bad, amy.types("C"))
    assert append_together([batch]) == [None]
    assert batch.document is None
    assert numbers(key) == [1]
    news = log.append(batch)
    assert news.refused == {1: 4400}
    assert news.document.text == stored(key) == "ABC"
    assert numbers(key) == [1, 2, 3]


def test_what_comes_at_once_is_stored_by_author(cast, key):
    accounts.join_team(actor=None, agent=cast.ben, team=cast.team)
    amy, ben = Hand(cast.amy, key), Hand(cast.ben, key)
    known = log.append(amy.batch(None, amy.types("a")))
    came = amy.types("A"), ben.types("B"), amy.types("C")
    (news,) = append_together([amy.batch(known, *came)])
    assert news
    assert [row.offers for row in news.rows] == [[0, 2], [1]]
    assert numbers(key) == [1, 2, 3]
    before, whole = amy.types("F"), ben.types("D")
    amy.doc.apply_update(ben.doc.get_update())
    amy.body.insert(amy.body.to_py().index("D") + 1, "E")  # which cannot stand beside her own
    beside = amy.batch(news, before, whole, amy.offers(amy.made.pop()))
    assert append_together([beside]) == [None]
    assert [row.offers for row in log.append(beside).rows[-3:]] == [(0,), (1,), (2,)]
    by = {cast.amy.pk: set[str](), cast.ben.pk: set[str]()}
    for author, text in log.load(log.find(key)).pieces():
        by[author] |= set(text)
    assert by == {cast.amy.pk: set("aACFE"), cast.ben.pk: set("BD")}


def test_a_locked_draft_holds_up_no_other(cast, key):
    other_key = (key[0], "note")
    here, there = Hand(cast.amy, key), Hand(cast.amy, other_key)
    first = log.append(here.batch(None, here.types("a")))
    second = log.append(there.batch(None, there.types("b")))
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            log.lock(other_key)
            taken.set()
            done.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        taken.wait(10)
        held = there.batch(second, there.types("B"))
        news, nothing = append_together([here.batch(first, here.types("A")), held])
    finally:
        done.set()
        holder.join()
    assert news
    assert nothing is None
    assert (stored(key), stored(other_key)) == ("aA", "b")
    assert log.append(held).document.text == "bB"


def test_two_processes_take_turns_at_one_draft(cast, key):
    hands = [Hand(cast.amy, key), Hand(cast.amy, key)]
    known: list[log.News | None] = [None, None]
    for turn in range(6):
        one = turn % 2
        batch = hands[one].batch(known[one], hands[one].types(f"{turn} "))
        assert turn < 2 or append_together([batch]) == [None]  # the other one wrote meanwhile
        news = log.append(batch)
        known[one] = news
        again = hands[one].batch(news, hands[one].types("! "))
        (news,) = append_together([again])
        assert news
        assert news.document.n == 2 * turn + 2
    assert numbers(key) == list(range(1, 13))
    text = stored(key)
    assert known[1].document.text == text
    assert sorted(text.split()) == sorted([*"012345", *"!!!!!!"])


def test_a_small_draft_is_read_by_the_loop_itself(cast, key, monkeypatch):
    asker = log.Batch(key, None, None, 1, [b"\x00"])
    assert on_a_loop(log.open_small(asker)) is None  # nobody has begun it
    amy = Hand(cast.amy, key)
    news = log.append(amy.batch(log.append(amy.batch(None, amy.types("a"))), amy.types("b")))
    found = on_a_loop(log.open_small(asker))
    assert found
    assert found.draft
    assert (found.document.text, found.draft.n, found.draft.changed_at is None) == ("ab", 2, False)
    assert found.answers == [news.document.update_since()]
    assert [row.n for row in found.rows] == [2]  # for those who were told of one
    monkeypatch.setattr(log, "_SMALL", log._SMALL.replace(str(log.SMALL), "-1"))
    assert on_a_loop(log.open_small(asker)) is None


async def test_a_long_log_is_folded_at_once_when_all_have_left(key, monkeypatch):
    rung: list[DraftLong] = []
    monkeypatch.setattr(rooms, "in_thread", lambda _, event: event)
    monkeypatch.setattr(rooms, "spawn", rung.append)
    room, editor = rooms.Room(key), object()
    rooms.rooms[key] = room
    room.editors.add(editor)  # type: ignore[arg-type]
    turn = rooms.Turn(log.Batch(key, None, None, None), [], [], [], behind=False)
    room._ring()
    for _ in range(2):
        room.end(turn, log.News(Document(), SharedDraft(pk=7), is_long=True))
    assert not rung
    room.leave(editor)  # type: ignore[arg-type]
    assert rung == [DraftLong(draft_id=7)]


def test_what_several_clients_wrote_is_folded(cast, key):
    accounts.join_team(actor=None, agent=cast.ben, team=cast.team)
    amy, ben, news = Hand(cast.amy, key), Hand(cast.ben, key), None
    for hand, client in ((amy, 1), (ben, 2), (amy, 5)):
        doc = Doc(client_id=client)
        doc.get("body", type=Text).insert(0, "x")
        news = log.append(hand.batch(news, hand.offers(doc.get_update())))
    assert news
    assert news.draft
    document = log.load(news.draft)
    assert Document(document.update_since()).state != document.state  # in another order
    assert folding.fold(news.draft.pk)


def test_a_long_log_whose_bell_was_not_heard_is_folded(cast, key):
    amy, other = Hand(cast.amy, key), Hand(cast.amy, (key[0], "note"))
    short = log.append(other.batch(None, other.types("short")))
    known = log.append(amy.batch(None, *(amy.types(f"{n} ") for n in range(SharedDraft.FOLD))))
    assert known.is_long
    assert folding.fold_long() == 1
    assert list(DraftUpdate.objects.values_list("draft", flat=True)) == [short.draft.pk]
    assert folding.fold_long() == 0
    assert stored(key) == known.document.text


def test_small_updates_travel_as_one():
    rng, read, made = random.Random(3), Doc(), []
    docs = [Doc(client_id=number + 1) for number in range(3)]
    for doc in docs:
        doc.get("body", type=Text)
        doc.observe(lambda event: made.append(event.update))
    known: list[bytes] = []
    for _ in range(200):
        doc = rng.choice(docs)
        for update in known[-20:]:
            doc.apply_update(update)
        made.clear()
        body = doc.get("body", type=Text)
        if len(body) > 40 and rng.random() < 0.2:
            body.clear()
        else:
            body.insert(len(body), rng.choice(["您好👋", "word ", "x"]))
        known.append(made[-1])
    rows = [log.Row(number, update) for number, update in enumerate(known, 1)]
    groups = list(in_groups(rows, 500))
    assert [row for group in groups for row in group] == rows
    assert len(groups) > 5
    body = read.get("body", type=Text)
    for group in groups:
        read.apply_update(joined([row.update for row in group]))
    whole = Document()
    for update in known:
        whole.apply(update, None)
    assert str(body) == whole.text
    assert Document(read.get_update()).update_since(whole.state)[:1] == b"\x00"
