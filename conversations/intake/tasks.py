from celery import shared_task

from conversations.intake import commands


@shared_task(acks_late=True, ignore_result=True)
def sweep_sessions() -> None:
    """Forget expired customer sessions. Running it twice changes nothing."""
    commands.sweep_sessions()
