"""Who may decide a request, and which requests wait for whom."""

from dataclasses import replace
from datetime import datetime

from django.db import connection
from django.db.models import Count, Max, Q
from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import NotAllowed, NotFound
from permissions.accounts.models import Agent
from permissions.acts.checks import granted, holders
from permissions.acts.vocabulary import Act
from permissions.approvals.models import Approval, ApprovalQuerySet
from permissions.approvals.registry import Difference, operation
from permissions.approvals.rules import roles_of


def clock() -> datetime:
    """The database's time: requests expire by it, whatever a process's clock says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def for_approver(agent: Agent) -> ApprovalQuerySet:
    """The requests this agent may decide, as far as their rights on the inboxes say.

    The apps above narrow it to the conversations the agent sees.
    """
    inboxes = granted(agent, Act.APPROVE)
    if not inboxes:
        return Approval.objects.none()
    theirs = Q(by=[]) | Q(by__overlap=sorted(roles_of(agent)))
    return Approval.objects.filter(theirs).in_inboxes(inboxes).exclude(requester=agent.pk)


def require_approver(agent: Agent, approval: Approval) -> None:
    """NotFound if what it is about is not the agent's to see; NotAllowed if it is not theirs."""
    if approval.requester_id == agent.pk:
        raise NotAllowed(_("Somebody else has to approve what you ask for."))
    if not may_see(agent, approval):
        raise NotFound
    if not may_decide(agent, approval):
        raise NotAllowed


def may_see(agent: Agent, approval: Approval) -> bool:
    """Whether the agent may see what it is about. What is in no inbox, approvers alone see."""
    one = operation(approval.operation)
    if one is None or not one.seen_by(agent, approval.proposal):
        return False
    return approval.conversation_id is not None or may_decide(agent, approval)


def may_decide(agent: Agent, approval: Approval) -> bool:
    """Whether their rights and roles make them an approver of it; never of their own."""
    inboxes = granted(agent, Act.APPROVE)
    if approval.requester_id == agent.pk or not inboxes:
        return False
    if approval.inbox_id is not None and approval.inbox_id not in inboxes:
        return False
    return not approval.by or not roles_of(agent).isdisjoint(approval.by)


def approvers(approval: Approval) -> list[Agent]:
    """The active agents who may decide it now."""
    if approval.inbox_id is not None:
        people = holders(Act.APPROVE, approval.inbox_id)
    else:
        people = Agent.objects.filter(is_active=True, groups__role__isnull=False).distinct()
    return [
        person
        for person in people.order_by("pk")
        if may_decide(person, approval) and may_see(person, approval)
    ]


def differences(approval: Approval, reader: Agent) -> list[Difference]:
    """What was asked for; if the approver changed it, what they made of it."""
    one = operation(approval.operation)
    if one is None:
        return []
    found = one.differences(approval.proposal, reader)
    if approval.edited is None:
        return found
    asked = {part.field: part.after for part in found if part.field}
    return [
        replace(part, before=asked.get(part.field, part.before))
        for part in one.differences(approval.edited, reader)
    ]


def waiting_mark() -> tuple[int, datetime | None]:
    """Two values that change with every request that begins to wait or ceases to."""
    found = Approval.objects.waiting().aggregate(count=Count("pk"), last=Max("asked_at"))
    return found["count"], found["last"]
