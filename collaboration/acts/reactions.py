from collaboration.acts.events import BulkJobBegun
from collaboration.acts.tasks import run_bulk_job
from helpdesk.core.events import reacts_to


@reacts_to(BulkJobBegun)
def ring(event: BulkJobBegun) -> None:
    """If nobody hears it, the sweep finds the job."""
    run_bulk_job.apply_async([event.job_id], retry=False)
