"""Setting a conversation aside."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.threads import commands
from conversations.threads.models import Conversation
from helpdesk.core.refusals import Invalid, NotAllowed, NotFound
from permissions.audit.models import AuditRecord
from tests.conftest import Cast


def later(hours: float = 4) -> dict[str, object]:
    return {"until": timezone.now() + timedelta(hours=hours)}


def test_it_is_out_of_the_way_until_a_time(cast: Cast, thread: Conversation) -> None:
    when = later()
    for _again in range(2):
        found = commands.snooze(agent=cast.amy, conversation=thread.pk, **when)
    assert (found.status, found.snoozed_until) == ("snoozed", when["until"])
    event = found.entries.get(kind="event")
    assert (event.event["type"], event.audience) == ("snoozed", "team")
    record = AuditRecord.objects.get(verb="conversation.snooze")
    assert record.detail["before"] == "open"


def test_the_customer_brings_it_back(cast: Cast, thread: Conversation) -> None:
    commands.snooze(agent=cast.amy, conversation=thread.pk, **later())
    cast.says("One more thing")
    assert (cast.thread.status, cast.thread.snoozed_until) == ("open", None)


def test_a_reply_ends_it(cast: Cast, thread: Conversation) -> None:
    commands.snooze(agent=cast.amy, conversation=thread.pk, **later())
    commands.post_reply(
        agent=cast.amy, conversation=thread.pk, body="Here it is", client_id=uuid.uuid4()
    )
    assert (cast.thread.status, cast.thread.snoozed_until) == ("pending", None)


def test_a_resolved_one_is_reopened_by_it(cast: Cast, thread: Conversation) -> None:
    commands.resolve(agent=cast.amy, conversation=thread.pk)
    commands.snooze(agent=cast.amy, conversation=thread.pk, **later())
    assert (cast.thread.status, cast.thread.resolved_at) == ("snoozed", None)


@pytest.mark.parametrize(("who", "refusal"), [("ben", NotAllowed), ("eve", NotFound)])
def test_who_may(cast: Cast, thread: Conversation, who: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        commands.snooze(agent=getattr(cast, who), conversation=thread.pk, **later())


def test_not_into_the_past(cast: Cast, thread: Conversation) -> None:
    with pytest.raises(Invalid):
        commands.snooze(agent=cast.amy, conversation=thread.pk, **later(-1))


def test_it_wakes_when_its_time_has_come(cast: Cast, thread: Conversation) -> None:
    commands.snooze(agent=cast.amy, conversation=thread.pk, **later())
    assert commands.wake_due() == 0
    Conversation.objects.update(snoozed_until=timezone.now() - timedelta(seconds=1))
    assert [commands.wake_due(), commands.wake_due()] == [1, 0]
    now = cast.thread
    assert (now.status, now.snoozed_until) == ("open", None)
    assert thread.entries.get(seq=now.last_seq).event == {"type": "woke"}
