"""Notices: who is told of what, once, and only what they may see when they read it."""

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from collaboration.notices import commands, deriving, queries
from collaboration.notices.models import Derived, Notice, Swept
from collaboration.notices.tasks import sweep_notices
from conversations.inboxes.models import Inbox
from conversations.intake.commands import begin_session, post_message
from conversations.threads import commands as threads
from conversations.threads.models import Conversation, Entry
from permissions.accounts import commands as accounts
from permissions.accounts.models import Agent, Attendance
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from tests.conftest import Cast, message


@pytest.fixture
def dora(cast: Cast) -> Agent:
    """A colleague of amy's with the same rights."""
    made = accounts.invite_agent(
        actor=None, username="dora", name="Dora Lind", password="x" * 20, teams=[cast.team]
    )
    return Agent.objects.get(pk=made.pk)


def told(agent: Agent) -> list[tuple[str, str, int]]:
    """What the agent's bell shows, oldest first."""
    agent = Agent.objects.get(pk=agent.pk)
    found = queries.page(agent).notices
    return [(one.kind, one.why, one.count) for one in reversed(found) if one.read_at is None]


def note(agent: Agent, thread: Conversation, body: str) -> Entry:
    return threads.post_note(
        agent=agent, conversation=thread.pk, body=body, client_id=uuid.uuid4()
    )[0]


def reply(agent: Agent, thread: Conversation, body: str = "Hello") -> None:
    threads.post_reply(agent=agent, conversation=thread.pk, body=body, client_id=uuid.uuid4())


# --- who is told of what --------------------------------------------------------------------


def test_a_new_conversation_is_told_to_those_whose_inbox_it_is(cast, thread, dora):
    deriving.sweep()
    assert told(cast.amy) == told(dora) == [("unassigned", "inbox", 1)]
    assert told(cast.ben) == []  # may look, but is in no team of the inbox
    assert told(cast.eve) == []


def test_once_somebody_has_it_nobody_else_need_look(cast, thread, dora):
    deriving.sweep()
    threads.claim(agent=cast.amy, conversation=thread.pk)
    deriving.sweep()
    assert told(cast.amy) == told(dora) == []


def test_messages_of_one_conversation_are_one_notice_with_their_number(cast, thread, dora):
    threads.claim(agent=cast.amy, conversation=thread.pk)
    threads.join(agent=dora, conversation=thread.pk)
    for number in range(3):
        cast.says(f"Message {number}")
    deriving.sweep()
    cast.says("And another")
    deriving.sweep()
    assert told(cast.amy) == [("message", "owner", 4)]
    assert told(dora) == [("message", "participant", 4)]
    commands.read_conversation(agent_id=dora.pk, conversation=thread.pk)
    cast.says("After reading")
    deriving.sweep()
    assert told(dora) == [("message", "participant", 1)]
    assert told(cast.amy) == [("message", "owner", 5)]


def test_a_mention_is_not_replaced_by_what_comes_later(cast, thread, dora):
    threads.claim(agent=dora, conversation=thread.pk)
    note(cast.amy, thread, "@Dora Lind please look")
    for number in range(5):
        cast.says(str(number))
    deriving.sweep()
    assert ("mentioned", "name", 1) in told(dora)


def test_nobody_is_told_of_what_they_did_themselves(cast, thread, dora):
    deriving.sweep()
    commands.read_all(agent=cast.amy, upto=2**62)
    note(cast.amy, thread, "@Amy Ito and @Service remember this")
    threads.assign(agent=cast.amy, conversation=thread.pk, to=cast.amy)
    reply(cast.amy, thread)
    deriving.sweep()
    assert told(cast.amy) == []
    assert ("mentioned", "team", 1) in told(dora)


