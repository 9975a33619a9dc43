"""Facts about other processes: alive, ours, and how to end those that an earlier run left."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_parent(stop_signal: int) -> Callable[[], None]:
    """A preexec function: however we die, the kernel sends `stop_signal` to the child."""
    parent = os.getpid()

    def before_exec() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)
            if os.getppid() != parent:  # it died before we could ask
                os._exit(1)

    return before_exec


def is_alive(pid: int) -> bool:
    """Whether `pid` runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return False
    except (OSError, IndexError):
        return False
    else:
        return state not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def working_in(folder: Path, command: str) -> list[int]:
    """Living processes of that command whose working directory is `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text().strip() != command:
                continue
            if (entry / "cwd").readlink() == folder.resolve() and is_alive(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def has_environment(pid: int, name: str, value: str) -> bool:
    """Whether `pid` was started with that environment variable."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"{name}={value}".encode() in environment.split(b"\0")


def read_pid(path: Path) -> int | None:
    """The number in the first line of a pid file, if there is one."""
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def end(pids: Collection[int], *signals: tuple[int, float]) -> None:
    """Send each signal to all of them and wait its seconds, then SIGKILL to those that are left."""
    left = set(pids)
    for number, seconds in (*signals, (signal.SIGKILL, 5.0)):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                os.kill(pid, signal.SIGCONT)  # a stopped process would never see it
        deadline = time.monotonic() + seconds
        while (left := {pid for pid in left if is_alive(pid)}) and time.monotonic() < deadline:
            time.sleep(0.02)


def end_group(pid: int, seconds: float = 5.0) -> None:
    """End the process and all of the process group that it leads."""
    end([pid], (signal.SIGTERM, seconds))
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
