from celery import shared_task

from collaboration.drafts import commands


@shared_task(acks_late=True, ignore_result=True)
def sweep_drafts() -> None:
    """Remove drafts that were sent or emptied long ago. Running it twice changes nothing."""
    commands.sweep_empty()
