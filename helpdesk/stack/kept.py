"""Secrets that an installation without given ones makes for itself and keeps. No Django here."""

import os
import secrets
from collections.abc import Callable

from helpdesk.stack.addresses import data_directory

UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # no 0 and o, no 1, i and l


def demo_password() -> str:
    """DEMO_PASSWORD, else one that was made once and lies in the data directory."""
    return os.environ.get("DEMO_PASSWORD", "") or _kept("demo-password", _easy)


def secret_key() -> str:
    """SECRET_KEY, else one that was made once and lies in the data directory."""
    return os.environ.get("SECRET_KEY", "") or _kept("secret-key", lambda: secrets.token_hex(40))


def data_keys() -> list[str]:
    """DATA_KEYS (the first encrypts, all decrypt), else one made once in the data directory."""
    given = [key.strip() for key in os.environ.get("DATA_KEYS", "").split(",") if key.strip()]
    return given or [_kept("data-key", lambda: secrets.token_hex(40))]


def audit_key() -> str:
    """AUDIT_KEY, else one made once in the data directory: never in the database."""
    return os.environ.get("AUDIT_KEY", "") or _kept("audit-key", lambda: secrets.token_hex(40))


def _easy() -> str:
    return "-".join("".join(secrets.choice(UNMISTAKABLE) for _ in range(4)) for _ in range(4))


def _kept(name: str, make: Callable[[], str]) -> str:
    """The file's text; made whole or not at all, and once, however many processes begin at once."""
    path = data_directory() / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{name}.{os.getpid()}")
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make() + "\n")
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            pass  # another process was first
        finally:
            unfinished.unlink()
    return path.read_text().strip()
