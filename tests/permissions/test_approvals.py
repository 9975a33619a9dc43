"""Somebody asks, somebody else answers: once, of what is still so, by who may."""

import threading
import uuid

import pytest
from django.db import IntegrityError, connection, connections, transaction

from conversations.threads import commands as threads
from conversations.threads.commands.approvals import tell_of_approval
from conversations.threads.models import Entry
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from permissions.accounts.commands import leave_team
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.approvals import commands, queries
from permissions.approvals.gate import ApprovalNeeded
from permissions.approvals.models import Approval, State, Why
from permissions.approvals.rules import ApprovalRules, needed
from permissions.audit.models import AuditRecord
from permissions.policies.models import Policy
from permissions.roles.presets import install_roles
from tests.conftest import Cast
from tests.permissions.conftest import fresh, raise_versions, set_rules

pytestmark = pytest.mark.django_db


def proposal(office: Cast, body: str = "It is on its way.", **extra) -> dict:
    return {
        "conversation": str(office.thread.pk),
        "agent": office.amy.pk,
        "body": body,
        "client_id": str(uuid.uuid4()),
        "files": [],
        "seen": None,
        **extra,
    }


def ask(office: Cast, body: str = "It is on its way.", **extra) -> Approval:
    return commands.ask_for_approval(
        agent=office.amy,
        operation="reply.send",
        proposal=proposal(office, body),
        client_id=uuid.uuid4(),
        **extra,
    )


def replies(office: Cast) -> list[str]:
    found = office.thread.entries.filter(kind=Entry.Kind.REPLY)
    return list(found.order_by("seq").values_list("body", flat=True))


def verbs() -> list[str]:
    found = AuditRecord.objects.filter(verb__startswith="approval.").order_by("pk")
    return list(found.values_list("verb", flat=True))


def expire(approval: Approval) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE permissions_approval SET asked_at = asked_at - interval '1 day', "
            "expires_at = clock_timestamp() - interval '1 second' WHERE id = %s",
            [approval.pk],
        )


# --- the rule ------------------------------------------------------------------------------


def test_a_trainees_reply_needs_an_approval_and_a_colleagues_does_not(office):
    with pytest.raises(ApprovalNeeded):
        threads.post_reply(
            agent=office.amy, conversation=office.thread.pk, body="hi", client_id=uuid.uuid4()
        )
    assert replies(office) == []
    give([Act.REPLY, Act.JOIN], office.zoe, office.inbox)
    raise_versions()
    threads.post_reply(
        agent=fresh(office.zoe), conversation=office.thread.pk, body="hi", client_id=uuid.uuid4()
    )
    assert replies(office) == ["hi"]


@pytest.mark.parametrize(
    ("rule", "tags", "issue_type", "wanted"),
    [
        ({}, [], "", True),
        ({"role": "trainee"}, [], "", True),
        ({"role": "agent"}, [], "", False),
        ({"tag": "VIP"}, ["VIP", "new"], "", True),
        ({"tag": "VIP"}, ["new"], "", False),
        ({"issue_type": "Refund"}, [], "Refund", True),
        ({"issue_type": "Refund"}, [], "", False),
        ({"tag": "VIP", "issue_type": "Refund"}, ["VIP"], "", False),
    ],
)
def test_a_rule_fits_by_role_tag_and_issue_type(office, rule, tags, issue_type, wanted):
    set_rules({"operation": "reply.send", **rule})
    found = needed("reply.send", agent=office.amy, tags=tags, issue_type=issue_type)
    assert (found is not None) is wanted
    assert needed("message.recall", agent=office.amy, tags=tags, issue_type=issue_type) is None


def test_the_first_rule_that_fits_counts_and_a_strange_line_is_left_out(office):
    set_rules(
        {"operation": "reply.send", "tag": "VIP", "minutes": 5},
        {"operation": "reply.send", "minutes": 9, "from_the_future": True},
        {"nonsense": 1},
    )
    assert needed("reply.send", agent=office.amy, tags=["VIP"]).minutes == 5
    assert needed("reply.send", agent=office.amy).minutes == 9
    assert len(Policy.objects.get(name="approvals").value["rules"]) == 3
    assert ApprovalRules(rules=({"operation": "x"},)).lines()[0].by == ()


