"""The report "Working together": what it counts, who sees it, and that it stays cheap."""

import csv
import io
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from collaboration.reports.queries import working_together
from collaboration.reports.scope import read_scope
from collaboration.suggestions.commands import decline_suggestion, suggest, use_suggestion
from conversations.collisions.models import Collision
from conversations.threads.commands import edit_reply, post_note, post_reply
from conversations.threads.guard import Held
from conversations.threads.models import Conversation, Entry
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from tests.collaboration.test_shared_draft_sent import Hand, ben, sending  # noqa: F401
from tests.conftest import Browser, Cast, act
from tests.permissions.conftest import raise_versions

PAGE = "/reports/working-together/"


def fresh(agent: Agent) -> Agent:
    return Agent.objects.get(pk=agent.pk)


@pytest.fixture
def lead(cast: Cast) -> Agent:
    """Amy may see reports on the shop."""
    give([Act.REPORT], cast.amy, cast.inbox)
    raise_versions()
    return fresh(cast.amy)


def reply(agent: Agent, thread: Conversation, body: str, **how: Any) -> Entry:
    return post_reply(
        agent=agent, conversation=thread.pk, body=body, client_id=uuid.uuid4(), **how
    )[0]


def held(agent: Agent, thread: Conversation, body: str, seen: int) -> None:
    with pytest.raises(Held):
        reply(agent, thread, body, seen=seen)


def figures(agent: Agent, **asked: str) -> Any:
    return working_together(read_scope(agent, asked)).total


def test_a_held_reply_is_counted_once_with_what_became_of_it(cast: Cast, lead: Agent) -> None:
    cast.says("Where is my order?")
    cast.says("It was ordered on Monday.")
    seen = cast.thread.last_seq - 1
    held(lead, cast.thread, "Which one?", seen)
    held(lead, cast.thread, "Which one?", seen)  # pressed again before anything else came
    assert Collision.objects.get().cause == "message"
    assert (figures(lead).left, figures(lead).collisions) == (1, 1)

    sent = reply(lead, cast.thread, "Which one?", anyway=True)
    assert (figures(lead).unchanged, figures(lead).left) == (1, 0)
    edit_reply(agent=lead, conversation=cast.thread.pk, seq=sent.seq, body="Which?", was=0)
    assert figures(lead).unchanged == 1, "what it said when it was sent counts"

    cast.says("The blue one.")
    held(lead, cast.thread, "Hello?", seen=sent.seq)
    reply(lead, cast.thread, "It is on its way.", seen=cast.thread.last_seq)
    assert (figures(lead).changed, figures(lead).collisions, figures(lead).replies) == (1, 2, 2)


def test_what_weighs_most_of_what_came_is_the_cause(
    cast: Cast,
    ben: Agent,  # noqa: F811
    lead: Agent,
) -> None:
    cast.says("Where is my order?")
    seen = cast.thread.last_seq
    reply(fresh(ben), cast.thread, "On its way.")
    post_note(agent=fresh(ben), conversation=cast.thread.pk, body="Done", client_id=uuid.uuid4())
    held(lead, cast.thread, "Which one?", seen)
    assert Collision.objects.get().cause == "reply"
    report = working_together(read_scope(lead, {"by": "inbox"}))
    assert report.causes == {"reply": 1}
    assert [key for key, _tally in report.rows] == [cast.inbox.pk]


def test_a_reply_of_several_hands_and_the_colleague_who_was_second(
    cast: Cast,
    thread: Conversation,
    ben: Agent,  # noqa: F811
    lead: Agent,
    signed_in: Any,
) -> None:
    Hand(cast.amy, thread).types("您好 Lin, ")
    Hand(ben, thread).types("it is on its way.")
    assert signed_in("amy").send(act(thread, "draft/send"), sending()).status_code == 201
    for _press in range(2):
        assert signed_in("ben").send(act(thread, "draft/send"), sending()).status_code == 409
    assert signed_in("amy").send(act(thread, "draft/send"), sending()).status_code == 409
    total = figures(fresh(lead))
    assert (total.replies, total.together, total.alone, total.at_once) == (1, 1, 0, 1)


def test_suggestions_count_by_what_was_done_with_them(cast: Cast, lead: Agent) -> None:
    cast.says("Where is my order?")
    thread = cast.thread.pk
    for settle in (use_suggestion, decline_suggestion, decline_suggestion):
        one, _made = suggest(agent=lead, conversation=thread, text="Hm", client_id=uuid.uuid4())
        settle(agent=lead, conversation=thread, suggestion=one.pk)
    suggest(agent=lead, conversation=thread, text="Open", client_id=uuid.uuid4())
    total = figures(lead)
    assert (total.used, total.declined) == (1, 2)
    by_team = working_together(read_scope(lead, {"by": "team"}))
    assert [(key, tally.used) for key, tally in by_team.rows] == [(cast.team.pk, 1)]


def test_who_sees_what(client: Browser, cast: Cast, lead: Agent) -> None:
    cast.says("Where is my order?")
    reply(lead, cast.thread, "On its way.")
    client.force_login(cast.eve)
    assert client.get(PAGE).status_code == 403
    client.force_login(lead)
    assert client.get(PAGE).status_code == 200
    assert client.get(f"{PAGE}?inbox={cast.other_inbox.pk}").status_code == 404
    assert client.get(f"{PAGE}?days=x&by=%00&inbox=-1&team=999999999999").status_code in (404, 422)
    give([Act.VIEW, Act.REPORT], cast.eve, cast.other_inbox)
    raise_versions()
    assert figures(fresh(cast.eve)).replies == 0
    assert figures(fresh(lead)).replies == 1


def test_the_number_of_queries_does_not_grow(client: Browser, cast: Cast, lead: Agent) -> None:
    client.force_login(lead)

    def asked_for(query: str) -> int:
        client.get(f"{PAGE}?{query}")  # warm
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{PAGE}?{query}")
        return len(captured)

    few = asked_for("days=7")
    for number in range(5):
        cast.says(f"Message {number}")
        held(lead, cast.thread, "Hello?", cast.thread.last_seq - 1)
        reply(lead, cast.thread, f"Answer {number}", anyway=True)
    assert asked_for("days=90") == few
    assert asked_for("days=90&by=team") == few + 4


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "＝HYPERLINK(1)"])
def test_the_file_is_recorded_and_harmless(
    client: Browser, cast: Cast, lead: Agent, name: str
) -> None:
    type(cast.inbox).objects.filter(pk=cast.inbox.pk).update(name=name)
    cast.says("Where is my order?")
    reply(lead, cast.thread, "On its way.")
    client.force_login(lead)
    answer = client.post(f"{PAGE}export/", {"by": "inbox", "days": "7"})
    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row[0], row[1]) == (f"'{name}", "1")
    assert len(head) == len(row)
    record = AuditRecord.objects.filter(verb="report.export").get()
    assert record.detail["inboxes"] == [cast.inbox.pk]
