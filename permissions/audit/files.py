"""An export that proves itself: JSON lines of seals and records, verified without the database."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from permissions.audit import proof
from permissions.audit.models import AuditRecord, Seal
from permissions.audit.reading import groups
from permissions.audit.verifying import Group, Verifier, expired_to


def record_facts(record: AuditRecord) -> dict[str, Any]:
    facts = {name: getattr(record, name) for name in proof.CONTENT}
    return {
        "kind": "record",
        "id": record.pk,
        **facts,
        "at": proof.moment(record.at),
        "mac": bytes(record.mac).hex(),
    }


def _line(facts: dict[str, Any]) -> str:
    return proof.written(facts).decode() + "\n"


def export_lines() -> Iterator[str]:
    """The whole database of records, group by group, with a signed last line."""
    now, records, seals = proof.moment(timezone.now()), 0, 0
    yield _line({"kind": "export", "at": now})
    for seal, found in groups():
        if seal:
            seals += 1
            yield _line({"kind": "seal", **seal.facts(), "mac": seal.mac})
        records += len(found)
        yield from (_line(record_facts(record)) for record in found)
    end = {"at": now, "records": records, "seals": seals}
    yield _line({"kind": "end", **end, "mac": proof.sign("end", proof.written(end)).hex()})


def lines_of(text: str) -> list[str]:
    """The lines of a file; characters that only look like an end of line stay inside."""
    return text.removesuffix("\n").split("\n")


def _record(facts: dict[str, Any]) -> AuditRecord:
    return AuditRecord(
        id=int(facts["id"]),
        at=datetime.fromisoformat(facts["at"]),
        mac=bytes.fromhex(facts["mac"]),
        **{name: facts[name] for name in proof.CONTENT if name != "at"},
    )


def _groups(lines: Iterable[dict[str, Any]]) -> Iterator[Group]:
    seal: Seal | None = None
    found: list[AuditRecord] = []
    for facts in lines:
        if facts["kind"] == "seal":
            if seal or found:
                yield seal, found
            seal = Seal.of_facts({name: facts[name] for name in facts if name != "kind"})
            found = []
            continue
        record = _record(facts)
        if seal and record.pk > seal.last_id and len(found) >= seal.count:
            yield seal, found
            seal, found = None, []
        found.append(record)
    if seal or found:
        yield seal, found


def verify_file(lines: list[str], checkpoint: dict[str, Any] | None = None) -> Verifier:
    """Verify an export. Needs the key, and neither a database nor a network."""
    try:
        return _verify([json.loads(line) for line in lines], checkpoint)
    except (AttributeError, KeyError, TypeError, ValueError):
        broken = Verifier()
        broken.find("unreadable")
        return broken


def _verify(facts: list[dict[str, Any]], checkpoint: dict[str, Any] | None) -> Verifier:
    first, *body, end = facts
    records = [_record(line) for line in body if line["kind"] == "record"]
    seals = {line["number"]: line["mac"] for line in body if line["kind"] == "seal"}
    verifier = Verifier(expired_to=expired_to(records))
    for seal, found in _groups(body):
        verifier.take(seal, found, datetime.fromisoformat(first["at"]))
    if checkpoint:
        verifier.remembered(checkpoint, seals.get(checkpoint["number"]))
    counted = {"at": first["at"], "records": len(records), "seals": len(seals)}
    mac = bytes.fromhex(end["mac"]) if end["kind"] == "end" else b""
    if not verifier.findings and not proof.signed("end", proof.written(counted), mac):
        verifier.find("incomplete")
    return verifier
