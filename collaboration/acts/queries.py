"""How far an act on many conversations has come."""

import uuid
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from collaboration.acts.models import BulkJob
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent


def find(reader: Agent, pk: uuid.UUID) -> BulkJob:
    """One of the reader's own jobs. Raises NotFound."""
    found = BulkJob.objects.filter(pk=pk, agent=reader).first()
    if found is None:
        raise NotFound
    return found


def job_json(job: BulkJob) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "act": job.act,
        "total": job.total,
        "settled": job.position,
        "done": job.done,
        "refused": job.refused,
        "reasons": job.refusals,
        "finished": job.position >= job.total,
        "sentence": sentence(job),
    }


def sentence(job: BulkJob) -> str:
    """What came of it so far: "47 done, 3 refused: …"."""
    done = ngettext("%(count)s done", "%(count)s done", job.done) % {"count": job.done}
    if not job.refused:
        return done
    reasons = " · ".join(
        text if len(job.refusals) == 1 else f"{text} ({count})"
        for text, count in sorted(job.refusals.items(), key=lambda item: -item[1])
    )
    refused = ngettext(
        "%(count)s refused: %(reasons)s", "%(count)s refused: %(reasons)s", job.refused
    ) % {"count": job.refused, "reasons": reasons}
    return _("%(done)s, %(refused)s") % {"done": done, "refused": refused}