def test_an_operation_without_rules_costs_one_statement(office, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert needed("message.recall", agent=office.amy) is None


# --- asking --------------------------------------------------------------------------------


def test_asking_twice_is_one_request(office):
    first, once = ask(office), uuid.uuid4()
    again = commands.ask_for_approval(
        agent=office.amy, operation="reply.send", proposal=first.proposal, client_id=once
    )
    assert again.pk == first.pk
    with pytest.raises(Conflict):
        commands.ask_for_approval(
            agent=office.amy,
            operation="reply.send",
            proposal=proposal(office, "another"),
            client_id=first.client_id,
        )
    assert verbs() == ["approval.ask"]


def test_who_may_not_do_it_may_not_ask_for_it(office):
    with pytest.raises(NotAllowed):
        commands.ask_for_approval(
            agent=office.ben,
            operation="reply.send",
            proposal=proposal(office),
            client_id=uuid.uuid4(),
        )
    with pytest.raises(NotFound):
        commands.ask_for_approval(
            agent=office.eve,
            operation="reply.send",
            proposal=proposal(office),
            client_id=uuid.uuid4(),
        )
    with pytest.raises(Invalid):
        commands.ask_for_approval(
            agent=office.amy, operation="no.such", proposal={}, client_id=uuid.uuid4()
        )
    assert not Approval.objects.exists()


def test_nobody_waits_for_an_approver_who_does_not_exist(office):
    set_rules({"operation": "reply.send", "by": ["admin"]})
    with pytest.raises(Conflict, match="Nobody else"):
        ask(office)


# --- deciding ------------------------------------------------------------------------------


def test_approved_is_done_once_with_both_names_in_the_audit(office):
    asked = ask(office)
    done = commands.approve(agent=office.ben, approval=asked.pk, answer="Good.")
    again = commands.approve(agent=office.ben, approval=asked.pk)
    commands.run(asked.pk)
    assert (done.state, again.state) == (State.DONE, State.DONE)
    assert replies(office) == ["It is on its way."]
    sent = AuditRecord.objects.get(verb="conversation.reply")
    assert sent.actor_name == "Amy Ito"
    assert sent.detail["approved_by"] == {"id": office.ben.pk, "name": "Ben Okafor"}
    assert sent.detail["approval"] == str(asked.pk)
    assert verbs() == ["approval.ask", "approval.approved"]


def test_nobody_approves_what_they_asked_for(office):
    give([Act.APPROVE], office.amy, office.inbox)
    raise_versions()
    asked = ask(office)
    with pytest.raises(NotAllowed):
        commands.approve(agent=fresh(office.amy), approval=asked.pk)
    with pytest.raises(NotAllowed):
        commands.reject(agent=fresh(office.amy), approval=asked.pk, answer="no")
    assert fresh(office.amy).pk not in [one.pk for one in queries.approvers(asked)]
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=asked.pk).update(approver=office.amy)


def test_another_teams_approver_is_told_there_is_nothing(office):
    asked = ask(office)
    with pytest.raises(NotFound):
        commands.approve(agent=office.eve, approval=asked.pk)
    with pytest.raises(NotFound):
        commands.approve(agent=office.ben, approval=uuid.uuid4())
    with pytest.raises(NotFound):
        commands.withdraw(agent=office.ben, approval=asked.pk)


def test_who_sees_it_without_the_right_is_refused(office):
    give([Act.VIEW], office.eve, office.inbox)
    raise_versions()
    asked = ask(office)
    with pytest.raises(NotAllowed):
        commands.approve(agent=fresh(office.eve), approval=asked.pk)


def test_a_rule_narrows_the_approvers_to_roles(office):
    set_rules({"operation": "reply.send", "by": ["supervisor"]})
    office.zoe.groups.add(install_roles()["supervisor"].group)
    asked = ask(office)
    with pytest.raises(NotAllowed):
        commands.approve(agent=office.ben, approval=asked.pk)
    assert commands.approve(agent=office.zoe, approval=asked.pk).state == State.DONE


