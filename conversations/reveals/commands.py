"""Showing sensitive values for minutes, and ending it."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast

from django.db import connection
from django.utils.translation import gettext_lazy as _

from conversations.customers import values
from conversations.customers.events import RevealsChanged
from conversations.customers.kinds import Sensitivity
from conversations.customers.models import Customer
from conversations.customers.queries import insight
from conversations.customers.rules import LONGEST_REVEAL, Privacy
from conversations.reveals.models import Reveal
from conversations.reveals.queries import OPERATION, TEXTS
from helpdesk.core.refusals import Invalid, NotAllowed, NotFound
from permissions.accounts.models import Agent
from permissions.acts.checks import has_duty
from permissions.acts.command import Step, command
from permissions.acts.vocabulary import Duty
from permissions.approvals.gate import approval_of
from permissions.policies.rules import current

LONGEST_REASON = 500


def reveal(
    *, agent: Agent, customer: uuid.UUID, fields: Collection[str], reason: str = ""
) -> Reveal:
    """Let the agent read these fields for some minutes: by their right, or once it is approved."""
    with command(OPERATION, actor=agent, on=None) as step:
        seen = Customer.objects.visible_to(agent).filter(pk=customer).exists()
        if not seen:
            raise NotFound
        step.on = found = Customer.objects.select_for_update(no_key=True).get(pk=customer)
        keys = revealable(fields)
        approval = approval_of(OPERATION)
        if approval is None and not insight(agent, found).may_reveal:
            raise NotAllowed(_("Ask for it: a colleague has to approve."))
        return _begin(
            step,
            agent,
            found,
            keys,
            reason=approval.reason if approval else reason,
            approver=approval.approver if approval else None,
        )


def _begin(
    step: Step,
    agent: Agent,
    customer: Customer,
    keys: list[str],
    *,
    reason: str,
    approver: Agent | None,
) -> Reveal:
    now = _now()
    minutes = min(max(1, current(Privacy).reveal_minutes), LONGEST_REVEAL)
    made = Reveal.objects.create(
        customer=customer,
        agent=agent,
        fields=keys,
        reason=reason[:LONGEST_REASON],
        approved_by=approver,
        by_approval=approver is not None,
        begun_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    step.note(
        reveal=str(made.pk),
        fields=keys,
        minutes=minutes,
        reason=made.reason,
        by_approval=made.by_approval,
    )
    step.tell(RevealsChanged(customer_id=str(customer.pk), agent_id=agent.pk))
    return made


def revoke(*, agent: Agent, reveal: uuid.UUID) -> Reveal:
    """End a reveal at once: whoever watches access, or the one who reads."""
    with command("customer.revoke_reveal", actor=agent, on=None) as step:
        found = (
            Reveal.objects.select_for_update(of=["self"])
            .select_related("customer")
            .filter(pk=reveal)
            .first()
        )
        if found is None or (found.agent_id != agent.pk and not has_duty(agent, Duty.ACCESS)):
            raise NotFound
        step.on = found.customer
        now = _now()
        if found.revoked_at or found.expires_at <= now:
            step.nothing_changed()
            return found
        found.revoked_at, found.revoked_by = now, agent
        found.save(update_fields=["revoked_at", "revoked_by"])
        step.note(reveal=str(found.pk), of=found.agent_id, fields=found.fields)
        step.tell(RevealsChanged(customer_id=str(found.customer_id), agent_id=found.agent_id))
        return found


def revealable(fields: Collection[str]) -> list[str]:
    """Those of these keys that are sensitive, in their order. Invalid if none is."""
    known = [one.key for one in values.fields() if one.sensitivity == Sensitivity.SENSITIVE]
    keys = [key for key in [*known, TEXTS] if key in fields]
    if not keys:
        raise Invalid(_("There is nothing to reveal."))
    return keys


def _now() -> datetime:
    """The database's clock, by which reveals end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast(datetime, cursor.fetchone()[0])
