"""Asking, answering, and doing what was approved.

A command never runs inside another, so approving and doing are two transactions: the decision is
made under the request's lock, then the operation's own command runs and settles the request within
its transaction. Whoever dies in between leaves an approved request, which the sweep finishes.
"""

import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.models.functions import Now
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany
from permissions.accounts.models import Agent
from permissions.acts.command import Step, accompanied_by, command
from permissions.approvals import queries
from permissions.approvals.events import ApprovalMoved
from permissions.approvals.gate import running
from permissions.approvals.models import Approval, State, Why
from permissions.approvals.registry import Operation, Proposal, operation
from permissions.approvals.rules import needed, roles_of

logger = logging.getLogger(__name__)

MOST_WAITING = 50  # requests of one agent
PATIENCE = timedelta(seconds=15)  # after which the sweep does what a decision left undone
PAGE = 200

ENDED: Mapping[str, str | Promise] = {
    State.APPROVED: _("%(name)s has approved this already."),
    State.DONE: _("%(name)s has approved this already."),
    State.REJECTED: _("%(name)s has rejected this already."),
    State.WITHDRAWN: _("This request was withdrawn."),
    State.EXPIRED: _("This request has expired."),
    State.VOID: _("This request is void: what it was about changed meanwhile."),
    State.FAILED: _("This was approved, but it could not be done."),
}


def ask_for_approval(
    *,
    agent: Agent,
    operation: str,
    proposal: Proposal,
    client_id: uuid.UUID,
    reason: str = "",
) -> Approval:
    """Let a colleague decide. Safe to send again: the same request that waits is returned."""
    with command("approval.ask", actor=agent, on=None) as step:
        one = _known(operation)
        Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)  # one after the other
        mine = Approval.objects.asked_by(agent)
        known = (
            mine.filter(client_id=client_id).first()
            or mine.waiting().filter(operation=operation, proposal=proposal).first()
        )
        if known:
            if (known.operation, known.proposal) != (operation, proposal):
                raise Conflict(_("This id was already used for another request."))
            step.on = known
            step.nothing_changed()
            return known
        if mine.waiting().count() >= MOST_WAITING:
            raise TooMany(_("Too many of your requests are waiting. Withdraw some first."))
        place = one.place(proposal)
        one.check(agent, proposal)
        rule = needed(operation, agent=agent, tags=place.tags, issue_type=place.issue_type)
        now = queries.clock()
        step.on = asked = Approval(
            operation=operation,
            requester=agent,
            client_id=client_id,
            reason=reason,
            proposal=proposal,
            version=one.version(proposal),
            about=place.about[:200],
            inbox_id=place.inbox_id,
            conversation_id=place.conversation_id,
            customer_id=place.customer_id,
            by=list(rule.by) if rule else [],
            asked_at=now,
            expires_at=now + timedelta(minutes=rule.minutes if rule else one.minutes),
        )
        if not queries.approvers(asked):
            raise Conflict(_("Nobody else may approve this here. Please tell an administrator."))
        asked.save(force_insert=True)
        step.note(operation=operation, reason=reason, by=asked.by, **_subject(asked))
        _tell(step, asked)
        return asked


def approve(
    *,
    agent: Agent,
    approval: uuid.UUID | str,
    answer: str = "",
    changes: Mapping[str, Any] | None = None,
    seen: int | None = None,
) -> Approval:
    """Say yes, as it is or with `changes`; then it is done. Returns the request as it came out.

    `seen` is the last entry the approver had before their eyes; Conflict if it is not enough.
    """
    decided = _decide(agent, approval, State.APPROVED, answer, changes or {}, seen)
    run(decided.pk)
    decided.refresh_from_db()
    return decided


def reject(*, agent: Agent, approval: uuid.UUID | str, answer: str) -> Approval:
    """Say no, and why: who asked has to know what to do instead."""
    if not answer:
        raise Invalid(_("Say why, so that your colleague knows what to do instead."))
    return _decide(agent, approval, State.REJECTED, answer, {})


def withdraw(*, agent: Agent, approval: uuid.UUID | str) -> Approval:
    """Take back what one asked for, as long as nobody has decided."""
    with command("approval.withdraw", actor=agent, on=None) as step:
        step.on = found = _lock(approval)
        if found.requester_id != agent.pk:
            raise NotFound
        if found.state == State.WITHDRAWN:
            step.nothing_changed()
            return found
        _still_waiting(found)
        _end(step, found, State.WITHDRAWN)
        return found


