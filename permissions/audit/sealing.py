"""Sealing: ranges of records are proved one after the other, a few seconds after they are written.

Records get their numbers before they commit, so a lower number may appear after a higher one. A
range is therefore sealed only when every transaction that could still bring a number of it has
ended: whoever took a number holds a lock on the table until then, and PostgreSQL tells who does.
"""

import logging
import time
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from permissions.audit import head, proof
from permissions.audit.models import AuditRecord, Seal

logger = logging.getLogger(__name__)

MOST = 5_000  # records of one seal
PATIENCE = 3.0  # seconds to wait for transactions that are under way
OVERDUE = timedelta(minutes=1)  # what waits for longer is told
ONE_AT_A_TIME = 0x7A11_5EA1

_TAKEN = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM permissions_auditrecord_id_seq"
_WRITING = """
SELECT virtualtransaction FROM pg_locks
WHERE relation = 'permissions_auditrecord'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid IS DISTINCT FROM pg_backend_pid()
"""


def _rows(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def settled() -> int | None:
    """A number up to which nothing can appear any more; None if others write for too long."""
    ((taken,),) = _rows(_TAKEN)
    writing = set(_rows(_WRITING))
    patience = time.monotonic() + PATIENCE
    while writing:
        if time.monotonic() > patience:
            return None
        time.sleep(0.01)
        writing &= set(_rows(_WRITING))
    return int(taken)  # type: ignore[call-overload]


def seal_next() -> Seal | None:
    """Seal the next range; None when nothing settled is left, or another process seals now."""
    with transaction.atomic():
        ((ours,),) = _rows(f"SELECT pg_try_advisory_xact_lock({ONE_AT_A_TIME})")
        if not ours:
            return None
        before = Seal.objects.order_by("-number").first()
        after = before.last_id if before else 0
        high = settled()
        if high is None or high <= after:
            return None
        found = list(AuditRecord.objects.filter(id__gt=after, id__lte=high).order_by("id")[:MOST])
        if not found:
            return None
        seal = _seal(before, after, found[-1].pk if len(found) == MOST else high, found)
        seal.save(force_insert=True)
    head.remember(seal)
    return seal


def _seal(before: Seal | None, after: int, last: int, found: list[AuditRecord]) -> Seal:
    prints = [(record.pk, _print(record)) for record in found]
    seal = Seal(
        number=before.number + 1 if before else 1,
        after_id=after,
        last_id=last,
        count=len(found),
        absent=proof.gaps(after, last, (number for number, _print in prints)),
        leaves=b"".join(print_[: proof.LEAF] for _number, print_ in prints),
        hash=proof.range_hash(prints),
        unsigned=sum(not record.mac for record in found),
        at=timezone.now(),
        previous=before.mac if before else "",
        key=proof.mark(proof.keys()[0]),
    )
    seal.mac = proof.sign("seal", proof.written(seal.facts())).hex()
    return seal


def _print(record: AuditRecord) -> bytes:
    return proof.fingerprint(proof.content_of(record), record.mac)


def seal_all(seconds: float = 60.0) -> int:
    """Seal what is settled, range after range. Returns how many seals were made."""
    made, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and seal_next():
        made += 1
    return made


def unsealed_since() -> datetime | None:
    """Since when the oldest record waits for its seal; None when all are sealed."""
    last = Seal.objects.order_by("-number").values_list("last_id", flat=True).first() or 0
    waiting = AuditRecord.objects.filter(id__gt=last).order_by("id")
    return waiting.values_list("at", flat=True).first()


def is_late(since: datetime | None) -> bool:
    """Whether a record has waited for its seal for longer than it may."""
    return since is not None and since < timezone.now() - OVERDUE
