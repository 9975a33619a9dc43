"""The newest seal, remembered outside the database.

Whoever cuts off the newest records together with their seals, or puts an older backup in place,
leaves a database that fits in itself; this file says that there was more. Copies of it may be kept
anywhere (`manage.py verify_audit --checkpoint FILE`).
"""

import json
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from permissions.audit.models import Seal

logger = logging.getLogger(__name__)


def path() -> Path:
    return Path(settings.AUDIT_HEAD)


def read(file: Path | None = None) -> dict[str, Any] | None:
    """What is remembered; None when there is nothing. Raises ValueError for what cannot be read."""
    try:
        found = json.loads((file or path()).read_text())
        return {"number": int(found["number"]), "last_id": int(found["last_id"]), **found}
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError):
        raise ValueError(str(file or path())) from None


def remember(seal: Seal) -> None:
    """Keep this seal as the newest, unless what is remembered is no ancestor of it."""
    try:
        known = read()
    except ValueError:
        return logger.error("%s cannot be read: verify the audit records", path())
    if known and not _follows(seal, known):
        return logger.error("The audit seals do not continue what %s remembers", path())
    text = json.dumps({"number": seal.number, "last_id": seal.last_id, "mac": seal.mac})
    unfinished = path().with_name(f"{path().name}.{os.getpid()}")
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path())
    except OSError:
        logger.exception("The newest seal could not be remembered in %s", path())


def _follows(seal: Seal, known: dict[str, Any]) -> bool:
    if known["number"] == seal.number - 1:
        return bool(known["mac"] == seal.previous)
    return Seal.objects.filter(number=known["number"], mac=known["mac"]).exists()


def forget() -> None:
    with suppress(FileNotFoundError):
        path().unlink()
