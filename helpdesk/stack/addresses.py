"""Where the data directory, the database and Redis are. Imported by the settings: no Django here.

The embedded servers listen on Unix sockets in one directory that only their account (and root) may
enter, so no port can be taken, nobody else on the machine can connect, and every process that knows
the data directory knows the addresses, whether the servers run or not.
"""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote, urlsplit

from helpdesk.stack.errors import CannotStart

PROJECT = Path(__file__).resolve().parents[2]

# A Unix socket's path may have 107 bytes on Linux and 103 on macOS; the longest name used is
# ".s.PGSQL.5432" with its slash.
LONGEST_SOCKET_DIRECTORY = 103 - len("/.s.PGSQL.5432")

REDIS_SCHEMES = ("redis", "rediss", "unix")
DATABASE_SCHEMES = ("postgres", "postgresql")


def data_directory() -> Path:
    """The directory with everything this installation keeps: TANDEM_DATA, else ./var."""
    return Path(os.environ.get("TANDEM_DATA") or PROJECT / "var").expanduser().resolve()


def socket_directory() -> Path:
    """Where the embedded servers listen: in the data directory, unless its path is too long or has
    a comma, which PostgreSQL and its clients take for the end of one of several."""
    inside = data_directory() / "sockets"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_DIRECTORY and "," not in str(inside):
        return inside
    # Whoever starts the servers makes sure that it belongs to them and to nobody else.
    return Path("/tmp", f"tandem-{hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]}")  # noqa: S108


def database_url() -> str:
    """DATABASE_URL, else the address of the embedded PostgreSQL of the data directory."""
    given = os.environ.get("DATABASE_URL", "")
    if given:
        return _checked("DATABASE_URL", given, DATABASE_SCHEMES, "postgresql://user@host/name")
    return f"postgresql://tandem@{quote(str(socket_directory()), safe='')}/tandem"


def redis_url() -> str:
    """REDIS_URL, else the address of the embedded Redis of the data directory.

    For redis-py and Django's cache. Celery spells socket addresses differently: broker_url().
    """
    given = os.environ.get("REDIS_URL", "")
    if given:
        return _checked("REDIS_URL", given, REDIS_SCHEMES, "redis://host:6379/0")
    return f"unix://{quote(str(socket_directory() / 'redis.sock'))}"


def broker_url() -> str:
    """The address of redis_url() in the spelling that Celery understands."""
    address = redis_url()
    if not address.startswith("unix://"):
        return address
    return "redis+socket://" + address.removeprefix("unix://")


def database_is_embedded() -> bool:
    """Whether `manage.py up` has to run PostgreSQL itself."""
    return not os.environ.get("DATABASE_URL")


def redis_is_embedded() -> bool:
    """Whether `manage.py up` has to run Redis itself."""
    return not os.environ.get("REDIS_URL")


def _checked(variable: str, address: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(address)
        known = parts.scheme in schemes and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        raise CannotStart(f"{variable} is not an address Tandem can use; write it like {example}.")
    return address