def note_outcome(*, agent: Agent, approval: uuid.UUID | str) -> Approval:
    """Who asked has read how it ended: their screens need not show it any more."""
    with command("approval.note", actor=agent, on=None) as step:
        step.nothing_changed()  # nothing that others see: no record
        step.on = found = _lock(approval)
        if found.requester_id != agent.pk:
            raise NotFound
        if found.noted_at is None and found.settled_at is not None:
            found.noted_at = queries.clock()
            found.save(update_fields=["noted_at"])
        return found


def _decide(
    agent: Agent,
    approval: uuid.UUID | str,
    decision: State,
    answer: str,
    changes: Mapping[str, Any],
    seen: int | None = None,
) -> Approval:
    """One decision, whoever presses first: everybody else is told whose it was."""
    with command(f"approval.{decision}", actor=agent, on=None) as step:
        step.on = found = _lock(approval)
        one = operation(found.operation)
        queries.require_approver(agent, found)
        if found.approver_id == agent.pk and _same(found.state, decision):
            step.nothing_changed()
            return found
        _still_waiting(found, but_time=True)
        lapse = _lapse(found, one)
        if lapse is None:
            if one is not None and seen is not None and one.seen_needed(found.proposal) > seen:
                raise Conflict(_("The customer has written meanwhile. Read it, then decide."))
            found.approver, found.answer, found.decided_at = agent, answer, queries.clock()
            step.note(operation=found.operation, requester=found.requester_id, answer=answer)
            if decision == State.REJECTED:
                _end(step, found, State.REJECTED)
            else:
                if changes and one is not None:
                    _edit(step, found, one, changes)
                found.state = State.APPROVED
                _save(step, found)
        else:
            step.verb = _verb(lapse[0])
            _end(step, found, *lapse)
    if lapse is not None:
        raise Conflict(_sentence(found))
    return found


def _same(state: str, decision: State) -> bool:
    if decision == State.REJECTED:
        return state == State.REJECTED
    return state in (State.APPROVED, State.DONE)


def _edit(step: Step, found: Approval, one: Operation, changes: Mapping[str, Any]) -> None:
    """Both versions go into the audit record, as somebody without any rights may read them."""
    edited = one.edited(found.proposal, changes)
    if edited == found.proposal:
        return
    _require_edits(found, one, edited)
    found.edited = edited
    asked, made = (
        {part.field: part.after for part in one.differences(proposal, None) if part.field}
        for proposal in (found.proposal, edited)
    )
    step.note(asked=asked, edited=made)


def _require_edits(found: Approval, one: Operation, edited: Proposal) -> None:
    """What it would be now may fall under a rule that leaves the decision to others."""
    place = one.place(edited)
    rule = needed(
        found.operation, agent=found.requester, tags=place.tags, issue_type=place.issue_type
    )
    if rule and rule.by and roles_of(found.approver).isdisjoint(rule.by):  # type: ignore[arg-type]
        raise NotAllowed(_("Edited like this, it is for others to decide."))


def run(approval_id: uuid.UUID | str) -> None:
    """Do what was approved, exactly once. Running it twice, or two at once, changes nothing."""
    found = Approval.objects.select_related("approver").filter(pk=approval_id).first()
    if found is None or found.state != State.APPROVED:
        return
    requester = Agent.objects.get(pk=found.requester_id)  # their rights as they are now
    one = operation(found.operation)
    if one is None:
        return _fail(found.pk, State.FAILED, "", _("This operation is not known any more."))
    with translation.override(requester.language or translation.get_language() or "en"):
        try:
            with running(found), accompanied_by(_Settling(found, one)):
                one.run(requester, found.effective)
        except _Lapsed as lapsed:
            _fail(found.pk, *lapsed.args)
        except _Settled:
            return
        except (OperationalError, InterfaceError):
            raise  # away for a moment: the sweep goes on with it
        except TooMany:
            return  # a limit that fills up again: the sweep goes on with it
        except Refusal as refusal:
            _fail(found.pk, State.VOID, Why.REFUSED, refusal.sentence)
        except Exception:
            logger.exception("approval %s could not be run", found.pk)
            _fail(found.pk, State.FAILED, "", _("Something went wrong. It was not done."))


class _Settled(Exception):
    """Somebody else has run it."""


class _Lapsed(Exception):
    """It may not run any more: the state and the reason."""