def test_acts_are_told_to_whom_they_concern(cast, thread, dora):
    threads.assign(agent=cast.amy, conversation=thread.pk, to=dora)
    deriving.sweep()
    assert told(dora) == [("assigned", "owner", 1)]
    commands.read_all(agent=dora, upto=2**62)
    threads.transfer(agent=dora, conversation=thread.pk, to=cast.amy)
    deriving.sweep()
    assert told(cast.amy) == [("transferred", "owner", 1)]
    commands.read_all(agent=cast.amy, upto=2**62)
    threads.transfer(agent=cast.amy, conversation=thread.pk, to=cast.team)
    deriving.sweep()
    assert told(dora) == [("transferred", "team", 1)]
    assert told(cast.amy) == []


def test_an_invitation_is_told(cast, thread, dora):
    threads.claim(agent=cast.amy, conversation=thread.pk)
    threads.invite(agent=cast.amy, conversation=thread.pk, who=dora)
    deriving.sweep()
    assert told(dora) == [("invited", "name", 1)]


def test_a_snooze_that_ends_is_told_to_whoever_is_responsible(cast, thread):
    threads.claim(agent=cast.amy, conversation=thread.pk)
    threads.snooze(agent=cast.amy, conversation=thread.pk, until=now() + timedelta(hours=1))
    Conversation.objects.filter(pk=thread.pk).update(snoozed_until=now() - timedelta(seconds=1))
    threads.wake_due()
    deriving.sweep()
    assert told(cast.amy) == [("woke", "owner", 1)]


def test_resolving_settles_what_was_waiting(cast, thread, dora):
    threads.claim(agent=cast.amy, conversation=thread.pk)
    threads.join(agent=dora, conversation=thread.pk)
    cast.says("More")
    note(cast.amy, thread, "@Dora Lind what do you think?")
    deriving.sweep()
    threads.resolve(agent=cast.amy, conversation=thread.pk)
    deriving.sweep()
    assert told(dora) == [("mentioned", "name", 1)]
    assert told(cast.amy) == []


def test_what_was_read_already_is_no_news(cast, thread):
    threads.claim(agent=cast.amy, conversation=thread.pk)
    cast.says("Read at once")
    threads.mark_read(agent=cast.amy, conversation=thread.pk, seq=cast.thread.last_seq)
    deriving.sweep()
    assert told(cast.amy) == []


def test_history_is_no_news(cast, thread):
    long_ago = now() - timedelta(days=3)
    Entry.objects.filter(conversation=thread).update(at=long_ago)
    deriving.derive([thread.pk])
    assert told(cast.amy) == []
    cast.says("But this is")
    deriving.derive([thread.pk])
    assert Notice.objects.count() == 0  # nobody works on it, and it is not new
    threads.claim(agent=cast.amy, conversation=thread.pk)
    cast.says("And this is for amy")
    deriving.derive([thread.pk])
    assert told(cast.amy) == [("message", "owner", 1)]


# --- once, and never lost -------------------------------------------------------------------


def test_deriving_twice_makes_nothing_twice(cast, thread, dora):
    threads.claim(agent=cast.amy, conversation=thread.pk)
    note(cast.amy, thread, "@Dora Lind")
    for _ in range(3):
        deriving.derive([thread.pk])
        deriving.sweep()
        sweep_notices()
    assert told(dora) == [("mentioned", "name", 1)]


def test_replies_concern_nobody_and_wait_for_what_does(cast, thread, dora):
    reply(cast.amy, thread)
    deriving.sweep()
    place = Derived.objects.get(conversation=thread)
    reply(cast.amy, thread)
    assert deriving.derive([str(thread.pk)]) == set()
    assert Derived.objects.get(conversation=thread).seq == place.seq
    cast.says("Thank you")
    assert deriving.derive([str(thread.pk)]) == {cast.amy.pk}
    assert Derived.objects.get(conversation=thread).seq == place.seq + 2


