"""Acts on many conversations. Each runs the command of one: its own rights, audit and events."""

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from collaboration.acts.events import BulkJobBegun
from collaboration.acts.models import BulkJob
from collaboration.acts.table import ACTS, WorkspaceAct
from helpdesk.core.refusals import Conflict, Invalid, Refusal
from permissions.accounts.models import Agent
from permissions.acts.command import command

logger = logging.getLogger(__name__)

MOST = 20_000  # conversations of one job
AT_ONCE = 25  # so few are done before the answer
LEASE = timedelta(seconds=60)
BUDGET = 60.0  # seconds of one go; a worker's tasks have to end some time
REASONS = 20  # different sentences that are kept
KEPT = timedelta(days=7)


def begin(
    *,
    agent: Agent,
    act: str,
    data: Mapping[str, Any],
    ids: Sequence[uuid.UUID],
    client_id: uuid.UUID,
) -> BulkJob:
    """Ask for an act on these conversations. Safe to send again with the same `client_id`.

    Conflict if that is another act's: which conversations a list holds may have changed meanwhile.
    """
    one = _act(act)
    arguments = one.read(data, agent)
    if len(ids) > MOST:
        raise Invalid(gettext_lazy("These are too many at once. Narrow the list down first."))
    kept = {key: value for key, value in data.items() if isinstance(value, str | int | None)}
    if until := arguments.get("until"):
        kept["until"] = until.isoformat()  # "in an hour" means an hour from now, not from then
    with command("bulk.begin", actor=agent, on=None) as step:
        unique = list(dict.fromkeys(ids))
        job, made = BulkJob.objects.get_or_create(
            agent=agent,
            client_id=client_id,
            defaults={
                "act": act,
                "data": kept,
                "language": translation.get_language() or "en",
                "ids": unique,
                "total": len(unique),
            },
        )
        step.on = job
        if not made:
            if (job.act, _lasting(job.data)) != (act, _lasting(kept)):
                raise Conflict(gettext_lazy("This id was already used for another request."))
            step.nothing_changed()
        elif job.total > AT_ONCE:
            step.tell(BulkJobBegun(str(job.pk)))
        step.note(act=act, conversations=job.total)
    return job


def _lasting(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is the same when it is asked again: "in an hour" is later by then."""
    return {key: value for key, value in data.items() if key != "until"}


def _act(name: str) -> WorkspaceAct:
    found = ACTS.get(name)
    if found is None or not found.in_bulk:
        raise Invalid(gettext_lazy("This cannot be done to many at once."))
    return found


def run(job_id: uuid.UUID | str) -> None:
    """Go on with a job, for a while. Two at once, or once more, changes nothing."""
    free = _free().filter(pk=job_id)
    if not free.update(leased_until=Now() + LEASE):
        return
    end = time.monotonic() + BUDGET
    job = BulkJob.objects.select_related("agent").get(pk=job_id)
    with translation.override(job.language):
        while job.position < job.total and time.monotonic() < end:
            refusal = _do(job, job.ids[job.position])
            if not _settle(job, refusal):
                return  # somebody else has it by now
    finished = Now() if job.position == job.total else None
    BulkJob.objects.filter(pk=job_id).update(finished_at=finished, leased_until=None)


def _free() -> QuerySet[BulkJob]:
    """Jobs that nobody works on."""
    leased = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
    return BulkJob.objects.filter(leased, finished_at=None)


def _do(job: BulkJob, conversation: uuid.UUID) -> str:
    """Do it to one of them; the sentence of the refusal, or ''."""
    agent = Agent.objects.get(pk=job.agent_id)  # their rights as they are now
    act = ACTS[job.act]
    try:
        act.command(agent=agent, conversation=conversation, **act.read(job.data, agent))
    except Refusal as refusal:
        return str(refusal.sentence)
    except (OperationalError, InterfaceError):
        raise  # away for a moment: the sweep goes on with it
    except Exception:
        logger.exception("bulk job %s failed on %s", job.pk, conversation)
        return _("That did not work.")
    return ""


def _settle(job: BulkJob, refusal: str) -> bool:
    """Count one as settled, and keep the job for the next."""
    refusals = dict(job.refusals)
    if refusal:
        known = refusal in refusals or len(refusals) < REASONS
        sentence = refusal if known else _("Other reasons")
        refusals[sentence] = refusals.get(sentence, 0) + 1
    done = job.done + (not refusal)
    moved = BulkJob.objects.filter(pk=job.pk, position=job.position).update(
        position=job.position + 1, done=done, refusals=refusals, leased_until=Now() + LEASE
    )
    job.position, job.done, job.refusals = job.position + 1, done, refusals
    return bool(moved)


def run_waiting() -> bool:
    """Go on with the oldest job nobody works on. Returns whether there was one."""
    BulkJob.objects.filter(finished_at__lt=Now() - KEPT).delete()
    oldest = _free().order_by("created_at").values_list("pk", flat=True).first()
    if oldest is not None:
        run(oldest)
    return oldest is not None
