"""Real processes for the stack's tests: one web process, or all of `manage.py up`."""

import http.client
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

PROJECT = Path(__file__).resolve().parents[2]
TINY = {
    "DJANGO_SETTINGS_MODULE": "tests.stack.tiny.settings",
    "TANDEM_ASGI": "tests.stack.tiny.asgi:application",
}
T = TypeVar("T")
PATIENCE = 60.0  # seconds; the machine may be busy


def environment(**more: str) -> dict[str, str]:
    """Ours without what would lead the processes to another installation's servers."""
    dropped = {"DATABASE_URL", "REDIS_URL", "TANDEM_DATA", "DEMO", "DEMO_PASSWORD"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, **TINY, **more}


def wait_for(state: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """The first true value of `state`; fails with `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := state():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} seconds: {what}")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until_gone(pids: set[int], seconds: float) -> None:
    """Return when none of them lives; fails with what those that do are doing."""
    told = {pid: f"{pid} {command(pid)}" for pid in pids}
    try:
        wait_for(lambda: not any(map(alive, pids)), "no process left", seconds)
    except AssertionError as late:
        left = [f"{told[pid]}, in {_waits_in(pid)}" for pid in pids if alive(pid)]
        raise AssertionError(f"{late}: {left}") from None


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _waits_in(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/wchan").read_text()
    except OSError:
        return "?"


def rss(pid: int) -> int:
    """Resident memory in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port: int, path: str = "/healthz", **options: Any) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(options.pop("method", "GET"), path, **options)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


class Web:
    """One web process on a port of its own."""

    def __init__(self, server: str) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        fd = self.listener.fileno()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "helpdesk.stack.serve",
                "--server",
                server,
                "--fd",
                str(fd),
            ],
            cwd=PROJECT,
            env=environment(),
            pass_fds=[fd],
        )
        self.pid = self.process.pid

    def connect(self, *, buffer: int | None = None) -> socket.socket:
        """A raw connection, with a small receive buffer if asked."""
        peer = socket.socket()
        if buffer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        peer.settimeout(30)
        peer.connect(("127.0.0.1", self.port))
        return peer

    def upgrade(self, path: str, *, buffer: int | None = None, headers: str = "") -> socket.socket:
        """A raw WebSocket connection whose handshake is done."""
        peer = self.connect(buffer=buffer)
        peer.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{headers}\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += peer.recv(1)
        assert b" 101 " in answer.split(b"\r\n")[0], answer
        return peer


@contextmanager
def serving(server: str) -> Iterator[Web]:
    web = Web(server)
    try:
        assert get(web.port)[0] == 200
        yield web
    finally:
        web.process.kill()
        web.process.wait()
        web.listener.close()


class Up:
    """A running `manage.py up` and what it printed."""

    def __init__(self, folder: Path, *options: str, port: int | None = None, **env: str) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(self.port), *options],
            cwd=PROJECT,
            env=environment(TANDEM_DATA=str(folder), **env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line.rstrip())
        self._lines.put(None)

    def wait_for_line(self, pattern: str) -> str:
        """The next printed line that matches."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line {pattern!r} in {self.printed}") from None
            assert line is not None, f"ended without a line {pattern!r}: {self.printed}"
            self.printed.append(line)
            if re.search(pattern, line):
                return line

    def wait_until_up(self) -> "Up":
        self.wait_for_line("Ctrl-C stops it")
        return self

    def ended(self) -> tuple[int, list[str]]:
        """Its exit code and all it printed."""
        code = self.process.wait(PATIENCE)
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            self.printed.append(line)
        return code, self.printed

    def pid(self, name: str) -> int:
        def read() -> int:
            try:
                return int((self.folder / "run" / f"{name}.pid").read_text())
            except (OSError, ValueError):
                return 0

        return wait_for(read, f"a pid file of {name}")

    def pids(self) -> dict[str, int]:
        return {path.stem: self.pid(path.stem) for path in (self.folder / "run").glob("*.pid")}

    def family(self) -> set[int]:
        """Every living process that was started for this data directory, at any depth."""
        found = set()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                environ = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            folder = str(self.folder).encode()
            if (folder in environ or folder in command) and alive(int(entry.name)):
                found.add(int(entry.name))
        return found - {os.getpid()}

    def stop(self) -> None:
        """Whatever happened, leave nothing behind."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        try:
            wait_for(lambda: not self.family(), "an end of all processes", 20)
        except AssertionError:
            for pid in self.family():
                os.kill(pid, signal.SIGKILL)
            raise
