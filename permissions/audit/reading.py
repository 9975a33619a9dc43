"""The groups of the database, for verification and export."""

from collections.abc import Iterator
from typing import Any

from permissions.audit import head
from permissions.audit.models import AuditRecord, Seal
from permissions.audit.sealing import MOST
from permissions.audit.verifying import Group, Verifier, expired_to

SEALS = 50  # read at once: with their leaves they are 40 kB each


def _seals(after: int) -> Iterator[Seal]:
    while found := list(Seal.objects.filter(number__gt=after).order_by("number")[:SEALS]):
        yield from found
        after = found[-1].number


def groups(before: Seal | None = None) -> Iterator[Group]:
    """Every seal after this one with its records, then the records that have none yet."""
    last = before.last_id if before else None
    for seal in _seals(before.number if before else 0):
        covered = AuditRecord.objects.filter(id__lte=seal.last_id)
        if last is not None:
            covered = covered.filter(id__gt=last)
        yield seal, list(covered.order_by("id"))
        last = seal.last_id
    while True:
        rest = AuditRecord.objects.all()
        found = list((rest if last is None else rest.filter(id__gt=last)).order_by("id")[:MOST])
        if not found:
            return
        yield None, found
        last = found[-1].pk


def deleted_up_to() -> int:
    return expired_to(AuditRecord.objects.filter(verb="audit.expire").order_by("-id")[:10])


def verifier(before: Seal | None = None) -> Verifier:
    return Verifier(before=before, expired_to=deleted_up_to())


def compare_with_head(verifier: Verifier, checkpoint: dict[str, Any] | None) -> None:
    """Does the database go on from what is remembered outside of it?"""
    try:
        remembered = [found for found in (head.read(), checkpoint) if found]
    except ValueError:
        verifier.find("unreadable")
        return
    for known in remembered:
        made = Seal.objects.filter(number=known["number"]).values_list("mac", flat=True).first()
        verifier.remembered(known, made)
