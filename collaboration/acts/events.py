from helpdesk.core.events import Event, event


@event
class BulkJobBegun(Event):
    """An act on many conversations waits for a worker."""

    name = "bulk_job.begun"
    job_id: str
