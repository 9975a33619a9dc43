"""Sockets: who may hear what, in order, and what becomes of bad or greedy ones."""

import asyncio
import json
import threading
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections

from collaboration.policy import live as policy
from conversations.threads import commands
from helpdesk.asgi import application
from helpdesk.core.live import threads, wire
from permissions.accounts import commands as accounts
from permissions.accounts.models import Agent
from tests.conftest import Browser, Cast, make_cast

pytestmark = pytest.mark.django_db(transaction=True)
HOST = (b"host", b"localhost")
ORIGIN = (b"origin", b"http://localhost")


NOTHING_NEW = (
    {"type": "notice", "unread": 0, "news": []},
    {"type": "approvals", "waiting": 0, "conversations": [], "all": True},
    {"type": "customer", "customer": "*", "texts": True},  # whatever is shown: ask anew
)


async def hears_only_of_colleagues(screen: "Screen") -> None:
    """Nothing of any conversation reaches the screen."""
    while not await screen.receive_nothing(timeout=1):
        frame = json.loads(await screen.receive_from())
        assert frame["type"] == "status" or frame in NOTHING_NEW


def in_database(function, *args, **kwargs):
    return sync_to_async(function, thread_sensitive=True)(*args, **kwargs)


class Screen(WebsocketCommunicator):
    """A socket that can wait for a frame and for its end."""

    async def frame(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The next frame of a kind (with these values); others are passed over."""
        while True:
            found = json.loads(await self.receive_from(timeout=10))
            if found["type"] == kind and all(found.get(k) == v for k, v in wanted.items()):
                return found

    async def tell(self, **frame: Any) -> None:
        await self.send_to(text_data=json.dumps(frame))

    async def end(self) -> int:
        """The close code; frames on the way are passed over."""
        while True:
            message = await self.receive_output(timeout=10)
            if message["type"] == "websocket.close":
                return message["code"]


@pytest.fixture
async def cast(monkeypatch):
    monkeypatch.setattr(policy, "_floors", {})  # what another test's inboxes were like
    yield await in_database(make_cast)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()  # lists, feeds and ticks would ask a database that is being cleaned
    # What the threads still ask, and their connections, would keep it from being cleaned.
    idle = threading.Barrier(threads.WORKERS)

    def leave() -> None:
        idle.wait(60)  # each thread comes here once it has nothing else to do
        connections.close_all()

    await asyncio.gather(*(threads.in_thread(leave) for _ in range(threads.WORKERS)))
    wire.close()
    await in_database(connections.close_all)


@pytest.fixture
async def thread(cast: Cast):
    await in_database(cast.says, "Where is my order?")
    return await in_database(lambda: cast.thread)


async def cookie_of(agent: Agent) -> tuple[bytes, bytes]:
    """The header of a browser in which the agent is signed in."""
    client = Browser()
    await in_database(
        client.force_login, agent, backend="permissions.accounts.backends.AgentBackend"
    )
    return b"cookie", "; ".join(f"{k}={v.value}" for k, v in client.cookies.items()).encode()


@pytest.fixture
async def sockets(cast: Cast):
    opened: list[Screen] = []

    async def connect(who: str | None, *headers: tuple[bytes, bytes]) -> Screen:
        sent = [HOST, *(headers or (ORIGIN,))]
        if who:
            sent.append(await cookie_of(getattr(cast, who)))
        screen = Screen(application, "/ws/workspace/", headers=sent)
        await screen.connect(timeout=10)
        opened.append(screen)
        return screen

    yield connect
    await close_all(opened)


async def close_all(screens: list[Screen]) -> None:
    for screen in screens:
        if not screen.future.done():
            await screen.disconnect()


@pytest.fixture
async def chats(cast: Cast):
    opened: list[Screen] = []

    async def connect(token: Any, after: Any = 0, key: str = "shop") -> Screen:
        screen = Screen(application, f"/ws/chat/{key}/", headers=[HOST, ORIGIN])
        await screen.connect(timeout=10)
        await screen.tell(type="auth", token=token, after=after)
        opened.append(screen)
        return screen

    yield connect
    await close_all(opened)


async def reply(cast: Cast, body: str) -> None:
    await in_database(
        commands.post_reply,
        agent=cast.amy,
        conversation=cast.session.conversation_id,
        body=body,
        client_id=uuid.uuid4(),
    )


async def test_a_reply_reaches_every_open_screen_in_order(cast, thread, sockets, chats):
    amy, ben, lin = await sockets("amy"), await sockets("ben"), await chats(cast.token)
    for screen in (amy, ben):
        await screen.tell(type="watch", conversation=str(thread.pk), after=0)
        assert (await screen.frame("entry"))["entry"]["body"] == "Where is my order?"
        await screen.frame("head", seq=1)
    assert (await lin.frame("entry"))["entry"]["seq"] == 1
    for number in range(5):
        await reply(cast, f"<b>{number}</b>")
    for screen in (amy, ben):
        seen = [await screen.frame("entry") for _ in range(6)]  # and one "joined"
        assert [frame["entry"]["seq"] for frame in seen] == [2, 3, 4, 5, 6, 7]
        assert "<b>" not in seen[-1]["html"]
        assert "&lt;b&gt;4" in seen[-1]["html"]
    seen = [await lin.frame("entry") for _ in range(5)]
    assert [frame["entry"]["seq"] for frame in seen] == [2, 3, 4, 5, 6]


async def test_a_note_never_reaches_the_customer(cast, thread, chats):
    lin = await chats(cast.token)
    await lin.frame("entry")
    await in_database(
        commands.post_note,
        agent=cast.amy,
        conversation=thread.pk,
        body="canary",
        client_id=uuid.uuid4(),
    )
    await reply(cast, "public")
    frame = await lin.frame("entry")
    assert (frame["entry"]["seq"], frame["entry"]["body"]) == (2, "public")
    assert "canary" not in json.dumps(frame)


async def test_whoever_comes_back_gets_what_was_missed(cast, thread, sockets):
    for number in range(4):
        await reply(cast, str(number))
    amy = await sockets("amy")
    await amy.tell(type="watch", conversation=str(thread.pk), after=3)
    assert [(await amy.frame("entry"))["entry"]["seq"] for _ in range(3)] == [4, 5, 6]
    assert (await amy.frame("head"))["seq"] == 6


async def test_an_outsider_hears_nothing(cast, thread, sockets):
    eve = await sockets("eve")
    await eve.tell(type="watch", conversation=str(thread.pk), after=0)
    assert (await eve.frame("access"))["allowed"] is False
    await in_database(cast.says, "more")
    await hears_only_of_colleagues(eve)


async def test_a_list_tells_those_who_may_see_it(cast, thread, sockets):
    amy, eve = await sockets("amy"), await sockets("eve")
    await amy.frame("hello")
    await eve.frame("hello")
    await in_database(cast.says, "second")
    frame = await amy.frame("list", messages=2)
    assert (frame["conversation"], frame["status"]) == (str(thread.pk), "open")
    assert (await amy.frame("counts"))["views"]["all"] == 1
    await hears_only_of_colleagues(eve)


async def test_colleagues_see_who_is_there_and_writes(cast, thread, sockets):
    amy, ben = await sockets("amy"), await sockets("ben")
    for screen in (amy, ben):
        await screen.tell(type="watch", conversation=str(thread.pk), after=0)

    async def state(of: int) -> str:
        frame = await ben.frame("presence")
        return {one["id"]: one["state"] for one in frame["agents"]}.get(of, "")

    while await state(cast.amy.pk) != "viewing":
        pass
    await amy.tell(type="typing", conversation=str(thread.pk), mode="note", typing=True)
    assert await state(cast.amy.pk) == "note"
    await amy.tell(type="unwatch", conversation=str(thread.pk))
    assert await state(cast.amy.pk) == ""


async def test_typing_a_reply_is_told_to_the_customer_and_a_note_is_not(
    cast, thread, sockets, chats
):
    amy, lin = await sockets("amy"), await chats(cast.token)
    await lin.frame("head")
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await amy.frame("head")
    await amy.tell(type="typing", conversation=str(thread.pk), mode="note", typing=True)
    assert await lin.receive_nothing(timeout=0.5)
    await amy.tell(type="typing", conversation=str(thread.pk), mode="reply", typing=True)
    assert (await lin.frame("typing"))["author"] == {"kind": "agent", "name": "Amy Ito"}
    await lin.tell(type="typing", typing=True)
    assert (await amy.frame("typing"))["author"] == {"kind": "customer"}


# --- rights that end ------------------------------------------------------------------------


async def test_a_deactivated_agents_socket_ends(cast, thread, sockets):
    amy = await sockets("amy")
    await amy.frame("hello")
    await in_database(accounts.deactivate_agent, actor=None, agent=cast.amy)
    assert await amy.end() == 4401


async def test_leaving_the_team_blanks_the_open_conversation(cast, thread, sockets):
    amy = await sockets("amy")
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await amy.frame("head")
    await in_database(accounts.leave_team, actor=None, agent=cast.amy, team=cast.team)
    assert (await amy.frame("access"))["allowed"] is False
    await in_database(cast.says, "secret")
    while not await amy.receive_nothing(timeout=1):
        assert "secret" not in await amy.receive_from()


async def test_signing_out_ends_the_socket_without_any_event(cast, sockets):
    from django.contrib.sessions.models import Session

    amy = await sockets("amy")
    await amy.frame("hello")
    await in_database(Session.objects.all().delete)
    assert await amy.end() == 4401


# --- at the door -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cookie", [b"", b'sessionid="aaaaaaaa\\000aaaa"', b"sessionid=" + b"a" * 300]
)
async def test_nobody_enters_without_a_session(cast, sockets, cookie):
    assert await (await sockets(None, ORIGIN, (b"cookie", cookie))).end() == 4401


@pytest.mark.parametrize(
    "origin",
    [
        b"https://evil.test",
        b"http://localhost:81",
        b"http://localhost.evil.test",
        b"http://evil.test/localhost",
        b"null",
        b"",
    ],
)
async def test_another_sites_page_cannot_open_a_socket(cast, sockets, origin):
    assert await (await sockets("amy", (b"origin", origin))).end() == 4403


async def test_a_path_that_leads_nowhere_is_told_so():
    screen = Screen(application, "/ws/nothing/", headers=[HOST, ORIGIN])
    await screen.connect()
    assert await screen.end() == 4404


@pytest.mark.parametrize("token", [None, 7, "", "x" * 43, ["a"], {"a": 1}, "\x00" * 43])
async def test_a_wrong_token_ends_the_customers_socket(cast, chats, token):
    assert await (await chats(token)).end() == 4401


async def test_a_token_is_good_for_its_own_inbox_only(cast, chats):
    assert await (await chats(cast.token, key="depot")).end() == 4401


async def test_a_customer_cannot_watch_like_an_agent(cast, thread, chats):
    lin = await chats(cast.token)
    await lin.tell(type="watch", conversation=str(thread.pk), after=0)
    assert (await lin.frame("error"))["code"] == "unknown_type"


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "[]",
        "7",
        '"x"',
        "{",
        '{"type": NaN}',
        '{"type": ' + "[" * 1000,
        "{}",
        '{"type": null}',
        '{"type": "websocket_close"}',
        '{"type": "watch"}',
        '{"type": "watch", "conversation": 7}',
        '{"type": "watch", "conversation": "' + "x" * 36 + '"}',
        '{"type": "typing", "conversation": {"a": 1}}',
    ],
)
async def test_a_bad_frame_is_answered_and_harms_nothing(cast, thread, sockets, text):
    amy = await sockets("amy")
    await amy.send_to(text_data=text)
    assert (await amy.frame("error"))["code"] in ("bad_frame", "unknown_type")
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await amy.frame("entry")


@pytest.mark.parametrize("after", [True, "3", -1, 0.5, None])
async def test_what_is_no_number_is_like_none(cast, thread, sockets, chats, caplog, after):
    await reply(cast, "On its way.")
    amy, lin = await sockets("amy"), await chats(cast.token, after=after)
    await amy.tell(type="watch", conversation=str(thread.pk), after=after)
    assert (await amy.frame("head"))["seq"] > 1
    await lin.frame("head")
    assert "unaided" not in caplog.text


@pytest.mark.parametrize(
    ("sent", "code"),
    [({"text_data": "x" * 70_000}, 4413), ({"bytes_data": b"\x00\x01"}, 1003)],
)
async def test_too_large_and_binary_frames_end_the_socket(cast, sockets, sent, code):
    amy = await sockets("amy")
    await amy.send_to(**sent)
    assert await amy.end() == code


async def test_a_flood_ends_the_socket(cast, sockets):
    amy = await sockets("amy")
    for _ in range(100):
        await amy.tell(type="head")
    assert await amy.end() == 4429


async def test_more_sockets_than_allowed_are_refused(cast, sockets, settings):
    settings.LIMITS = settings.LIMITS | {"sockets per agent": (2, 0)}
    for _ in range(2):
        await (await sockets("amy")).frame("hello")
    assert await (await sockets("amy")).end() == 4429
