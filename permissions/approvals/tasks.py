from celery import shared_task

from permissions.approvals import commands


@shared_task(acks_late=True, ignore_result=True)
def sweep_approvals() -> None:
    """Finish what was approved and not done, end what lapsed. Running it twice changes nothing."""
    commands.sweep()
