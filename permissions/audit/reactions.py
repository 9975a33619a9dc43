from helpdesk.core.events import reacts_to
from permissions.audit.events import CheckAsked
from permissions.audit.tasks import check_records


@reacts_to(CheckAsked)
def ring(event: CheckAsked) -> None:
    """The doorbell; a check that nobody heard of is found by the sweep."""
    check_records.apply_async([event.check_id], retry=False)
