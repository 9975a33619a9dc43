"""What proves the audit records: one way to write a record down, and keyed hashes over it.

No database here: an exported file is verified with this module and the key alone. The key comes
from the environment (`AUDIT_KEY`), never from the database, so whoever owns the tables can change
them but cannot make what they changed look right.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.conf import settings

LEAF = 8  # bytes a seal keeps of each record's hash, to name the one that does not fit

# The columns of a record in the order they are read; `id` and `mac` stand beside the content.
CONTENT = (
    "at",
    "verb",
    "actor_kind",
    "actor_id",
    "actor_name",
    "object_kind",
    "object_id",
    "detail",
    "request_id",
    "address",
)


def _steady(value: Any) -> Any:
    """The same value whether it comes from Python or back from jsonb, which knows one number."""
    if isinstance(value, dict):
        return {str(key): _steady(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_steady(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def written(facts: Mapping[str, Any]) -> bytes:
    """Facts as canonical JSON: sorted, without spaces, the same everywhere."""
    plain = json.dumps(
        _steady(facts), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    )
    return plain.encode()


def content_of(record: Any) -> bytes:
    """A record as it is hashed: all that it says, without its number."""
    facts = {name: getattr(record, name) for name in CONTENT}
    return written(facts | {"at": moment(facts["at"])})


def keys() -> list[bytes]:
    """The key that is in use, then older ones that still prove what they made."""
    return [key.encode() for key in (settings.AUDIT_KEY, *settings.AUDIT_KEY_FALLBACKS)]


@lru_cache
def mark(key: bytes) -> str:
    """Which key it is, without telling it."""
    return hmac.digest(key, b"tandem audit key", sha256)[:4].hex()


def sign(purpose: str, content: bytes, key: bytes | None = None) -> bytes:
    return hmac.digest(key or keys()[0], purpose.encode() + b"\n" + content, sha256)


def signed(purpose: str, content: bytes, mac: bytes | memoryview) -> bool:
    """Whether one of our keys made it."""
    return any(hmac.compare_digest(sign(purpose, content, key), bytes(mac)) for key in keys())


def fingerprint(content: bytes, mac: bytes | memoryview) -> bytes:
    """What a seal remembers of one record."""
    return sha256(content + bytes(mac)).digest()


def range_hash(prints: Iterable[tuple[int, bytes]]) -> str:
    """One hash over the numbers and fingerprints of a range."""
    whole = sha256()
    for number, print_ in prints:
        whole.update(number.to_bytes(8, "big", signed=True) + print_)
    return whole.hexdigest()


def gaps(after: int, last: int, present: Iterable[int]) -> list[list[int]]:
    """The numbers of a range that no record has, as [first, last] pairs."""
    found, expected = [], after + 1
    for number in (*present, last + 1):
        if number > expected:
            found.append([expected, number - 1])
        expected = number + 1
    return found
