"""The one frame every write runs in: one transaction, one audit record, events on commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import models, transaction

from helpdesk.core import events, failpoints
from permissions.audit.models import AuditRecord


class Step:
    """What a command tells its frame while it runs."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self.on: models.Model | None = None
        self.detail: dict[str, Any] = {}
        self.queued: list[events.Event] = []
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


@contextmanager
def command(verb: str, *, actor: Any, on: models.Model | None) -> Iterator[Step]:
    """Frame of a business act. `verb` is `noun.verb`; `actor` None means the system.

    Nobody can forget the audit record or publish too early. Durable: never inside another.
    """
    step = Step(verb)
    step.on = on
    with transaction.atomic(durable=True):
        yield step
        if not step.unchanged:
            AuditRecord.record(step.verb, actor=actor, on=step.on, detail=step.detail)
        failpoints.reach("after_insert_before_commit")
        transaction.on_commit(partial(failpoints.reach, "after_commit_before_ack"))
        for event in step.queued:
            transaction.on_commit(partial(events.publish, event))
