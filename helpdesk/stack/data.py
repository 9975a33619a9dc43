"""The data directory: made, checked, and held by one supervisor at a time."""

import errno
import fcntl
import os
import shutil
from pathlib import Path

from helpdesk.stack import processes
from helpdesk.stack.errors import CannotStart

# A new cluster of PostgreSQL takes about 50 MB, and it panics when its log finds no room.
NEEDED_BYTES = 200 * 1024 * 1024
FULL = (errno.ENOSPC, errno.EDQUOT)
NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


def take(data: Path) -> int:
    """Make the data directory ready and hold it until this process ends; returns the lock.

    Raises CannotStart when it is in use, cannot be written, or its disk is full.
    """
    try:
        for folder in (data, data / "run", data / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        probe = data / "run" / "probe"
        probe.write_bytes(b"\0" * 65536)
        probe.unlink()
    except OSError as problem:
        raise explained(problem, data) from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        pid = processes.read_pid(data / "run" / "supervisor.pid")
        who = f" by process {pid}" if pid else ""
        raise CannotStart(
            f"Tandem already runs on {data}{who}: stop that one first, or set TANDEM_DATA to "
            "another directory."
        ) from None
    if shutil.disk_usage(data).free < NEEDED_BYTES:
        os.close(lock)
        raise _full(data)
    return lock


def explained(problem: OSError, data: Path) -> Exception:
    """What an operator can do about this error, or the error itself."""
    if problem.errno in FULL:
        return _full(data)
    if problem.errno in NOT_ALLOWED:
        return CannotStart(
            f"{data} cannot be written ({problem.strerror}): change its owner or permissions, or "
            "set TANDEM_DATA to another directory."
        )
    return problem


def end_leftovers(data: Path) -> None:
    """End web processes and workers that outlived a killed supervisor, and their pid files."""
    for path in (data / "run").glob("*.pid"):
        if path.stem in ("postgres", "redis"):
            continue  # ended before they are started again, when it is known how
        pid = processes.read_pid(path)
        ours = ("TANDEM_PROCESS", f"{data}:{path.stem}")
        if pid and processes.is_alive(pid) and processes.has_environment(pid, *ours):
            processes.end_group(pid)
        path.unlink(missing_ok=True)


def _full(data: Path) -> CannotStart:
    return CannotStart(
        f"The disk of {data} is full: free at least {NEEDED_BYTES // 1024**2} MB and start again."
    )