def test_a_crash_in_the_middle_loses_nothing_and_doubles_nothing(cast, thread, dora, monkeypatch):
    threads.claim(agent=cast.amy, conversation=thread.pk)
    threads.join(agent=dora, conversation=thread.pk)
    cast.says("One")
    note(cast.amy, thread, "@Dora Lind")
    cast.says("Two")
    take, calls = deriving.Deriving.take, []

    def dies(self: deriving.Deriving, entry: Entry) -> set[int]:
        calls.append(entry.seq)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return take(self, entry)

    monkeypatch.setattr(deriving.Deriving, "take", dies)
    with pytest.raises(KeyboardInterrupt):
        deriving.sweep()
    assert Notice.objects.count() == 0
    assert not Swept.objects.exists()
    monkeypatch.undo()
    deriving.sweep()
    assert told(dora) == [("mentioned", "name", 1), ("message", "participant", 2)]
    assert Derived.objects.get(conversation=thread).seq == cast.thread.last_seq


def test_one_conversation_that_fails_does_not_keep_the_others(cast, thread, dora, monkeypatch):
    session, _token = begin_session(inbox=cast.inbox, name="Kim")
    note(cast.amy, thread, "@Dora Lind")
    post_message(session=session, body="Hello", client_id=uuid.uuid4())
    take = deriving.Deriving.take

    def fails(self: deriving.Deriving, entry: Entry) -> set[int]:
        if self.conversation.pk == thread.pk:
            raise ValueError("a fact nobody thought of")
        return take(self, entry)

    monkeypatch.setattr(deriving.Deriving, "take", fails)
    deriving.sweep()
    assert told(dora) == [("unassigned", "inbox", 1)]
    monkeypatch.undo()
    deriving.sweep()
    assert ("mentioned", "name", 1) in told(dora)


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_make_each_notice_once(cast, thread, dora):
    threads.claim(agent=cast.amy, conversation=thread.pk)
    threads.join(agent=dora, conversation=thread.pk)
    for number in range(5):
        cast.says(str(number))
        note(cast.amy, thread, "@Dora Lind")
    gate = threading.Barrier(4)

    def process() -> None:
        try:
            gate.wait(10)
            deriving.derive([thread.pk])
            deriving.sweep()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(process) for _ in range(4)]:
            done.result(30)
    counts = Counter(told(dora))
    assert counts[("message", "participant", 5)] == 1
    assert counts[("mentioned", "name", 1)] == 5


def test_what_was_read_stays_read_when_it_is_derived_again(cast, thread, dora):
    note(cast.amy, thread, "@Dora Lind")
    deriving.sweep()
    commands.read_all(agent=dora, upto=2**62)
    Swept.objects.all().delete()
    deriving.sweep()
    assert told(dora) == []


# --- what one may see -----------------------------------------------------------------------


def test_a_mention_of_somebody_outside_tells_the_author_and_nobody_else(cast, thread, signed_in):
    answer = signed_in("amy").send(
        f"/workspace/conversations/{thread.pk}/notes/", message("@Eve Outside is this yours?")
    )
    assert answer.json()["event"]["mentions"] == [
        {"kind": "agent", "id": cast.eve.pk, "text": "@Eve Outside", "heard": False}
    ]
    deriving.sweep()
    assert told(cast.eve) == []
    page = signed_in("amy").get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert "Eve Outside may not see this conversation" in page


def test_losing_access_before_reading_leaves_nothing_to_read(cast, thread, dora, signed_in):
    cast.dora = dora
    note(cast.amy, thread, "@Dora Lind secret")
    deriving.sweep()
    assert queries.unread_count(dora) == 2  # and that it waits for somebody
    accounts.leave_team(actor=None, agent=dora, team=cast.team)
    lost = Agent.objects.get(pk=dora.pk)
    assert queries.unread_count(lost) == 0
    answer = signed_in("dora").read("/workspace/notices/")
    assert answer.json() == {"notices": [], "unread": 0, "next": None}
    accounts.join_team(actor=None, agent=lost, team=cast.team)
    assert queries.unread_count(Agent.objects.get(pk=dora.pk)) == 2


def test_losing_access_before_it_is_made_makes_nothing(cast, thread, dora):
    note(cast.amy, thread, "@Dora Lind secret")
    accounts.leave_team(actor=None, agent=dora, team=cast.team)
    deriving.sweep()
    assert Notice.objects.filter(agent=dora).count() == 0


