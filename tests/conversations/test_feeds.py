"""A feed tells every screen everything, whoever comes and goes meanwhile."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from conversations.threads import feeds
from conversations.threads.draw import Drawn
from helpdesk.core.frames import Frame


class Screen:
    language = "en"

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.head = asyncio.Event()

    def push(self, frame: Frame) -> None:
        self.heard.extend(json.loads(text)["seq"] for text in frame.messages)

    def tell(self, **frame: Any) -> None:
        self.head.set()


@pytest.fixture
def store(monkeypatch):
    """A conversation of five entries whose reads wait until they are let go."""
    seqs, gate = list(range(1, 6)), asyncio.Event()

    def frame(seq: int) -> str:
        return json.dumps({"seq": seq})

    async def read(function: Any, *arguments: Any) -> Any:
        if function is feeds._heads_of:
            return 1, len(seqs), 0
        await gate.wait()
        if function is feeds._missed:
            return [frame(seq) for seq in seqs if arguments[1] < seq <= arguments[2]]
        eyes = ("en", feeds.NOTHING_MORE)
        return [Drawn(seq, None, {eyes: frame(seq)}) for seq in seqs if seq > arguments[1]]

    monkeypatch.setattr(feeds, "in_thread", read)
    monkeypatch.setattr(feeds, "feeds", {})
    monkeypatch.setattr(feeds, "_guards", [])
    return seqs, gate


async def until(state):
    async with asyncio.timeout(5):
        while not state():
            await asyncio.sleep(0)


async def test_a_screen_that_leaves_does_not_take_the_feed_from_one_that_comes(store):
    seqs, gate = store
    talk = str(uuid.uuid4())
    leaving, coming = Screen(), Screen()
    feeds.watch(talk, leaving)
    await leaving.head.wait()
    feed = feeds.watch(talk, coming, after=2)
    await asyncio.sleep(0)  # now it is being welcomed and waits for its missed entries
    feeds.unwatch(talk, leaving)
    assert feeds.feeds[talk] is feed
    gate.set()
    await coming.head.wait()
    seqs.append(6)
    feeds.feeds[talk].poke()
    await until(lambda: coming.heard[-1:] == [6])
    assert coming.heard == [3, 4, 5, 6]


async def test_a_screen_that_leaves_while_it_is_welcomed_is_gone(store):
    _seqs, gate = store
    talk = str(uuid.uuid4())
    screen = Screen()
    feed = feeds.watch(talk, screen, after=0)
    await asyncio.sleep(0)
    feeds.unwatch(talk, screen)
    gate.set()
    await until(lambda: feed._task is None)
    assert (feed.watchers, feeds.feeds, screen.heard) == ({}, {}, [])


async def test_pokes_in_the_middle_of_a_read_are_not_forgotten(store):
    seqs, gate = store
    talk = str(uuid.uuid4())
    screen = Screen()
    feed = feeds.watch(talk, screen)
    await screen.head.wait()
    for seq in (6, 7, 8):
        seqs.append(seq)
        feed.poke()
        await asyncio.sleep(0)
    gate.set()
    await until(lambda: screen.heard[-1:] == [8])
    assert screen.heard == [6, 7, 8]


async def test_one_who_cannot_be_told_what_it_missed_holds_up_nobody(store, monkeypatch):
    seqs, gate = store
    gate.set()
    talk = str(uuid.uuid4())
    amy, ben = Screen(), Screen()
    feeds.watch(talk, amy)
    await amy.head.wait()
    read = feeds.in_thread

    async def fails(function: Any, *arguments: Any) -> Any:
        if function is feeds._missed:
            raise ValueError
        return await read(function, *arguments)

    monkeypatch.setattr(feeds, "in_thread", fails)
    feed = feeds.watch(talk, ben, after=2)
    await ben.head.wait()  # the head tells it to fetch
    seqs.append(6)
    feed.poke()
    await until(lambda: amy.heard == ben.heard == [6])


async def test_a_screen_whose_language_changes_meanwhile_is_told_the_head(store):
    seqs, gate = store
    talk = str(uuid.uuid4())
    amy = Screen()
    feed = feeds.watch(talk, amy)
    await amy.head.wait()
    amy.head.clear()
    seqs.append(6)
    feed.poke()
    await asyncio.sleep(0)  # it is being drawn in English
    amy.language = "zh-hans"
    gate.set()
    await amy.head.wait()
    assert amy.heard == []


async def test_a_feed_that_began_before_the_first_message_learns_its_inbox(store, monkeypatch):
    seqs, gate = store
    gate.set()
    seqs.clear()
    read = feeds.in_thread

    async def unwritten(function: Any, *arguments: Any) -> Any:
        if function is feeds._heads_of and not seqs:
            return 0, 0, 0
        return await read(function, *arguments)

    monkeypatch.setattr(feeds, "in_thread", unwritten)
    screen = Screen()
    feed = feeds.watch(str(uuid.uuid4()), screen)
    await screen.head.wait()
    assert feed.inbox_id == 0
    seqs.append(1)
    feed.poke()
    await until(lambda: screen.heard == [1])
    assert feed.inbox_id == 1


async def test_what_follows_several_at_once_is_told_together(store, monkeypatch):
    seqs, gate = store
    told: list[int] = []
    monkeypatch.setattr(feeds, "BREATH", 0.1)
    monkeypatch.setattr(Screen, "push", lambda screen, frame: told.append(len(frame.messages)))
    screen = Screen()
    feed = feeds.watch(str(uuid.uuid4()), screen)
    gate.set()
    await screen.head.wait()
    seqs += [6, 7, 8]
    feed.poke()
    await until(lambda: told == [3])
    for seq in (9, 10):
        seqs.append(seq)
        feed.poke()
        for _ in range(20):  # in which it would be told by itself
            await asyncio.sleep(0)
    await until(lambda: sum(told) == 5)
    assert told == [3, 2]
