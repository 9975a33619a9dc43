"""Drafts written together: all clients converge, nothing is lost, nobody writes who may not."""

# ruff: noqa: F811  (fixtures of another file)

import asyncio
import gc
import json
import random
import weakref
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from pycrdt import Doc, Text

from collaboration.drafts import folding, log, protocol, rooms
from collaboration.drafts.consumers import DraftConsumer
from collaboration.drafts.documents import Document
from collaboration.drafts.models import DraftUpdate, DraftVersion, SharedDraft
from collaboration.drafts.parts import parts_of
from collaboration.drafts.queries import shared_draft
from collaboration.workspace.seats import session_key_of
from conversations.modes.floor import Mode
from conversations.threads.models import Conversation
from helpdesk.core.live import wire
from permissions.accounts import commands as accounts
from permissions.accounts.sessions import SignIn
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from tests.collaboration.editors import Editor, editors_of
from tests.collaboration.test_sockets import (  # noqa: F401
    HOST,
    ORIGIN,
    cast,
    cookie_of,
    in_database,
    thread,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def editors(cast, thread):
    async with editors_of(thread) as open_editor:

        async def open_draft(
            who: str, *, doc: Doc | None = None, note: bool = False, query: str = ""
        ) -> Editor:
            path = f"{'note/' if note else ''}{query}"
            return await open_editor(getattr(cast, who), path, doc)

        yield open_draft


@pytest.fixture
def key(thread):
    return (str(thread.pk), "reply")


def stored(key: tuple[str, str]) -> str:
    draft = log.find(key)
    return log.load(draft).text if draft else ""


def numbers() -> list[int]:
    return list(DraftUpdate.objects.order_by("n").values_list("n", flat=True))


async def bring_in(cast: Any, who: str, *acts: Act) -> None:
    await in_database(give, list(acts), getattr(cast, who), cast.inbox)
    agent = getattr(cast, who)
    await in_database(type(agent).objects.filter(pk=agent.pk).update, authz_version=9)


# --- writing together ------------------------------------------------------------------------


async def test_who_opens_a_draft_and_says_nothing_begins_none(editors):
    amy = await editors("amy", query="?ack=1")
    await amy.until(lambda: amy.taken)
    assert amy.done[-1] == (0, 0)
    assert not await in_database(SharedDraft.objects.exists)


async def test_two_who_write_at_once_read_the_same(cast, thread, editors, key):
    await bring_in(cast, "ben", Act.REPLY, Act.JOIN)
    amy, ben = await editors("amy"), await editors("ben")
    await amy.say("您好 Lin 👋 ")
    await ben.reads("您好 Lin 👋 ")
    await asyncio.gather(amy.say("from amy. "), ben.say("from ben. "))
    await amy.until(lambda: "ben" in amy.text)
    await ben.until(lambda: "amy" in ben.text)
    assert amy.text == ben.text == await in_database(stored, key)
    kept = await in_database(list, DraftUpdate.objects.order_by("n").values_list("n", "agent"))
    assert kept == [(1, cast.amy.pk), *((n, kept[n - 1][1]) for n in (2, 3))]
    assert not await in_database(
        AuditRecord.objects.filter(verb__startswith="conversation.reply").exists
    )


async def test_who_wrote_what_is_known_to_every_process(cast, thread, editors, key):
    await bring_in(cast, "ben", Act.REPLY, Act.JOIN)
    amy, ben = await editors("amy"), await editors("ben")
    await amy.say("您好，Lin。")
    await ben.reads("您好，Lin。")
    await ben.say("亲爱的", at=len("您好，".encode()))
    await amy.reads("您好，亲爱的Lin。")
    await amy.erase(0, len("您".encode()))
    await ben.reads("好，亲爱的Lin。")
    found = await in_database(shared_draft, cast.amy, thread.pk, "reply")
    assert [(run["agent"]["name"], run["text"]) for run in found["runs"]] == [
        ("Amy Ito", "好，"),
        ("Ben Okafor", "亲爱的"),
        ("Amy Ito", "Lin。"),
    ]
    # What was there before somebody else went on with it is kept.
    assert found["versions"][-1]["text"] == "您好，Lin。"
    assert found["versions"][-1]["author"]["id"] == cast.amy.pk


async def test_a_note_and_a_reply_are_two_drafts(cast, thread, editors):
    reply, note = await editors("amy"), await editors("amy", note=True)
    await reply.say("for Lin")
    await note.say("for us")
    again = await editors("amy", note=True)
    await again.reads("for us")


async def test_a_client_that_was_away_brings_what_it_wrote(cast, thread, editors, key):
    amy = await editors("amy")
    await amy.say("before ")
    other = await editors("amy")
    await other.reads("before ")
    await other.disconnect()
    other.body.insert(len(other.body), "offline ")
    await amy.say("meanwhile ")
    back = await editors("amy", doc=other.doc)
    await back.until(lambda: back.asked and "meanwhile" in back.text)
    await amy.until(lambda: "offline" in amy.text)
    assert amy.text == back.text
    assert sorted(amy.text.split()) == ["before", "meanwhile", "offline"]


async def test_who_types_before_it_was_asked_what_it_has_stays(cast, thread, editors, key):
    doc = Doc()
    doc.get("body", type=Text).insert(0, "written away, ")
    amy = await editors("amy", doc=doc)
    await amy.say("typed early")
    await amy.until(lambda: amy.asked)
    await amy.say("!")
    other = await editors("amy")
    await other.reads("written away, typed early!")
    amy.body.insert(0, "never sent")  # of what is missing later, nobody knows when it comes
    amy.made.clear()
    await amy.say("?")
    assert await amy.end() == 4400


async def test_what_another_process_appended_is_found_without_being_told(
    cast, thread, editors, key
):
    amy = await editors("amy")
    await amy.say("one ")
    ben = await editors("amy", query="?ack=1")
    await ben.reads("one ")
    doc = Doc()
    body = doc.get("body", type=Text)
    doc.apply_update(amy.doc.get_update())
    made: list[bytes] = []
    doc.observe(lambda event: made.append(event.update))
    body.insert(len(body), "two")

    def elsewhere() -> None:
        draft = SharedDraft.objects.get()
        log.store([log.Change(draft, [(cast.amy.pk, made[0])], len(body))])

    await in_database(elsewhere)
    await rooms.look_for_updates()
    await amy.reads("one two")


async def test_our_own_editor_is_told_what_is_durable(cast, thread, editors, key):
    amy, plain = await editors("amy", query="?ack=1"), await editors("amy")
    await amy.say("a")
    await amy.until(lambda: (1, 0) in amy.done and amy.taken >= 1)
    assert await in_database(DraftUpdate.objects.count) == 1
    await plain.reads("a")
    assert not plain.done


async def test_folding_changes_nothing_and_may_happen_twice(cast, thread, editors, key):
    amy = await editors("amy")
    for number in range(30):
        await amy.say(f"{number} ")
    await amy.erase(0, 4)
    other = await editors("amy")
    await other.reads(amy.text)
    draft = await in_database(SharedDraft.objects.get)
    before = await in_database(log.load, draft)
    assert await in_database(folding.fold, draft.pk)
    assert not await in_database(folding.fold, draft.pk)
    assert not await in_database(DraftUpdate.objects.exists)
    after = await in_database(log.load, await in_database(SharedDraft.objects.get))
    assert (after.text, after.runs, after.n) == (before.text, before.runs, before.n)
    await amy.say("on")
    await other.until(lambda: other.text.endswith("on"))
    fresh = await editors("amy")
    await fresh.reads(amy.text)


def test_a_large_document_travels_in_parts():
    rng, docs = random.Random(7), []
    for client in range(4):
        doc = Doc(client_id=client + 1)
        doc.get("body", type=Text)
        docs.append(doc)
    for _ in range(600):
        doc = rng.choice(docs)
        body = doc.get("body", type=Text)
        if rng.random() < 0.01 and len(body):
            body.clear()
        body.insert(
            0 if rng.random() < 0.5 else len(body), rng.choice(["您好👋", "word ", "x"]) * 40
        )
        if rng.random() < 0.3:
            other = rng.choice(docs)
            other.apply_update(doc.get_update(other.get_state()))
    whole = Doc()
    text = whole.get("body", type=Text)
    for doc in docs:
        whole.apply_update(doc.get_update())
    update = whole.get_update()
    parts = parts_of(update, 2_000)
    assert len(parts) > 5
    assert max(map(len, parts)) < len(update) / 2
    for order in (parts, parts[::-1], rng.sample(parts, len(parts))):
        read = Doc()
        body = read.get("body", type=Text)
        for part in order:
            read.apply_update(part)
        assert str(body) == str(text)
        assert Document(read.get_update()).update_since(whole.get_state())[:1] == b"\x00"


async def test_a_room_ends_with_its_last_editor(cast, thread, editors, key):
    amy = await editors("amy")
    await amy.say("last words")
    other = await editors("amy")
    await other.reads("last words")
    document = weakref.ref(rooms.rooms[key]._document)
    await amy.disconnect()
    await other.disconnect()
    while rooms.rooms or await in_database(stored, key) != "last words":
        await asyncio.sleep(0)
    while document() is not None:  # nothing of it stays in memory
        gc.collect()
        await asyncio.sleep(0)


# --- many at once ----------------------------------------------------------------------------


async def test_what_was_stored_and_not_told_is_found(cast, thread, editors, key, monkeypatch):
    amy, other = await editors("amy"), await editors("amy")
    await amy.say("A")
    await other.reads("A")
    with monkeypatch.context() as patched:  # the process is killed after the commit
        patched.setattr(rooms.Room, "_tell", lambda *_: None)
        await amy.say("B")
        while await in_database(stored, key) != "AB" or rooms.rooms[key]._task:
            await asyncio.sleep(0)
        rooms.rooms.clear()
    back = await editors("amy", doc=other.doc)
    await back.reads("AB")
    again = await editors("amy", doc=amy.doc)
    await again.until(lambda: again.asked)
    await again.say("C")
    await back.reads("ABC")
    assert await in_database(numbers) == [1, 2, 3]


async def test_twenty_writers_converge(cast, thread, editors, key):
    await bring_in(cast, "ben", Act.REPLY, Act.JOIN)
    writers = [await editors("amy" if number % 2 else "ben") for number in range(20)]
    for turn in range(3):
        said = (one.say(f"{number}.{turn} ", at=0) for number, one in enumerate(writers))
        await asyncio.gather(*said)
    words = sorted(f"{number}.{turn} " for number in range(20) for turn in range(3))
    for one in writers:
        await one.until(lambda one=one: len(one.body) == sum(map(len, words)))
    assert {one.text for one in writers} == {await in_database(stored, key)}
    assert sorted(f"{word} " for word in writers[0].text.split()) == words
    assert await in_database(numbers) == list(range(1, 61))


async def test_a_document_of_a_megabyte_is_written_on(cast, thread, editors, key):
    amy = await editors("amy")
    await amy.until(lambda: amy.asked)
    for _ in range(18):
        await amy.say("您好，Lin。" * 4000, at=0)
    other = await editors("amy")
    await other.reads(amy.text)
    await asyncio.gather(amy.say("A", at=0), other.say("Z"))
    await amy.until(lambda: amy.text.endswith("Z"))
    await other.until(lambda: other.text.startswith("A"))
    assert amy.text == other.text == await in_database(stored, key)
    assert len(amy.text.encode()) > 1_000_000


# --- who may ---------------------------------------------------------------------------------


async def test_who_may_only_look_reads_and_cannot_write(cast, thread, editors, key):
    amy, ben = await editors("amy"), await editors("ben")
    await amy.say("Dear Lin")
    await ben.reads("Dear Lin")
    await ben.say("!!!")
    assert await ben.end() == 4403
    await amy.say(",")
    watching = await editors("ben")
    await watching.reads("Dear Lin,")
    assert await in_database(stored, key) == amy.text == "Dear Lin,"


async def test_a_reader_who_says_what_is_known_stays(cast, thread, editors):
    amy, ben = await editors("amy"), await editors("ben")
    await amy.say("Dear Lin")
    await ben.reads("Dear Lin")
    await amy.erase(0, 5)
    await ben.reads("Lin")
    await ben.raw(protocol.step_2(ben.doc.get_update()))
    await amy.say("!")
    await ben.reads("Lin!")


async def test_an_outsider_finds_no_draft(cast, thread, editors):
    assert await (await editors("eve")).end() == 4404


async def test_solo_refuses_everybody_but_the_one_responsible(cast, thread, editors, key):
    await bring_in(cast, "ben", Act.REPLY, Act.JOIN)
    amy, ben = await editors("amy"), await editors("ben")
    await amy.say("A")
    await ben.reads("A")
    await in_database(
        Conversation.objects.filter(pk=thread.pk).update, mode=Mode.SOLO, assignee=cast.amy
    )
    await ben.say("B")
    assert await ben.end() == 4403
    await amy.say("C")
    other = await editors("amy")
    await other.reads("AC")


async def test_who_comes_again_is_looked_up_only_if_something_changed(cast, thread, monkeypatch):
    looked: list[str] = []

    def look_up(self: DraftConsumer, session_key: str) -> Any:
        looked.append(session_key)
        return whole(self, session_key)

    async def come() -> int | None:
        """With which code they are sent away."""
        editor = Editor(f"/ws/drafts/{thread.pk}/", [HOST, ORIGIN, cookie], None)
        await editor.begin()
        message = await editor.receive_output(timeout=10)
        await editor.disconnect()
        return message.get("code")

    async def sign_in() -> tuple[bytes, bytes]:
        cookie = await cookie_of(cast.amy)
        key = session_key_of(dict([cookie]))
        await in_database(SignIn.objects.create, agent=cast.amy, session_key=key)
        return cookie

    whole = DraftConsumer.look_up
    monkeypatch.setattr(DraftConsumer, "look_up", look_up)
    cookie = await sign_in()
    assert [await come() for _ in range(3)] == [None] * 3
    assert len(looked) == 1
    agents = type(cast.amy).objects.filter(pk=cast.amy.pk)
    await in_database(accounts.leave_team, actor=None, agent=cast.amy, team=cast.team)
    assert await come() == 4404
    await in_database(accounts.join_team, actor=None, agent=cast.amy, team=cast.team)
    assert [await come() for _ in range(2)] == [None] * 2
    assert len(looked) == 3
    await in_database(agents.update, password="another")
    assert await come() == 4401
    await in_database(cast.amy.refresh_from_db)
    cookie = await sign_in()
    assert await come() is None
    await in_database(Session.objects.all().delete)
    assert await come() == 4401


async def test_a_right_that_ends_closes_the_socket(cast, thread, editors):
    amy = await editors("amy")
    await amy.say("A")
    await amy.until(lambda: True)
    await in_database(accounts.leave_team, actor=None, agent=cast.amy, team=cast.team)
    assert await amy.end() == 4403


async def test_what_a_stranger_says_at_the_door_is_not_read(cast, thread):
    headers = [HOST, ORIGIN, await cookie_of(cast.eve)]
    stranger = Editor(f"/ws/drafts/{thread.pk}/", headers, None)
    await stranger.connect(timeout=10)
    await stranger.say("X")
    assert await stranger.receive_output(timeout=10) == {"type": "websocket.close", "code": 4404}
    await stranger.disconnect()
    assert not rooms.rooms
    assert not await in_database(SharedDraft.objects.exists)


async def test_a_signed_out_agents_last_update_is_not_taken(cast, thread, editors, key):
    amy = await editors("amy")
    await amy.say("A")
    await in_database(Session.objects.all().delete)
    await amy.say("B")
    assert await amy.end() == 4401
    assert await in_database(stored, key) in ("", "A")


# --- carets and names ------------------------------------------------------------------------


async def test_nobody_bears_another_name(cast, thread, editors):
    amy, ben = await editors("amy"), await editors("ben")
    forged = {"user": {"id": cast.amy.pk, "name": "Amy Ito"}, "cursor": {"anchor": 1}}
    await ben.raw(protocol.awareness([protocol.Pointer(7, 1, forged)]))
    await amy.until(lambda: amy.pointers.get(7))
    assert amy.pointers[7]["user"]["name"] == "Ben Okafor"
    assert amy.pointers[7]["cursor"] == {"anchor": 1}
    # Nobody speaks for another's client either.
    await amy.raw(protocol.awareness([protocol.Pointer(7, 9, {"cursor": None})]))
    await amy.raw(protocol.awareness([protocol.Pointer(8, 1, {})]))
    await ben.until(lambda: ben.pointers.get(8))
    assert 7 not in ben.pointers
    late = await editors("amy")
    await late.until(lambda: late.pointers.get(7))
    await ben.disconnect()
    await late.until(lambda: late.pointers[7] is None)


# --- it cannot be broken ---------------------------------------------------------------------


BAD = [
    (b"\x00", 4400),
    (b"\x00\x02", 4400),
    (b"\x63\x00", 4400),
    (b"\x00\x07\x00", 4400),
    (b"\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 4400),
    (protocol.update(b"\xff" * 30), 4400),
    (protocol.update(b"\x01\x01\x63\x05\x04\x01\x04body\x01x\x00"), 4400),  # a gap before it
    (protocol.update(b"\x00\x01\x63\x01\x00\x05"), 4400),  # deletes what is to come
    (protocol.step_1(b"\xff\xff"), 4400),
    (b"\x01\x03\x01\x07\x01", 4400),
    (protocol.awareness([protocol.Pointer(n, 1, {}) for n in range(9)]), 4400),
    (b"\x00\x02" + b"\x00" * 70_000, 4413),
]


async def test_a_bad_frame_ends_its_socket_and_harms_nobody(cast, thread, editors, key):
    amy = await editors("amy")
    await amy.say("kept")
    for frame, code in BAD:
        bad = await editors("amy")
        await bad.until(lambda bad=bad: bad.asked and bad.text == amy.text)
        await bad.raw(frame)
        assert await bad.end() == code, frame
        await amy.say(".")
    other = await editors("amy")
    await other.reads("kept" + "." * len(BAD))
    assert await in_database(stored, key) == amy.text


async def test_what_is_said_again_is_stored_once(cast, thread, editors, key):
    amy = await editors("amy", query="?ack=1")
    amy.body.insert(0, "once")
    update = amy.made.pop()
    for _ in range(5):
        await amy.raw(protocol.update(update))
    await amy.say("!")
    await amy.until(lambda: any(n == 2 for n, _ in amy.done))
    assert await in_database(DraftUpdate.objects.count) == 2
    assert await in_database(stored, key) == "once!"


async def test_a_flood_ends_its_socket(cast, thread, editors):
    amy = await editors("amy")
    for _ in range(400):
        await amy.raw(b"\x03")
    assert await amy.end() == 4429


async def test_a_text_frame_is_not_of_this_protocol(cast, thread, editors):
    amy = await editors("amy")
    await amy.send_to(text_data=json.dumps({"type": "head"}))
    assert await amy.end() == 4400


async def test_a_refused_store_leaves_the_others_and_the_text_whole(
    cast, thread, editors, key, monkeypatch
):
    from django.db import OperationalError

    amy, other = await editors("amy"), await editors("amy")
    await amy.say("A")
    await other.reads("A")
    ask, store = wire.ask, log.store

    def fail(*args: Any) -> None:  # with the others, and alone
        monkeypatch.setattr(wire, "ask", ask)
        if args:
            monkeypatch.setattr(log, "store", store)
        raise OperationalError("the disk is full")

    async def fail_together(*args: Any) -> None:
        fail()

    monkeypatch.setattr(wire, "ask", fail_together)
    monkeypatch.setattr(log, "store", fail)
    await amy.say("B")
    assert await amy.end() == 1013
    back = await editors("amy", doc=amy.doc)
    await back.until(lambda: back.asked)
    await other.reads("AB")
    await other.say("C")
    await back.reads("ABC")
    assert not await in_database(DraftVersion.objects.exists)