def test_edited_and_approved_keeps_both_texts(office):
    asked = ask(office, "its comming")
    done = commands.approve(
        agent=office.ben, approval=asked.pk, changes={"body": "It is coming."}, answer="Spelling."
    )
    assert replies(office) == ["It is coming."]
    assert (done.proposal["body"], done.edited["body"]) == ("its comming", "It is coming.")
    record = AuditRecord.objects.get(verb="approval.approved")
    assert record.detail["asked"] == {"body": "its comming"}
    assert record.detail["edited"] == {"body": "It is coming."}


@pytest.mark.parametrize(
    "changes", [{"body": ""}, {"body": 7}, {"other": "x"}, {"body": "x" * 10_001}]
)
def test_a_bad_edit_decides_nothing(office, changes):
    asked = ask(office)
    with pytest.raises(Invalid):
        commands.approve(agent=office.ben, approval=asked.pk, changes=changes)
    asked.refresh_from_db()
    assert asked.state == State.WAITING


def test_a_rejection_says_why(office):
    asked = ask(office)
    with pytest.raises(Invalid):
        commands.reject(agent=office.ben, approval=asked.pk, answer="")
    rejected = commands.reject(agent=office.ben, approval=asked.pk, answer="Ask for the number.")
    assert (rejected.state, rejected.answer) == (State.REJECTED, "Ask for the number.")
    with pytest.raises(Conflict, match="Ben Okafor has rejected"):
        commands.approve(agent=office.zoe, approval=asked.pk)
    assert replies(office) == []
    assert verbs() == ["approval.ask", "approval.rejected"]


def test_withdrawn_is_withdrawn(office):
    asked = ask(office)
    commands.withdraw(agent=office.amy, approval=asked.pk)
    commands.withdraw(agent=office.amy, approval=asked.pk)
    with pytest.raises(Conflict, match="withdrawn"):
        commands.approve(agent=office.ben, approval=asked.pk)
    assert verbs() == ["approval.ask", "approval.withdraw"]


def test_an_approver_who_has_not_read_the_last_message_looks_again(office):
    asked = ask(office)
    head = office.thread.last_seq
    office.says("Never mind, it came.")
    with pytest.raises(Conflict, match="written meanwhile"):
        commands.approve(agent=office.ben, approval=asked.pk, seen=head)
    asked.refresh_from_db()
    assert asked.state == State.WAITING
    done = commands.approve(agent=office.ben, approval=asked.pk, seen=office.thread.last_seq)
    assert done.state == State.DONE


def test_an_edited_request_shows_both_texts(office):
    asked = ask(office, "its comming")
    done = commands.approve(agent=office.ben, approval=asked.pk, changes={"body": "It is coming."})
    (part,) = queries.differences(done, office.amy)
    assert (part.before, part.after) == ("its comming", "It is coming.")


@pytest.mark.django_db(transaction=True)
def test_what_is_told_after_the_commit_is_told_at_once(office):
    """Its commands are not taken for the run of the request."""
    asked = ask(office)
    commands.approve(agent=office.ben, approval=asked.pk)
    told = office.thread.entries.filter(event__approval=str(asked.pk)).order_by("seq")
    assert [one.event["type"] for one in told] == ["approval_waiting", "approval_done"]


# --- void ----------------------------------------------------------------------------------


def test_void_when_a_colleague_answered_meanwhile(office):
    asked = ask(office)
    give([Act.REPLY, Act.JOIN], office.zoe, office.inbox)
    raise_versions()
    threads.post_reply(
        agent=fresh(office.zoe), conversation=office.thread.pk, body="Here!", client_id=uuid.uuid4()
    )
    with pytest.raises(Conflict, match="void"):
        commands.approve(agent=fresh(office.ben), approval=asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.why, asked.approver) == (State.VOID, Why.CHANGED, None)
    assert replies(office) == ["Here!"]
    assert verbs() == ["approval.ask", "approval.void"]


def test_void_when_the_requester_lost_the_right(office):
    asked = ask(office)
    leave_team(actor=None, agent=office.amy, team=office.team)
    with pytest.raises(Conflict):
        commands.approve(agent=office.ben, approval=asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.why) == (State.VOID, Why.RIGHT)
    assert replies(office) == []


