"""Verification: the records beside their seals, in the database or in an exported file.

Both are read as groups: a seal with the records of its range, at last the records that have none
yet. What does not fit is named, the first one first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from permissions.audit import proof
from permissions.audit.models import AuditRecord, Seal
from permissions.audit.sealing import OVERDUE

Group = tuple[Seal | None, list[AuditRecord]]
ENOUGH = 20  # findings that are named


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit. `record` is the number of the audit record it is about."""

    what: str  # altered, missing, inserted, reordered, unsealed; seal … for the seals themselves
    record: int | None = None
    seal: int | None = None

    def __str__(self) -> str:
        return _sentence(self.what) % {"record": self.record, "seal": self.seal}


def _sentence(what: str) -> str:
    return {
        "altered": _("Record %(record)s was altered."),
        "missing": _("Record %(record)s is missing."),
        "inserted": _("Record %(record)s was inserted by somebody without the key."),
        "reordered": _("Record %(record)s is not in its place."),
        "unsealed": _("Record %(record)s and those after it were not sealed within a minute."),
        "seal altered": _("Seal %(seal)s was altered. It covers the records up to %(record)s."),
        "seal missing": _("Seal %(seal)s is missing, with the records from %(record)s on."),
        "other key": _("Seal %(seal)s was made with a key that is not given here."),
        "cut": _("The newest seals are missing, with the records from %(record)s on."),
        "forked": _("Seal %(seal)s is not the one that was remembered. Records were rewritten."),
        "unreadable": _("The remembered seal or the file cannot be read."),
        "incomplete": _("The file ends before its end."),
    }[what]


class Verifier:
    """Goes through groups in their order and remembers what does not fit."""

    def __init__(self, *, before: Seal | None = None, expired_to: int = 0) -> None:
        self.before = before
        self.expired_to = expired_to
        self.records = 0
        self.findings: list[Finding] = []
        self._older_allowed = False

    def find(self, what: str, record: int | None = None, seal: int | None = None) -> None:
        if len(self.findings) < ENOUGH:
            self.findings.append(Finding(what, record, seal))

    def take(self, seal: Seal | None, found: list[AuditRecord], now: datetime) -> None:
        self.records += len(found)
        if seal is None:
            self._unsealed(found, now)
        elif self._seal_fits(seal):
            self._records_fit(seal, found)

    def remembered(self, known: dict[str, Any], made: Any) -> None:
        """Compare with a checkpoint; `made` is the mac of the seal that has its number."""
        last = self.before
        if last is None or known["number"] > last.number:
            self.find("cut", last.last_id + 1 if last else 1, known["number"])
        elif made != known["mac"]:
            self.find("forked", seal=known["number"])

    def _seal_fits(self, seal: Seal) -> bool:
        before, self.before = self.before, seal
        number, after, mac = (before.number, before.last_id, before.mac) if before else (0, 0, "")
        if seal.key not in map(proof.mark, proof.keys()):
            self.find("other key", seal=seal.number)
            return False
        if not proof.signed("seal", proof.written(seal.facts()), _bytes(seal.mac)):
            self.find("seal altered", seal.last_id, seal.number)
            return False
        if seal.number != number + 1:
            self.find("seal missing", after + 1, number + 1)
        elif (seal.after_id, seal.previous) != (after, mac):
            self.find("seal altered", seal.last_id, seal.number)
        # Records without a mac are older than the seals: only the first seals may hold some.
        self._older_allowed = not before or (
            before.unsigned > 0 and before.unsigned == before.count
        )
        return True

    def _records_fit(self, seal: Seal, found: list[AuditRecord]) -> None:
        leaves = [
            bytes(seal.leaves[at : at + proof.LEAF])
            for at in range(0, len(seal.leaves), proof.LEAF)
        ]
        expected = dict(zip(_present(seal), leaves, strict=False))
        known_leaves = set(leaves)
        wrong: list[tuple[int, str]] = []
        seen: dict[int, bytes] = {}
        highest = 0
        for record in found:
            number = record.pk
            content = proof.content_of(record)
            print_ = proof.fingerprint(content, record.mac)
            if number not in expected or number in seen:
                wrong.append((number, "inserted"))
                continue
            if number < highest:
                wrong.append((number, "reordered"))
            highest = max(highest, number)
            seen[number] = print_
            if print_[: proof.LEAF] != expected[number]:
                moved = print_[: proof.LEAF] in known_leaves
                wrong.append((number, "reordered" if moved else "altered"))
            elif not self._signed(record, content, self._older_allowed):
                wrong.append((number, "inserted"))  # before it was sealed
        if seal.last_id > self.expired_to:
            wrong += [(number, "missing") for number in expected if number not in seen]
            if not wrong and proof.range_hash(sorted(seen.items())) != seal.hash:
                wrong.append((seal.last_id, "altered"))
        for number, what in sorted(wrong):
            self.find(what, number, seal.number)

    def _unsealed(self, found: list[AuditRecord], now: datetime) -> None:
        for record in found:
            if not self._signed(record, proof.content_of(record), self.before is None):
                self.find("altered", record.pk)
        if found and found[0].at < now - OVERDUE and not _has(self.findings, "unsealed"):
            self.find("unsealed", found[0].pk)

    def _signed(self, record: AuditRecord, content: bytes, older_allowed: bool) -> bool:
        if not record.mac and older_allowed:
            return True
        return proof.signed("record", content, record.mac)


def _has(findings: list[Finding], what: str) -> bool:
    return any(finding.what == what for finding in findings)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _present(seal: Seal) -> Iterator[int]:
    """The numbers of the records that the seal covers, in order."""
    start = seal.after_id + 1
    for first, last in (*seal.absent, (seal.last_id + 1, seal.last_id + 1)):
        yield from range(start, first)
        start = last + 1


def expired_to(records: Iterable[AuditRecord]) -> int:
    """Up to which number old records were deleted, as provable records of that say."""
    return max(
        (
            int(record.detail.get("through_record", 0))
            for record in records
            if record.verb == "audit.expire"
            and proof.signed("record", proof.content_of(record), record.mac)
        ),
        default=0,
    )
