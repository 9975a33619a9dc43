from celery import shared_task

from collaboration.drafts import commands, folding


@shared_task(acks_late=True, ignore_result=True)
def sweep_drafts() -> None:
    """Remove drafts that were sent or emptied long ago. Running it twice changes nothing."""
    commands.sweep_empty()


@shared_task(acks_late=True, ignore_result=True)
def fold_draft(draft_id: int) -> None:
    """Fold a draft's updates into its snapshot. Running it twice changes nothing."""
    folding.fold(draft_id)


@shared_task(acks_late=True, ignore_result=True)
def fold_long_drafts() -> None:
    """Fold what no doorbell was heard of."""
    folding.fold_long()