def test_what_changes_between_decision_and_run_voids_it_too(office):
    asked = ask(office)
    commands._decide(office.ben, asked.pk, State.APPROVED, "", {})
    leave_team(actor=None, agent=office.amy, team=office.team)
    commands.run(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.why) == (State.VOID, Why.RIGHT)
    assert replies(office) == []


def test_expired_is_expired_though_no_job_ran(office):
    asked = ask(office)
    expire(asked)
    assert not Approval.objects.waiting().exists()
    with pytest.raises(Conflict, match="expired"):
        commands.withdraw(agent=office.amy, approval=asked.pk)
    with pytest.raises(Conflict, match="expired"):
        commands.approve(agent=office.ben, approval=asked.pk)
    asked.refresh_from_db()
    assert asked.state == State.EXPIRED
    assert replies(office) == []
    assert verbs() == ["approval.ask", "approval.expire"]


# --- crashes and sweeps --------------------------------------------------------------------


def test_the_sweep_finishes_what_a_decision_left_undone_once(office):
    asked = ask(office)
    commands._decide(office.ben, asked.pk, State.APPROVED, "", {})
    commands.sweep()
    assert replies(office) == []  # whoever decided may still be at it
    Approval.objects.filter(pk=asked.pk).update(decided_at=asked.asked_at - commands.PATIENCE * 2)
    commands.sweep()
    commands.sweep()
    assert replies(office) == ["It is on its way."]


def test_the_sweep_ends_what_lapsed(office):
    first, second = ask(office, "one"), ask(office, "two")
    expire(first)
    assert commands.sweep() == 1
    assert commands.sweep() == 0
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (State.EXPIRED, State.WAITING)


def test_a_command_that_refuses_voids_with_its_sentence(office, monkeypatch):
    def refuse(**_):
        raise Conflict("Not today.")

    asked = ask(office)
    monkeypatch.setattr("conversations.threads.approvable.commands.post_reply", refuse)
    done = commands.approve(agent=office.ben, approval=asked.pk)
    assert (done.state, done.why, done.outcome) == (State.VOID, Why.REFUSED, "Not today.")


def test_a_command_that_breaks_is_told_as_failed(office, monkeypatch, caplog):
    asked = ask(office)
    monkeypatch.setattr("conversations.threads.approvable.commands.post_reply", None)
    done = commands.approve(agent=office.ben, approval=asked.pk)
    assert done.state == State.FAILED
    assert "could not be run" in caplog.text


def test_the_timeline_tells_each_state_once_and_customers_nothing(office):
    asked = ask(office)
    public = office.thread.last_public_seq
    for _ in range(2):
        tell_of_approval(asked.pk)
    commands.reject(agent=office.ben, approval=asked.pk, answer="No.")
    for _ in range(2):
        tell_of_approval(asked.pk)
    told = office.thread.entries.filter(event__approval=str(asked.pk)).order_by("seq")
    assert [(one.event["type"], one.author_name, one.audience) for one in told] == [
        ("approval_waiting", "Amy Ito", "team"),
        ("approval_rejected", "Ben Okafor", "team"),
    ]
    assert office.thread.last_public_seq == public


# --- at once -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_approvers_at_once_make_one_decision(office):
    """Half of them reject; whoever is first, there is one decision and at most one reply."""
    asked = ask(office)
    gate, outcomes = threading.Barrier(4), []

    def decide(agent: Agent, approves: bool) -> None:
        gate.wait()
        try:
            if approves:
                commands.approve(agent=agent, approval=asked.pk)
            else:
                commands.reject(agent=agent, approval=asked.pk, answer="No.")
            outcomes.append((agent.pk, approves))
        except Conflict:
            pass
        finally:
            connections.close_all()

    tries = [(office.ben, True), (office.zoe, False), (office.zoe, True), (office.ben, False)]
    threads_ = [threading.Thread(target=decide, args=one) for one in tries]
    for thread in threads_:
        thread.start()
    for thread in threads_:
        thread.join()
    asked.refresh_from_db()
    assert outcomes == [(asked.approver_id, asked.state == State.DONE)]
    assert len(replies(office)) == (asked.state == State.DONE)
    assert (
        len([verb for verb in verbs() if verb in ("approval.approved", "approval.rejected")]) == 1
    )


