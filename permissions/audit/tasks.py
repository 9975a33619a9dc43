"""Sealing and verification in the background. Every task may run twice, or find nothing to do."""

import logging
import time
from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from permissions.audit import commands, reading, sealing
from permissions.audit.models import AuditCheck, Seal

logger = logging.getLogger(__name__)
STRETCH = 50.0  # seconds of checking in one task; the next one goes on where it stopped


@shared_task(ignore_result=True)
def seal_records() -> None:
    """Seal what was written since the last time."""
    sealing.seal_all()


@shared_task(ignore_result=True)
def expire_records() -> None:
    """Delete what is sealed and older than the rules keep it."""
    commands.expire_records()


@shared_task(ignore_result=True)
def check_daily() -> None:
    """Verify all records once a day, whoever asks."""
    commands.ask_check(actor=None)


@shared_task(ignore_result=True)
def sweep_checks() -> None:
    """Begin the checks whose doorbell was not heard."""
    waited = Now() - timedelta(minutes=2)
    for check in AuditCheck.objects.filter(finished_at=None, records=0, started_at__lt=waited):
        check_records(check.pk)


@shared_task(acks_late=True, ignore_result=True)
def check_records(check_pk: int) -> None:
    """Go on with a check; its row says how far it is."""
    with transaction.atomic():
        check = AuditCheck.objects.select_for_update(skip_locked=True).filter(pk=check_pk).first()
        if check is None or check.finished_at:
            return
    if check.position == 0:
        sealing.seal_all(5)
    before = Seal.objects.filter(number=check.position).first()
    verifier, until = reading.verifier(before), time.monotonic() + STRETCH
    over = True
    for seal, found in reading.groups(before):
        verifier.take(seal, found, timezone.now())
        if seal and time.monotonic() > until:
            over = False
            break
    if over:
        reading.compare_with_head(verifier, None)
    check.position = verifier.before.number if verifier.before else 0
    check.records += verifier.records
    check.findings += [
        {"what": found.what, "record": found.record, "seal": found.seal}
        for found in verifier.findings
    ]
    if over:
        check.finished_at = Now()
        if check.findings:
            logger.error("The audit records do not fit their seals: %s", check.findings[0])
    check.save()
    if not over:
        check_records.delay(check_pk)
