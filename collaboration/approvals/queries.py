"""Requests for approvals as the screens show them."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.threads.covering import for_reader
from conversations.threads.models import Conversation, Entry
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent
from permissions.approvals import queries as approvals
from permissions.approvals.models import Approval, ApprovalQuerySet, State, Why
from permissions.approvals.registry import Difference, operation

PAGE = 20
CONTEXT = 4  # last messages shown beside a request
MOST_COUNTED = 100
JUST_NOW = 5  # settled requests that a conversation still shows to who asked


@dataclass(frozen=True)
class Shown:
    """One request as a reader sees it."""

    approval: Approval
    label: str | Promise
    differences: list[Difference]
    is_own: bool
    may_decide: bool
    context: list[Entry] = field(default_factory=list)
    seen: int = 0  # the last entry of the context

    @property
    def is_waiting(self) -> bool:
        return self.approval.state == State.WAITING and not self.has_expired

    @property
    def has_expired(self) -> bool:
        return self.approval.state == State.EXPIRED or (
            self.approval.state == State.WAITING and self.approval.expires_at <= self.approval.now  # type: ignore[attr-defined]
        )

    @property
    def state(self) -> str:
        """How it stands at this moment, whatever a job has written down."""
        return State.EXPIRED.value if self.has_expired else self.approval.state

    @property
    def state_label(self) -> str:
        return str(State(self.state).label)

    @property
    def why(self) -> str:
        """What there is to say about its end."""
        if self.approval.outcome:
            return self.approval.outcome
        return str(Why(self.approval.why).label) if self.approval.why else ""


def seen_by(found: ApprovalQuerySet, reader: Agent) -> ApprovalQuerySet:
    """Those whose conversation, if they have one, the reader may see now."""
    visible = Conversation.objects.visible_to(reader).values("pk")
    return found.filter(Q(conversation_id=None) | Q(conversation_id__in=visible))


def waiting_for(reader: Agent) -> ApprovalQuerySet:
    """What this reader may decide now: the queue, its count and its badge."""
    return seen_by(approvals.for_approver(reader).waiting(), reader)


def waiting_count(reader: Agent) -> int:
    return waiting_for(reader).order_by().values("pk")[:MOST_COUNTED].count()


def find(reader: Agent, pk: uuid.UUID) -> Approval:
    """A request the reader asked for, or whose matter they may see. Raises NotFound."""
    found = _rows(Approval.objects.filter(pk=pk)).first()
    if found is None:
        raise NotFound
    if found.requester_id != reader.pk and not approvals.may_see(reader, found):
        raise NotFound
    return found


def queue(reader: Agent) -> list[Shown]:
    """The requests that wait for this reader, those that end first on top."""
    found = _rows(waiting_for(reader)).order_by("expires_at", "pk")[:PAGE]
    return show(list(found), reader, context=True)


@dataclass(frozen=True)
class Page:
    shown: list[Shown]
    next: str


def own(reader: Agent, before: str = "") -> Page:
    """What the reader asked for, newest first."""
    return _page(Approval.objects.asked_by(reader), reader, before)


def decided(reader: Agent, before: str = "") -> Page:
    """What is over and was, or could have been, the reader's to decide."""
    theirs = approvals.for_approver(reader) | Approval.objects.filter(approver=reader)
    over = seen_by(theirs, reader).exclude(state__in=[State.WAITING, State.APPROVED])
    return _page(over, reader, before)


def in_conversation(reader: Agent, conversation: Conversation) -> list[Shown]:
    """What waits in a conversation, and how the reader's own last requests there ended."""
    here = _rows(Approval.objects.filter(conversation_id=conversation.pk))
    waiting = list(here.filter(state=State.WAITING).order_by("asked_at")[:PAGE])
    ended = here.filter(requester=reader, noted_at=None)
    ended = ended.exclude(state__in=[State.WAITING, State.APPROVED, State.WITHDRAWN])
    ended = ended.exclude(state=State.DONE, answer="", edited=None)  # the timeline says it all
    last = list(ended.order_by("-asked_at")[:JUST_NOW])[::-1]
    shown = show([*last, *waiting], reader)
    return [one for one in shown if one.is_waiting or one.is_own]


def one(reader: Agent, pk: uuid.UUID, *, context: bool) -> Shown:
    """One request, drawn anew after an act. Raises NotFound."""
    return show([find(reader, pk)], reader, context=context)[0]


def show(found: Iterable[Approval], reader: Agent, *, context: bool = False) -> list[Shown]:
    shown = []
    for one in found:
        known = operation(one.operation)
        entries = _context(one, reader) if context else []
        shown.append(
            Shown(
                approval=one,
                label=known.label if known else _("Something this release does not know"),
                differences=_differences(one, reader),
                is_own=one.requester_id == reader.pk,
                may_decide=approvals.may_decide(reader, one),
                context=entries,
                seen=entries[-1].seq if entries else 0,
            )
        )
    return shown


def _differences(one: Approval, reader: Agent) -> list[Difference]:
    try:
        return approvals.differences(one, reader)
    except NotFound:  # what it was about is gone
        return []


def _context(one: Approval, reader: Agent) -> list[Entry]:
    """The last things said in its conversation, as the reader may read them."""
    if one.conversation_id is None:
        return []
    said = Entry.objects.filter(conversation=one.conversation_id).exclude(kind=Entry.Kind.EVENT)
    entries = list(said.select_related("conversation").order_by("-seq")[:CONTEXT])[::-1]
    return for_reader(reader, entries[0].conversation, entries) if entries else []


def _rows(found: ApprovalQuerySet) -> ApprovalQuerySet:
    return found.select_related("requester", "approver").annotate(now=Now())


def _page(found: ApprovalQuerySet, reader: Agent, before: str) -> Page:
    """A page by key: requests are numbered in the order of their asking."""
    if before:
        found = found.filter(pk__lt=_read_key(before))
    rows = list(_rows(found).order_by("-pk")[: PAGE + 1])
    following = str(rows[PAGE - 1].pk) if len(rows) > PAGE else ""
    return Page(show(rows[:PAGE], reader), following)


def _read_key(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value[:36])
    except ValueError:
        raise NotFound from None


def approval_json(one: Approval) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "operation": one.operation,
        "state": one.state,
        "conversation": one.conversation_id and str(one.conversation_id),
        "asked_at": _moment(one.asked_at),
        "expires_at": _moment(one.expires_at),
        "answer": one.answer,
        "why": one.why,
        "outcome": one.outcome,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
