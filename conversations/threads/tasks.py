from datetime import timedelta

from celery import shared_task
from django.db.models import Q
from django.db.models.functions import Now

from conversations.threads import commands
from conversations.threads.models import File

KEPT = timedelta(hours=24)  # an upload waits that long for its message
KEPT_WITH_DRAFT = timedelta(days=30)  # … after its conversation was resolved, with a draft


@shared_task(acks_late=True, ignore_result=True)
def wake_snoozed() -> None:
    """Open again what was set aside until now. Running it twice changes nothing."""
    commands.wake_due()


@shared_task(acks_late=True, ignore_result=True)
def sweep_files() -> None:
    """Remove uploads that no message took; those of a draft once its conversation is long
    resolved. Running it twice changes nothing."""
    left = Q(drafted="") | Q(conversation__resolved_at__lt=Now() - KEPT_WITH_DRAFT)
    for file in File.objects.filter(left, entry=None, at__lt=Now() - KEPT)[:1000]:
        file.stored.delete(save=False)
        file.delete()
