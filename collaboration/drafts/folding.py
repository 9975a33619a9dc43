"""Folding a long log into its snapshot, so that a draft opens as fast after a thousand edits."""

import logging

from collaboration.drafts import log
from collaboration.drafts.documents import Document
from collaboration.drafts.models import LONG, DraftUpdate, DraftVersion, SharedDraft
from collaboration.drafts.updates import clocks_of

logger = logging.getLogger(__name__)
PAGE = 200  # drafts of one sweep


def fold(draft_id: int) -> bool:
    """Fold the updates there are into the snapshot. Running it twice or at once is harmless.

    What is in the log up to a number stays as it is, so nobody who writes waits while it is read;
    and it is folded only once the snapshot, read as anybody would read it, is the same document.
    """
    draft = SharedDraft.objects.defer("snapshot", "runs").filter(pk=draft_id).first()
    if draft is None or draft.n == draft.snapshot_n:
        return False
    document = log.load(draft)
    snapshot = document.update_since()
    read = Document(snapshot, document.n)
    if (read.text, clocks_of(read.state)) != (document.text, clocks_of(document.state)):
        logger.error("draft %s: its snapshot is not its log, which is kept", draft.pk)
        return False
    behind = SharedDraft.objects.filter(pk=draft_id, snapshot_n__lt=document.n)
    if not behind.update(snapshot=snapshot, snapshot_n=document.n, runs=document.runs):
        return False
    draft.updates.filter(n__lte=document.n).delete()  # of no use any more, whenever it happens
    _forget_versions(draft)
    return True


def _forget_versions(draft: SharedDraft) -> None:
    unsent = draft.versions.filter(client_id=None).order_by("-id")
    oldest = unsent.values_list("pk", flat=True)[DraftVersion.KEPT : DraftVersion.KEPT + 1].first()
    if oldest is not None:
        unsent.filter(pk__lte=oldest).delete()


def fold_long() -> int:
    """Fold the drafts whose doorbell was not heard."""
    long = DraftUpdate.objects.filter(LONG).order_by("draft").values_list("draft", flat=True)
    return sum(fold(draft_id) for draft_id in list(long.distinct()[:PAGE]))