def test_one_reads_only_ones_own(cast, thread, dora, signed_in):
    deriving.sweep()
    of_dora = Notice.objects.get(agent=dora)
    client = signed_in("amy")
    assert client.send(f"/workspace/notices/{of_dora.pk}/read/").json() == {"unread": 1}
    assert told(dora) == [("unassigned", "inbox", 1)]
    assert client.send("/workspace/notices/read-all/", {"upto": of_dora.pk}).json()["unread"] <= 1
    assert told(dora) == [("unassigned", "inbox", 1)]


def test_reading_all_leaves_what_came_after_it_was_shown(cast, thread, dora, signed_in):
    cast.dora = dora
    note(cast.amy, thread, "@Dora Lind one")
    deriving.sweep()
    client = signed_in("dora")
    shown = max(one["id"] for one in client.read("/workspace/notices/").json()["notices"])
    note(cast.amy, thread, "@Dora Lind two")
    deriving.sweep()
    assert client.send("/workspace/notices/read-all/", {"upto": shown}).json() == {"unread": 1}


@pytest.mark.parametrize("upto", ["x", -1, [], 2**70, "١x"])
def test_a_wrong_number_is_refused(cast, signed_in, upto):
    answer = signed_in("amy").send("/workspace/notices/read-all/", {"upto": upto})
    assert answer.status_code == 422


@pytest.mark.parametrize("cursor", ["x", "%00", "MjAyNi0x", "a" * 5000, "🙂"])
def test_a_wrong_cursor_is_refused(cast, signed_in, cursor):
    answer = signed_in("amy").read("/workspace/notices/", data={"cursor": cursor})
    assert answer.status_code == 422


# --- pages ------------------------------------------------------------------------------------


def many(cast: Cast, number: int) -> None:
    thread = cast.thread
    Notice.objects.bulk_create(
        Notice(
            agent=cast.amy,
            conversation=thread,
            kind="mentioned",
            why="name",
            entry_seq=seq,
            by_name="Ben",
            at=thread.created_at,
        )
        for seq in range(1, number + 1)
    )


def test_pages_hold_every_notice_once(cast, thread, signed_in):
    many(cast, 75)
    client, seen, cursor = signed_in("amy"), [], ""
    while True:
        page = client.read("/workspace/notices/", data={"cursor": cursor}).json()
        seen += [one["id"] for one in page["notices"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 75
    assert seen == sorted(seen, reverse=True)


def test_a_page_costs_the_same_however_many_there_are(cast, thread, signed_in):
    client = signed_in("amy")
    client.read("/workspace/notices/")  # rights are kept from now on
    costs = []
    for number in (1, 60):
        Notice.objects.all().delete()
        many(cast, number)
        with CaptureQueriesContext(connection) as asked:
            client.read("/workspace/notices/")
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 7


def test_the_panel_says_why_and_escapes_names(cast, thread, dora, signed_in):
    cast.dora = dora
    Agent.objects.filter(pk=cast.amy.pk).update(name="<b>Amy</b>")
    note(Agent.objects.get(pk=cast.amy.pk), thread, "@Dora Lind <script>alert(1)</script>")
    deriving.sweep()
    panel = signed_in("dora").get("/workspace/notices/", headers={"hx-request": "true"})
    html = panel.content.decode()
    assert "You were named" in html
    assert "&lt;b&gt;Amy&lt;/b&gt; mentioned you" in html
    assert "<script>" not in html


# --- settings ---------------------------------------------------------------------------------


def choose(client, **chosen):
    return client.post("/settings/notices/", chosen)


def test_who_wants_nothing_of_a_kind_gets_nothing_of_it(cast, thread, dora, signed_in):
    cast.dora = dora
    answer = choose(signed_in("dora"), mentioned=["app", "sound"], quiet_busy="on")
    assert answer.status_code == 302
    note(cast.amy, thread, "@Dora Lind")
    deriving.sweep()
    assert told(dora) == [("mentioned", "name", 1)]
    page = signed_in("dora").get("/settings/notices/").content.decode()
    assert page.count(" checked") == 3


def test_an_unknown_channel_is_refused(cast, signed_in):
    assert choose(signed_in("amy"), mentioned=["pigeon"]).status_code == 422


# --- mentions -----------------------------------------------------------------------------------


@pytest.fixture
def names(cast: Cast) -> dict[str, int]:
    made = {}
    for username, name in (
        ("lx", "林晓"),
        ("lxm", "林晓明"),
        ("ann", "Ann"),
        ("anna", "Anna Bell"),
    ):
        agent = accounts.invite_agent(
            actor=None, username=username, name=name, password="x" * 20, teams=[cast.team]
        )
        made[agent.pk] = name
    return made


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ("@林晓 看一下", ["林晓"]),
        ("请@林晓明看一下", ["林晓明"]),
        ("请@林晓看一下", ["林晓"]),
        ("＠林晓", ["林晓"]),
        ("@Ann, please", ["Ann"]),
        ("@ann", ["Ann"]),
        ("@Annabel", []),
        ("@Anna Bell!", ["Anna Bell"]),
        ("@anna", ["Anna Bell"]),
        ("write to ann@anna.example", []),
        ("@@Ann", ["Ann"]),
        ("@Ann @Ann @林晓", ["Ann", "林晓"]),
        ("@nobody", []),
        ("@", []),
        ("no sign at all", []),
    ],
)
def test_names_are_found_as_people_write_them(cast, thread, names, body, meant):
    entry = note(cast.amy, thread, body)
    found = [names[one["id"]] for one in entry.event.get("mentions", [])]
    assert found == meant


