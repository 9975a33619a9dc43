"""Who may read what of whom, for how long."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext

from conversations.customers.values import all_fields
from conversations.inboxes.models import Inbox
from conversations.reveals.models import Reveal
from permissions.accounts.models import Agent
from permissions.acts.checks import holders
from permissions.acts.vocabulary import Act
from permissions.approvals.models import Approval

OPERATION = "customer.reveal"
LISTED = 100
TEXTS = "messages"  # beside the fields: what is masked in message texts


def held(agent: Agent, customer_id: uuid.UUID, *, by_right: bool) -> dict[str, datetime]:
    """The fields the agent may read now, and until when.

    What they revealed by their own right ends with it.
    """
    found = Reveal.objects.live().filter(agent=agent, customer=customer_id)
    if not by_right:
        found = found.filter(by_approval=True)
    until: dict[str, datetime] = {}
    for reveal in found:
        for key in reveal.fields:
            until[key] = max(until.get(key, reveal.expires_at), reveal.expires_at)
    return until


@dataclass(frozen=True, slots=True)
class Held:
    """What is revealed of one customer to one agent, for a process that tells its screens."""

    ids: tuple[str, ...]
    texts: bool
    ends_in: float  # seconds until the first of them ends


def held_by(agent_ids: set[int]) -> dict[tuple[int, str], Held]:
    """(agent, customer) → the reveals that hold now: what a tick compares."""
    left = ExpressionWrapper(F("expires_at") - Now(), output_field=DurationField())
    rows = Reveal.objects.live().filter(agent__in=agent_ids).annotate(left=left).order_by("pk")
    found: dict[tuple[int, str], Held] = {}
    for reveal in rows:
        key = (reveal.agent_id, str(reveal.customer_id))
        seconds = reveal.left.total_seconds()
        known = found.get(key) or Held((), False, seconds)
        found[key] = Held(
            (*known.ids, str(reveal.pk)),
            known.texts or TEXTS in reveal.fields,
            min(known.ends_in, seconds),
        )
    return found


def waiting_for(agent: Agent, customer_id: uuid.UUID) -> list[Approval]:
    """The agent's requests to see or change something here that nobody has decided."""
    asked = Approval.objects.waiting().asked_by(agent)
    about = asked.filter(operation__in=(OPERATION, "customer.change"), customer_id=customer_id)
    return list(about.order_by("asked_at"))


# --- for who watches access ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One reveal as a person reads of it: never the values."""

    reveal: Reveal
    fields: list[str]

    @property
    def left(self) -> int:
        return max(0, int((self.reveal.expires_at - timezone.now()).total_seconds()))


def live_now() -> list[Line]:
    """What is revealed at this moment, the next to end first."""
    return _lines(Reveal.objects.live().order_by("expires_at"))


def lately() -> list[Line]:
    """The latest that are over."""
    over = Reveal.objects.filter(Q(expires_at__lte=Now()) | Q(revoked_at__isnull=False))
    return _lines(over.order_by("-expires_at"))


def _lines(found: QuerySet[Reveal]) -> list[Line]:
    labels = {one.key: str(one) for one in all_fields()} | {TEXTS: gettext("Messages")}
    rows = found.select_related("agent", "customer", "approved_by", "revoked_by")[:LISTED]
    return [Line(row, [labels.get(key, key) for key in row.fields]) for row in rows]


def all_waiting() -> list[Approval]:
    asked = Approval.objects.waiting().filter(operation=OPERATION).select_related("requester")
    return list(asked.order_by("asked_at")[:LISTED])


def entitled() -> list[tuple[Inbox, list[Agent]]]:
    """Who may reveal in each inbox without asking."""
    return [
        (inbox, list(holders(Act.VIEW_SENSITIVE, inbox).order_by("name")))
        for inbox in Inbox.objects.order_by("name")
    ]