class _Settling:
    """The first thing the approved command does: its request is settled with it or not at all."""

    def __init__(self, approval: Approval, one: Operation) -> None:
        self.approval, self.one = approval, one

    def __call__(self, step: Step) -> None:
        found = _lock(self.approval.pk)
        if found.state != State.APPROVED:
            raise _Settled
        if lapse := _lapse(found, self.one, lock=True):
            raise _Lapsed(*lapse)
        approver = self.approval.approver
        step.note(
            approval=str(found.pk),
            approved_by={"id": approver.pk, "name": str(approver)},  # type: ignore[union-attr]
        )
        found.state, found.settled_at = State.DONE, queries.clock()
        _save(step, found)


def sweep() -> int:
    """Finish what a decision left undone, and end what lapsed, so that people are told of it.

    Nothing depends on when it runs: whoever decides asks the clock and the facts themselves.
    """
    undone = Approval.objects.filter(state=State.APPROVED, decided_at__lt=Now() - PATIENCE)
    for pk in list(undone.order_by("decided_at").values_list("pk", flat=True)[:PAGE]):
        run(pk)
    ended = 0
    waiting = Approval.objects.filter(state=State.WAITING).order_by("expires_at")
    for found in waiting[:PAGE]:
        one = operation(found.operation)
        if _lapse(found, one):
            ended += _end_lapsed(found.pk, one)
    return ended


def _end_lapsed(pk: uuid.UUID, one: Operation | None) -> bool:
    with command("approval.expire", actor=None, on=None) as step:
        step.on = found = _lock(pk)
        lapse = _lapse(found, one) if found.state == State.WAITING else None
        if lapse is None:
            step.nothing_changed()
            return False
        step.verb = _verb(lapse[0])
        _end(step, found, *lapse)
        return True


def _fail(pk: uuid.UUID, state: State, why: str = "", outcome: str | Promise = "") -> None:
    """Approved, and yet not done: both sides are told why."""
    with command(_verb(state), actor=None, on=None) as step:
        step.on = found = _lock(pk)
        if found.state != State.APPROVED:
            step.nothing_changed()
            return
        _end(step, found, state, why, outcome)


# --- pieces; they assume a transaction -------------------------------------------------------


def _known(name: str) -> Operation:
    found = operation(name)
    if found is None:
        raise Invalid
    return found


def _lock(pk: uuid.UUID | str) -> Approval:
    found = Approval.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def _still_waiting(found: Approval, *, but_time: bool = False) -> None:
    """Conflict if it was decided. Time is looked at by `_lapse`, which also ends it."""
    if found.state == State.WAITING and (but_time or not found.has_expired(queries.clock())):
        return
    raise Conflict(_sentence(found))


def _sentence(found: Approval) -> str:
    state = State.EXPIRED if found.state == State.WAITING else State(found.state)
    if found.why == Why.RIGHT:
        return str(Why.RIGHT.label)
    return str(ENDED[state]) % {"name": str(found.approver or "")}


def _lapse(
    found: Approval, one: Operation | None, *, lock: bool = False
) -> tuple[State, str] | None:
    """Why it may not be done any more, by the clock, the facts and the rights of this moment."""
    if found.has_expired(queries.clock()):
        return State.EXPIRED, ""
    if one is None:
        return State.VOID, Why.REFUSED
    try:
        if one.version(found.proposal, lock=lock) != found.version:
            return State.VOID, Why.CHANGED
        one.check(Agent.objects.get(pk=found.requester_id), found.effective)
    except (NotAllowed, NotFound):
        return State.VOID, Why.RIGHT
    except Refusal:
        return State.VOID, Why.CHANGED
    return None


def _verb(state: State) -> str:
    return {State.EXPIRED: "approval.expire", State.FAILED: "approval.fail"}.get(
        state, "approval.void"
    )


def _end(
    step: Step, found: Approval, state: State, why: str = "", outcome: str | Promise = ""
) -> None:
    found.state, found.why, found.outcome = state, why, str(outcome)[:300]
    found.settled_at = queries.clock()
    step.note(operation=found.operation, **({"why": why} if why else {}), **_subject(found))
    _save(step, found)


def _save(step: Step, found: Approval) -> None:
    found.save()
    _tell(step, found)


def _subject(found: Approval) -> dict[str, str]:
    ids = {"conversation": found.conversation_id, "customer": found.customer_id}
    return {name: str(pk) for name, pk in ids.items() if pk}


def _tell(step: Step, found: Approval) -> None:
    step.tell(
        ApprovalMoved(
            approval_id=str(found.pk),
            conversation_id=str(found.conversation_id or ""),
            customer_id=str(found.customer_id or ""),
            requester_id=found.requester_id,
        )
    )
