from celery import shared_task

from collaboration.notices import deriving
from collaboration.notices.events import NoticesChanged
from helpdesk.core import events


@shared_task(acks_late=True, ignore_result=True)
def sweep_notices() -> None:
    """Make the notices nobody made yet. Running it twice changes nothing."""
    if concerned := deriving.sweep():
        events.publish(NoticesChanged(tuple(sorted(concerned))))


@shared_task(acks_late=True, ignore_result=True)
def forget_old_notices() -> None:
    deriving.forget_old()
