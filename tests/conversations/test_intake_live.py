"""What customers and agents hear of each other over sockets: ticks, typing, ratings."""

# ruff: noqa: F811  (fixtures of the other file)

import uuid

import pytest

from conversations.inboxes.commands import change_inbox
from conversations.intake.commands import begin_conversation, mark_seen
from conversations.intake.ratings import rate
from conversations.threads import commands
from conversations.threads.models import Conversation
from helpdesk.asgi import application
from tests.collaboration.test_sockets import (  # noqa: F401
    HOST,
    ORIGIN,
    Screen,
    cast,
    chats,
    in_database,
    sockets,
    thread,
)

pytestmark = pytest.mark.django_db(transaction=True)


async def watch(sockets, thread, who: str = "amy") -> Screen:
    screen = await sockets(who)
    await screen.tell(type="watch", conversation=str(thread.pk), after=0)
    await screen.frame("head", conversation=str(thread.pk))
    return screen


async def test_the_customer_hears_that_a_message_was_read_and_by_nobody(cast, thread, chats):
    lin = await chats(cast.token)
    await lin.frame("head", seq=1)
    await in_database(
        commands.post_note,
        agent=cast.amy,
        conversation=thread.pk,
        body="canary",
        client_id=uuid.uuid4(),
    )
    await in_database(commands.mark_read, agent=cast.amy, conversation=thread.pk, seq=2)
    frame = await lin.frame("read")
    assert frame == {"type": "read", "conversation": str(thread.pk), "seq": 1}
    await in_database(commands.mark_read, agent=cast.ben, conversation=thread.pk, seq=2)
    await in_database(commands.mark_read, agent=cast.amy, conversation=thread.pk, seq=99)
    await lin.tell(type="head")
    assert (await lin.frame("head"))["seq"] == 1  # and no second "read" before it


async def test_what_redis_did_not_tell_is_found_by_looking(cast, thread, chats, monkeypatch):
    from conversations.intake import consumers

    monkeypatch.setattr(consumers, "LOOK", 0.0)
    lin = await chats(cast.token)
    await lin.frame("head", seq=1)
    await in_database(Conversation.objects.filter(pk=thread.pk).update, team_read=1)
    await consumers.look_for_read()
    await lin.frame("read", seq=1)
    await consumers.look_for_read()
    await lin.tell(type="head")
    await lin.frame("head")
    assert await lin.receive_nothing(timeout=0.1)


async def test_agents_hear_that_the_customer_has_read(cast, thread, sockets):
    amy = await watch(sockets, thread)
    await in_database(
        commands.post_reply,
        agent=cast.amy,
        conversation=thread.pk,
        body="Soon",
        client_id=uuid.uuid4(),
    )
    await in_database(mark_seen, session=cast.session, conversation_id=thread.pk, seq=2)
    frame = await amy.frame("seen")
    assert frame == {"type": "seen", "conversation": str(thread.pk), "public_seq": 2}


@pytest.mark.parametrize(("allowed", "shown"), [(True, "Where is my p"), (False, "")])
async def test_agents_see_what_is_being_typed_where_the_inbox_allows_it(
    cast, thread, sockets, chats, allowed, shown
):
    await in_database(change_inbox, actor=None, inbox=cast.inbox, changes={"shows_typing": allowed})
    amy = await watch(sockets, thread)
    lin = await chats(cast.token)
    other = await chats(cast.token)
    await lin.frame("head", seq=1)
    await other.frame("head", seq=1)
    await lin.tell(type="typing", typing=True, text="Where is my p\x00")
    frame = await amy.frame("typing")
    assert (frame["author"], frame["text"]) == ({"kind": "customer"}, shown)
    assert await other.receive_nothing(timeout=0.1)
    for text in ("x" * 5_000, ["x"], None, 7):
        await lin.tell(type="typing", typing=True, text=text)
        assert len((await amy.frame("typing"))["text"]) <= 500
    await lin.tell(type="typing", typing=False, text="never mind")
    assert (await amy.frame("typing"))["text"] == ""


async def rating_on(screen: Screen) -> dict[str, object]:
    while True:
        event = (await screen.frame("entry"))["entry"]["event"]
        if event and event["type"] == "rated":
            return event


async def test_a_rating_reaches_the_agents_screens(cast, thread, sockets, chats):
    await in_database(commands.resolve, agent=cast.amy, conversation=thread.pk)
    amy = await watch(sockets, thread)
    lin = await chats(cast.token)
    await in_database(
        rate, session=cast.session, conversation_id=thread.pk, score=5, comment="kind"
    )
    assert await rating_on(amy) == {"type": "rated", "score": 5, "comment": "kind"}
    assert await rating_on(lin) == {"type": "rated"}


async def test_a_screen_may_follow_an_older_conversation_of_its_customer(cast, thread, chats):
    await in_database(commands.resolve, agent=cast.amy, conversation=thread.pk)
    await in_database(begin_conversation, session=cast.session)
    lin = await chats(cast.token)
    assert (await lin.frame("head"))["conversation"] != str(thread.pk)
    for asked in (str(thread.pk), str(uuid.uuid4()), "x", 7):
        screen = Screen(application, "/ws/chat/shop/", headers=[HOST, ORIGIN])
        await screen.connect(timeout=10)
        await screen.tell(type="auth", token=cast.token, after=0, conversation=asked)
        shown = (await screen.frame("head"))["conversation"]
        assert (shown == str(thread.pk)) == (asked == str(thread.pk))
        await screen.disconnect()
