"""The one frame every write runs in: one transaction, one audit record, events on commit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.db import DatabaseError, models, transaction
from django.utils.translation import gettext_lazy as _
from psycopg.errors import ForeignKeyViolation

from helpdesk.core import events, failpoints
from helpdesk.core.limits import spend
from helpdesk.core.refusals import Conflict, NotAllowed, TooMany
from helpdesk.core.rows import Changes
from permissions.audit.models import AuditRecord, Unrecorded


class Step:
    """What a command tells its frame while it runs."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self.on: models.Model | None = None
        self.detail: dict[str, Any] = {}
        self.queued: list[events.Event] = []
        self.changes = Changes()  # stored with the audit record, once the act has done its part
        self.unchanged = False

    def note(self, **detail: Any) -> None:
        """Add to the audit record: plain values only, no text of customers or colleagues."""
        self.detail |= detail

    def tell(self, event: events.Event) -> None:
        """Publish after the commit."""
        self.queued.append(event)

    def nothing_changed(self) -> None:
        """The act had been done before (a repeated request): no second record of it."""
        self.unchanged = True


_companion: ContextVar[Callable[[Step], None] | None] = ContextVar("companion", default=None)


@contextmanager
def accompanied_by(first: Callable[[Step], None]) -> Iterator[None]:
    """The command inside does this first, in its transaction: both are stored or neither."""
    token = _companion.set(first)
    try:
        yield
    finally:
        _companion.reset(token)


@contextmanager
def command(verb: str, *, actor: Any, on: models.Model | None) -> Iterator[Step]:
    """Frame of a business act. `verb` is `noun.verb`; `actor` None means the system.

    Nobody can forget the audit record or publish too early. Durable: never inside another.
    """
    step = Step(verb)
    step.on = on
    try:
        with transaction.atomic(durable=True):
            if first := _companion.get():
                _companion.set(None)  # what is told after the commit runs commands of its own
                first(step)
            yield step
            if not step.unchanged:
                AuditRecord.record(
                    step.verb, actor=actor, on=step.on, detail=step.detail, along_with=step.changes
                )
            step.changes.store_at_the_end()
            failpoints.reach("after_insert_before_commit")
            transaction.on_commit(partial(failpoints.reach, "after_commit_before_ack"))
            for event in step.queued:
                transaction.on_commit(partial(events.publish, event))
    except NotAllowed as refusal:
        _record_refused(step, actor, refusal)
        raise
    except DatabaseError as error:
        if isinstance(error.__cause__, ForeignKeyViolation):  # by somebody else, in this moment
            raise Conflict(_("What this is about was removed meanwhile.")) from error
        if AuditRecord.cannot_be_written(error):
            raise Unrecorded from error
        raise


def _record_refused(step: Step, actor: Any, refusal: NotAllowed) -> None:
    """What somebody tried without the right is kept too, in a transaction of its own.

    Only so many of one person: nobody fills the table by trying.
    """
    who = "system" if actor is None else f"{actor.kind} {actor.pk}"
    on = step.on or refusal.on
    try:
        with transaction.atomic(durable=True):
            spend("refusals recorded", who)
            AuditRecord.record("act.refused", actor=actor, on=on, detail={"act": step.verb})
    except TooMany:
        pass