# --- the other operations ------------------------------------------------------------------


def test_joining_under_a_rule(office):
    set_rules({"operation": "conversation.join"})
    with pytest.raises(ApprovalNeeded):
        threads.join(agent=office.amy, conversation=office.thread.pk)
    asked = commands.ask_for_approval(
        agent=office.amy,
        operation="conversation.join",
        proposal={"conversation": str(office.thread.pk), "agent": office.amy.pk},
        client_id=uuid.uuid4(),
    )
    assert [(one.before, one.after) for one in queries.differences(asked, office.ben)] == [
        ("", "Amy Ito")
    ]
    assert commands.approve(agent=office.ben, approval=asked.pk).state == State.DONE
    assert office.thread.participants.filter(agent=office.amy, left_at=None).exists()


def test_handing_over_inside_the_team_needs_none(office):
    from permissions.accounts.commands import create_team, join_team

    set_rules({"operation": "conversation.transfer"})
    threads.transfer(agent=office.amy, conversation=office.thread.pk, to=office.team)
    repairs = create_team(actor=None, name="Repairs")
    join_team(actor=None, agent=office.zoe, team=repairs)
    give([Act.REPLY], office.zoe, office.inbox)
    with pytest.raises(ApprovalNeeded):
        threads.transfer(agent=office.amy, conversation=office.thread.pk, to=repairs)
    asked = commands.ask_for_approval(
        agent=office.amy,
        operation="conversation.transfer",
        proposal={
            "conversation": str(office.thread.pk),
            "kind": "team",
            "to": repairs.pk,
            "note": "Please look.",
            "client_id": str(uuid.uuid4()),
        },
        client_id=uuid.uuid4(),
    )
    assert commands.approve(agent=office.ben, approval=asked.pk).state == State.DONE
    assert office.thread.team == repairs


def ask_for_labels(office: Cast, operation: str, **proposed) -> Approval:
    give([Act.TAG, Act.CLASSIFY], office.amy, office.inbox)
    raise_versions()
    return commands.ask_for_approval(
        agent=fresh(office.amy),
        operation=operation,
        proposal={"conversation": str(office.thread.pk), **proposed},
        client_id=uuid.uuid4(),
    )


def test_labels_are_edited_and_approved(office):
    set_rules({"operation": "conversation.tag"}, {"operation": "conversation.classify"})
    asked = ask_for_labels(office, "conversation.tag", tags=["vip", "a, b"])
    shown = queries.differences(asked, office.ben)[0]
    assert (shown.field, shown.to_edit) == ("tags", "vip\na, b")
    with pytest.raises(Invalid):
        commands.approve(agent=office.ben, approval=asked.pk, changes={"tags": ["vip"]})
    done = commands.approve(
        agent=office.ben, approval=asked.pk, changes={"tags": " new customer \r\n\r\na, b"}
    )
    office.thread.refresh_from_db()
    assert (done.state, office.thread.tags) == (State.DONE, ["new customer", "a, b"])
    asked = ask_for_labels(office, "conversation.classify", issue_type="order")
    same = commands.approve(agent=office.ben, approval=asked.pk, changes={"issue_type": "order"})
    assert (same.state, same.edited) == (State.DONE, None)
    asked = ask_for_labels(office, "conversation.classify", issue_type="")
    assert queries.differences(asked, office.ben)[0].to_edit == ""
    commands.approve(agent=office.ben, approval=asked.pk, changes={"issue_type": "repairs"})
    office.thread.refresh_from_db()
    assert office.thread.issue_type == "repairs"


def test_an_edit_does_not_pass_by_a_rule_for_others(office):
    """A tag that supervisors alone approve is not slipped in by whoever approves other tags."""
    set_rules(
        {"operation": "conversation.tag", "tag": "vip", "by": ["supervisor"]},
        {"operation": "conversation.tag"},
    )
    asked = ask_for_labels(office, "conversation.tag", tags=["new"])
    with pytest.raises(NotAllowed):
        commands.approve(agent=office.ben, approval=asked.pk, changes={"tags": "new\nvip"})
    asked.refresh_from_db()
    assert asked.state == State.WAITING
    assert commands.approve(agent=office.ben, approval=asked.pk).state == State.DONE
