"""Claim, assign, join, leave, resolve, reopen: each a numbered event, each refused in words."""

import pytest

from conversations.threads import commands
from helpdesk.core.refusals import Conflict, NotAllowed
from permissions.audit.models import AuditRecord
from tests.conftest import act


def events(thread):
    return list(
        thread.entries.filter(kind="event").order_by("seq").values_list("event__type", flat=True)
    )


def test_claiming_makes_one_responsible_and_a_participant(cast, thread):
    commands.claim(agent=cast.amy, conversation=thread.pk)
    commands.claim(agent=cast.amy, conversation=thread.pk)
    assert cast.thread.assignee == cast.amy
    assert [p.agent for p in thread.participants.all()] == [cast.amy]
    assert events(thread) == ["claimed"]


def test_who_comes_second_learns_who_was_first(cast, thread, signed_in):
    from permissions.accounts.commands import join_team

    join_team(actor=None, agent=cast.ben, team=cast.team)
    cast.ben.refresh_from_db()
    commands.claim(agent=cast.ben, conversation=thread.pk)
    answer = signed_in("amy").send(act(thread, "claim"))
    assert answer.status_code == 409
    assert "Ben Okafor" in answer.json()["detail"]


def test_assigning_asks_for_the_owner_that_was_seen(cast, thread):
    commands.claim(agent=cast.amy, conversation=thread.pk)
    with pytest.raises(Conflict):
        commands.assign(agent=cast.amy, conversation=thread.pk, to=None, instead_of=None)
    commands.assign(agent=cast.amy, conversation=thread.pk, to=None, instead_of=cast.amy.pk)
    assert cast.thread.assignee is None


def test_nobody_is_made_responsible_who_may_not_answer(cast, thread):
    for colleague in (cast.ben, cast.eve):
        with pytest.raises(NotAllowed):
            commands.assign(agent=cast.amy, conversation=thread.pk, to=colleague)
    assert cast.thread.assignee is None


def test_joining_and_leaving_are_told_once(cast, thread):
    for command in (commands.join, commands.join, commands.leave, commands.leave, commands.join):
        command(agent=cast.amy, conversation=thread.pk)
    assert events(thread) == ["joined", "left", "joined"]


def test_the_responsible_one_does_not_just_leave(cast, thread):
    commands.claim(agent=cast.amy, conversation=thread.pk)
    with pytest.raises(Conflict):
        commands.leave(agent=cast.amy, conversation=thread.pk)


def test_resolving_twice_is_resolving_once(cast, thread):
    for _ in range(2):
        commands.resolve(agent=cast.amy, conversation=thread.pk)
    assert events(thread) == ["resolved"]
    assert cast.thread.resolved_at is not None
    for _ in range(2):
        commands.reopen(agent=cast.amy, conversation=thread.pk)
    assert events(thread) == ["resolved", "reopened"]
    assert (cast.thread.status, cast.thread.resolved_at) == ("open", None)


@pytest.mark.parametrize("name", ["join", "claim", "resolve", "reopen", "leave"])
@pytest.mark.parametrize(("who", "status"), [("amy", 200), ("eve", 404)])
def test_acts_over_http(signed_in, thread, name, who, status):
    assert signed_in(who).send(act(thread, name)).status_code == status


def test_assignment_over_http(cast, thread, signed_in):
    amy = signed_in("amy")
    answer = amy.send(act(thread, "assign"), {"to": cast.amy.pk, "instead_of": None})
    assert answer.json()["assignee"] == {"id": cast.amy.pk, "name": "Amy Ito"}
    for bad in (
        {"to": 10**12},
        {"to": "x"},
        {"to": -1},
        {"to": [1]},
        {"to": None, "instead_of": []},
    ):
        assert amy.send(act(thread, "assign"), bad).status_code == 422


def test_every_act_leaves_a_record_of_who_did_it(cast, thread):
    commands.claim(agent=cast.amy, conversation=thread.pk)
    commands.resolve(agent=cast.amy, conversation=thread.pk)
    record = AuditRecord.objects.filter(verb="conversation.resolve").get()
    assert (record.actor_kind, record.actor_id, record.actor_name) == (
        *("agent", str(cast.amy.pk), "Amy Ito"),
    )
    assert (record.object_kind, record.object_id) == ("conversation", str(thread.pk))


def test_a_refused_act_leaves_the_record_of_the_refusal_alone(cast, thread):
    before, last = thread.entries.count(), AuditRecord.objects.latest("pk").pk
    with pytest.raises(NotAllowed):
        commands.resolve(agent=cast.ben, conversation=thread.pk)
    record = AuditRecord.objects.get(pk__gt=last)
    assert (record.verb, record.detail) == ("act.refused", {"act": "conversation.resolve"})
    assert (cast.thread.status, thread.entries.count()) == ("open", before)


def test_the_record_never_holds_what_people_wrote(cast, thread):
    cast.says("my secret number is 4711")
    assert "4711" not in str(list(AuditRecord.objects.values()))
