"""Secrets that an installation without given ones makes for itself and keeps. No Django here."""

import os
import secrets

from helpdesk.stack.addresses import data_directory

UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # no 0 and o, no 1, i and l


def demo_password() -> str:
    """DEMO_PASSWORD, else one that was made once and lies in the data directory."""
    if given := os.environ.get("DEMO_PASSWORD", ""):
        return given
    path = data_directory() / "demo-password"
    try:
        if kept := path.read_text().strip():
            return kept
    except FileNotFoundError:
        pass
    made = "-".join("".join(secrets.choice(UNMISTAKABLE) for _ in range(4)) for _ in range(4))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(made + "\n")
    unfinished.replace(path)
    return made
