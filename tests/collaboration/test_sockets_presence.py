"""What sockets tell of colleagues and of notices: statuses, people on rows, the bell."""

# ruff: noqa: F811  (fixtures of the other file)

import json
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from collaboration.notices import live as notices
from collaboration.notices.models import Notice
from collaboration.presence import attending, table
from collaboration.workspace import consumers
from conversations.threads import commands
from helpdesk.core.live import hub
from permissions.accounts import commands as accounts
from permissions.accounts.models import AgentStatus, Attendance
from tests.collaboration.test_sockets import (  # noqa: F401
    Screen,
    cast,
    in_database,
    sockets,
    thread,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    attending.statuses.clear()
    attending._renewed.clear()
    table._table.clear()


async def status_of(screen: Screen, agent: Any, wanted: str) -> None:
    """Wait until the screen was told that status."""
    while True:
        frame = await screen.frame("status")
        if frame["agents"].get(str(agent.pk)) == wanted:
            return


async def doing(screen: Screen, thread: Any, agent: Any, wanted: str | None) -> None:
    """Wait until the screen was told that the agent does this on the conversation."""
    while True:
        frame = await screen.frame("presence", conversation=str(thread.pk))
        if {one["id"]: one["state"] for one in frame["agents"]}.get(agent.pk) == wanted:
            return


async def test_a_status_reaches_every_colleague(cast, sockets):
    amy = await sockets("amy")
    ben = await sockets("ben")
    await status_of(amy, cast.ben, "online")
    await in_database(accounts.choose_status, agent=cast.ben, status=AgentStatus.BUSY)
    await status_of(amy, cast.ben, "busy")
    await status_of(ben, cast.ben, "busy")


async def test_whoever_comes_is_told_who_is_there(cast, sockets):
    amy = await sockets("amy")
    await status_of(amy, cast.amy, "online")
    ben = await sockets("ben")
    frame = await ben.frame("status", all=True)
    assert frame["agents"] == {str(cast.amy.pk): "online"}


async def test_whose_process_was_killed_is_offline_after_the_grace(cast, sockets, settings):
    settings.AGENT_GRACE = 60
    amy = await sockets("amy")
    # Another process's screens; it renews nothing any more.
    await in_database(attending.attendance.renew, [cast.eve.pk], [])
    await status_of(amy, cast.eve, "online")
    settings.AGENT_GRACE = 0  # the time passes
    await status_of(amy, cast.eve, "offline")


async def test_input_ends_being_away(cast, sockets, settings):
    settings.AGENT_IDLE = 600
    amy = await sockets("amy")
    await status_of(amy, cast.amy, "online")
    await in_database(
        Attendance.objects.filter(agent=cast.amy).update,
        active_at=F("active_at") - timedelta(hours=1),
    )
    await status_of(amy, cast.amy, "away")
    await amy.tell(type="input")
    await status_of(amy, cast.amy, "online")


# --- people on rows --------------------------------------------------------------------------


async def test_a_list_is_told_who_is_on_its_conversations(cast, thread, sockets):
    amy, ben = await sockets("amy"), await sockets("ben")
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await amy.frame("presence")
    await ben.tell(type="rows", conversations=[str(thread.pk)])
    await doing(ben, thread, cast.amy, "viewing")
    await amy.tell(type="typing", conversation=str(thread.pk), mode="note", typing=True)
    await doing(ben, thread, cast.amy, "note")
    await amy.tell(type="unwatch", conversation=str(thread.pk))
    await doing(ben, thread, cast.amy, None)


async def test_an_outsider_is_told_of_nobody(cast, thread, sockets):
    amy, eve = await sockets("amy"), await sockets("eve")
    await eve.tell(type="rows", conversations=[str(thread.pk)])
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await amy.frame("presence")
    await eve.tell(type="head")
    while (frame := json.loads(await eve.receive_from(timeout=10)))["type"] != "head":
        assert frame["type"] != "presence"


async def test_losing_the_right_ends_what_the_list_is_told(cast, thread, sockets):
    amy, ben = await sockets("amy"), await sockets("ben")
    await amy.tell(type="rows", conversations=[str(thread.pk)])
    await ben.tell(type="watch", conversation=str(thread.pk), after=0)
    await doing(amy, thread, cast.ben, "viewing")
    await in_database(accounts.leave_team, actor=None, agent=cast.amy, team=cast.team)
    await amy.frame("access", lists=True)
    assert str(thread.pk) not in consumers._listing


@pytest.mark.parametrize("rows", [[], ["x"], [None, 7, {}], ["0" * 36], [str(uuid.uuid4())] * 1000])
async def test_bad_rows_harm_nothing(cast, thread, sockets, rows):
    amy = await sockets("amy")
    await amy.tell(type="rows", conversations=rows)
    await amy.tell(type="rows", conversations=[str(thread.pk)])
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await doing(amy, thread, cast.amy, "viewing")


async def test_a_closed_socket_leaves_nothing_behind(cast, thread, sockets):
    amy, ben = await sockets("amy"), await sockets("ben")
    await ben.tell(type="rows", conversations=[str(thread.pk)])
    await amy.tell(type="rows", conversations=[str(thread.pk)])
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await doing(ben, thread, cast.amy, "viewing")
    await amy.disconnect()
    await doing(ben, thread, cast.amy, None)
    assert len(consumers._listing[str(thread.pk)]) == 1


async def test_a_screen_that_sleeps_is_believed_no_more_and_comes_back(
    cast, thread, sockets, monkeypatch
):
    amy, ben = await sockets("amy"), await sockets("ben")
    await ben.tell(type="rows", conversations=[str(thread.pk)])
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await doing(ben, thread, cast.amy, "viewing")
    for socket in consumers._sockets():
        if socket.seat.agent_id == cast.amy.pk:
            socket.heard_at = time.monotonic() - consumers.SILENT - 1
    await consumers.believe_no_sleeper()
    await doing(ben, thread, cast.amy, None)
    await amy.tell(type="viewing", conversation=str(thread.pk), visible=True)
    await doing(ben, thread, cast.amy, "viewing")


async def test_a_sign_of_life_does_not_end_the_writing(cast, thread, sockets, monkeypatch):
    monkeypatch.setattr(table, "WRITING", 600.0)
    amy, ben = await sockets("amy"), await sockets("ben")
    await ben.tell(type="rows", conversations=[str(thread.pk)])
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await amy.tell(type="typing", conversation=str(thread.pk), mode="note", typing=True)
    await doing(ben, thread, cast.amy, "note")
    await amy.tell(type="viewing", conversation=str(thread.pk), visible=True)
    await amy.tell(type="head")
    await amy.frame("head", heads={str(thread.pk): 1})
    assert table.people(str(thread.pk))[cast.amy.pk] == "note"


async def test_two_tabs_of_one_agent_are_one_person_doing_the_most_telling_thing(
    cast, thread, sockets
):
    first, second, ben = await sockets("amy"), await sockets("amy"), await sockets("ben")
    await ben.tell(type="rows", conversations=[str(thread.pk)])
    for tab in (first, second):
        await tab.tell(type="watch", conversation=str(thread.pk), after=0)
    await second.tell(type="typing", conversation=str(thread.pk), mode="reply", typing=True)
    await first.tell(type="viewing", conversation=str(thread.pk), visible=False)
    await doing(ben, thread, cast.amy, "reply")
    await second.disconnect()
    await doing(ben, thread, cast.amy, "open")


async def test_a_change_of_another_process_that_was_lost_is_in_its_next_roster(
    cast, thread, sockets
):
    ben, pk = await sockets("ben"), str(thread.pk)
    await ben.tell(type="rows", conversations=[pk])
    for state in ("open", "field", "viewing"):
        there = [["elsewhere", cast.amy.pk, pk, state]]
        table.hear_roster(table.PresenceRoster(process="other", screens=there))
        await doing(ben, thread, cast.amy, state)


async def test_whoever_changes_a_field_of_the_customer_is_seen_to(cast, thread, sockets):
    amy, ben = await sockets("amy"), await sockets("ben")
    await ben.tell(type="rows", conversations=[str(thread.pk)])
    await amy.tell(type="watch", conversation=str(thread.pk), after=0)
    await amy.tell(type="typing", conversation=str(thread.pk), mode="field", typing=True)
    await doing(ben, thread, cast.amy, "field")
    await amy.tell(type="typing", conversation=str(thread.pk), mode="field", typing=False)
    await doing(ben, thread, cast.amy, "viewing")


# --- notices ---------------------------------------------------------------------------------


async def note(cast: Any, body: str) -> None:
    await in_database(
        commands.post_note,
        agent=cast.amy,
        conversation=cast.session.conversation_id,
        body=body,
        client_id=uuid.uuid4(),
    )


async def test_a_mention_pops_up_once_on_every_screen_and_is_counted(cast, thread, sockets):
    ben, other = await sockets("ben"), await sockets("ben")
    for screen in (ben, other):
        assert (await screen.frame("notice"))["unread"] == 0
    await note(cast, "@Ben Okafor, look")
    for screen in (ben, other):
        while not (frame := await screen.frame("notice"))["news"]:
            pass
        assert frame["unread"] == 1
        assert [one["kind"] for one in frame["news"]] == ["mentioned"]
        assert frame["news"][0]["text"] == "@Ben Okafor, look"
    third = await sockets("ben")
    assert (await third.frame("notice")) == {"type": "notice", "unread": 1, "news": []}


async def test_read_on_one_device_is_read_on_all(cast, thread, sockets):
    ben, other = await sockets("ben"), await sockets("ben")
    await note(cast, "@Ben Okafor, look")
    await other.frame("notice", unread=1)
    await ben.tell(type="watch", conversation=str(thread.pk), after=0)
    await other.frame("notice", unread=0)


async def test_nothing_pops_up_of_what_is_before_ones_eyes(cast, thread, sockets):
    ben = await sockets("ben")
    await ben.frame("notice", unread=0)
    await ben.tell(type="watch", conversation=str(thread.pk), after=0)
    await doing(ben, thread, cast.ben, "viewing")
    await note(cast, "@Ben Okafor, look")
    while (frame := json.loads(await ben.receive_from(timeout=10)))["type"] != "entry":
        assert not frame.get("news")
    frame = await ben.frame("notice")
    assert (frame["unread"], frame["news"]) == (0, [])


async def test_who_is_busy_is_counted_but_not_disturbed(cast, thread, sockets):
    ben = await sockets("ben")
    await in_database(accounts.choose_status, agent=cast.ben, status=AgentStatus.BUSY)
    await status_of(ben, cast.ben, "busy")
    await note(cast, "@Ben Okafor, look")
    frame = await ben.frame("notice", unread=1)
    assert frame["news"] == []


async def test_losing_access_takes_the_notice_off_the_badge(cast, thread, sockets):
    amy = await sockets("amy")
    await amy.frame("notice", unread=1)  # it waits for somebody
    await in_database(accounts.leave_team, actor=None, agent=cast.amy, team=cast.team)
    await amy.frame("notice", unread=0)


async def test_notices_come_without_redis(cast, thread, sockets, monkeypatch):
    ben = await sockets("ben")
    await ben.frame("notice", unread=0)
    monkeypatch.setattr(hub._announcer, "put", lambda wire: None)
    await note(cast, "@Ben Okafor, look")
    await ben.frame("notice", unread=1)


async def test_what_another_process_did_is_found_without_redis(cast, thread, sockets, monkeypatch):
    """Another process made a notice, another read it, and nobody told us."""
    monkeypatch.setattr(notices, "LOOK", 0.0)
    ben = await sockets("ben")
    await ben.frame("notice", unread=0)
    monkeypatch.setattr(notices.feeds, "_head_listeners", [])
    await note(cast, "@Ben Okafor, look")
    await in_database(notices.deriving.sweep)
    await ben.frame("notice", unread=1)
    await in_database(Notice.objects.filter(agent=cast.ben).update, read_at=Now())
    await ben.frame("notice", unread=0)