def test_a_team_is_mentioned_by_its_name(cast, thread, dora):
    entry = note(cast.amy, thread, "@Service who knows this?")
    assert [(one["kind"], one["heard"]) for one in entry.event["mentions"]] == [("team", True)]
    other = note(cast.amy, thread, "@Warehouse?")
    assert [one["heard"] for one in other.event["mentions"]] == [False]


def test_a_chip_is_drawn_and_a_rename_does_not_break_it(cast, thread, dora, signed_in):
    note(cast.amy, thread, "**@Dora Lind** and `@Dora Lind` <b>@Dora Lind</b>")
    Agent.objects.filter(pk=dora.pk).update(name="Dora Berg")
    page = signed_in("amy").get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert page.count(f'<span class="mention" data-agent="{dora.pk}">@Dora Lind</span>') == 2
    assert "<code>@Dora Lind</code>" in page
    deriving.sweep()
    assert ("mentioned", "name", 1) in told(dora)


def test_a_customers_words_mention_nobody(cast, thread, dora):
    cast.says("@Dora Lind are you there?")
    threads.post_reply(
        agent=cast.amy, conversation=thread.pk, body="@Dora Lind is", client_id=uuid.uuid4()
    )
    assert not Entry.objects.filter(event__has_key="mentions").exists()


def test_only_those_who_may_see_are_offered(cast, thread, dora, signed_in):
    url = f"/workspace/conversations/{thread.pk}/mentionable/"
    offered = signed_in("amy").read(url).json()["people"]
    assert {one["name"] for one in offered} == {"Ben Okafor", "Dora Lind", "Service"}
    assert [one["name"] for one in signed_in("amy").read(url + "?q=dO").json()["people"]] == [
        "Dora Lind"
    ]
    Attendance.objects.create(agent=dora, last_seen_at=now(), active_at=now())
    offered = signed_in("amy").read(url).json()["people"]
    assert [one["name"] for one in offered] == ["Dora Lind", "Service", "Ben Okafor"]
    assert signed_in("amy").read(url + "?q=%00%25").json() == {"people": []}
    assert signed_in("eve").read(url).status_code == 404


def test_rights_given_to_one_agent_count_as_well(cast, thread):
    inbox = Inbox.objects.get(pk=cast.inbox.pk)
    give([Act.VIEW], cast.eve, inbox)
    Agent.objects.filter(pk=cast.eve.pk).update(authz_version=9)
    note(cast.amy, thread, "@Eve Outside now you can")
    deriving.sweep()
    assert told(cast.eve) == [("mentioned", "name", 1)]
