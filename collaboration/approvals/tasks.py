from celery import shared_task

from conversations.threads.commands.approvals import tell_of_approval
from permissions.approvals.models import Approval

PAGE = 200


@shared_task(acks_late=True, ignore_result=True)
def tell_of_approvals() -> None:
    """Put on the timelines what nobody put there. Running it twice changes nothing."""
    for pk in Approval.objects.untold().order_by("asked_at").values_list("pk", flat=True)[:PAGE]:
        tell_of_approval(pk)
