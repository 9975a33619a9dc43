from celery import shared_task

from collaboration.acts import commands


@shared_task(acks_late=True, ignore_result=True)
def run_bulk_job(job_id: str) -> None:
    """Do the acts of one job. Running it twice changes nothing."""
    commands.run(job_id)


@shared_task(acks_late=True, ignore_result=True)
def sweep_bulk_jobs() -> None:
    """Go on with jobs whose doorbell was not heard or whose worker died."""
    commands.run_waiting()
