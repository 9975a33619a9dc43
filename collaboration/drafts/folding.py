"""Folding a long log into its snapshot, so that a draft opens as fast after a thousand edits."""

import logging

from django.db import transaction
from django.db.models import F

from collaboration.drafts import log
from collaboration.drafts.documents import Document
from collaboration.drafts.models import DraftVersion, SharedDraft

logger = logging.getLogger(__name__)
PAGE = 200  # drafts of one sweep


def fold(draft_id: int) -> bool:
    """Fold the updates there are into the snapshot. Running it twice or at once is harmless.

    It takes the lock that every writer takes, so the snapshot holds all that is deleted; and only
    once the snapshot, read as anybody would read it, is the same document.
    """
    with transaction.atomic(durable=True):
        draft = (
            SharedDraft.objects.defer("snapshot", "runs")
            .select_for_update(no_key=True)
            .filter(pk=draft_id)
            .first()
        )
        if draft is None or draft.n == draft.snapshot_n:
            return False
        document = log.load(draft)
        snapshot = document.update_since()
        read = Document(snapshot, document.runs, document.n)
        if (read.text, read.state) != (document.text, document.state):
            logger.error("draft %s: its snapshot is not its log, which is kept", draft.pk)
            return False
        draft.snapshot, draft.snapshot_n, draft.runs = snapshot, document.n, document.runs
        draft.save(update_fields=["snapshot", "snapshot_n", "runs"])
        draft.updates.filter(n__lte=document.n).delete()
        _forget_versions(draft)
        return True


def _forget_versions(draft: SharedDraft) -> None:
    unsent = draft.versions.filter(client_id=None).order_by("-id")
    oldest = unsent.values_list("pk", flat=True)[DraftVersion.KEPT : DraftVersion.KEPT + 1].first()
    if oldest is not None:
        unsent.filter(pk__lte=oldest).delete()


def fold_long() -> int:
    """Fold the drafts whose doorbell was not heard."""
    found = SharedDraft.objects.filter(n__gte=F("snapshot_n") + SharedDraft.FOLD).order_by("pk")
    return sum(fold(pk) for pk in list(found.values_list("pk", flat=True)[:PAGE]))
