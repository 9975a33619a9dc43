"""All of Tandem as real processes on a data directory and a port of their own, to be hurt."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.faults.harness import cast
from tests.stack.prepared import PRODUCT, Prepared
from tests.stack.processes import PROJECT, Up, alive, environment, rss

PASSWORD = "correct-horse-battery"
READY_AGAIN = 60.0  # seconds that any recovery may take on a busy machine


class System:
    """`manage.py up`, its pid files, and every way to break a part of it."""

    def __init__(self, prepared: Prepared, *options: str, web: int = 2, **env: str) -> None:
        # A short path: the embedded servers' sockets lie in it.
        self.folder = Path(tempfile.mkdtemp(prefix="tandem-faults-"))
        self.failpoints = self.folder / "failpoints"
        self.failpoints.mkdir()
        self.env = {
            **PRODUCT,
            "TANDEM_FAILPOINTS": "1",
            "HELPDESK_FAILPOINT": str(self.failpoints),
            "LIMITS_SCALE": "100000",
            **env,
        }
        self.web = web
        options = ("--web", str(web), *options)
        data = prepared.copy("product", self.folder / "data")
        self.up = Up(data, *options, port=None, **self.env)
        self.port = self.up.port
        self.sign_ins: dict[str, dict[str, str]] = {}  # agent → headers of their requests
        try:
            self.up.wait_until_up()
            self.act("make", PASSWORD)
        except BaseException:
            self.stop()
            raise

    def stop(self, *, keep: bool = False) -> None:
        """End every process; `keep` leaves the logs where they can be read."""
        for name in ("redis", "postgres", "web-1", "web-2"):  # nothing frozen outlives a test
            path = self.up.folder / "run" / f"{name}.pid"
            if path.exists():
                self._kill(int(path.read_text() or 0), signal.SIGCONT)
        self.up.stop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- processes ---

    def pid(self, name: str) -> int:
        return self.up.pid(name)

    def hit(self, name: str, number: signal.Signals) -> int:
        """Send a signal to the process of that name; returns its pid."""
        pid = self.pid(name)
        self._kill(pid, number)
        return pid

    @staticmethod
    def _kill(pid: int, number: signal.Signals) -> None:
        if pid > 1 and alive(pid):
            os.kill(pid, number)

    def webs(self) -> list[str]:
        return [f"web-{number}" for number in range(1, self.web + 1)]

    def rss(self, name: str) -> int:
        return rss(self.pid(name))

    def serving(self, name: str, source: str = "") -> int:
        """TCP connections that a web process holds now (from one source address)."""
        fds = Path(f"/proc/{self.pid(name)}/fd")
        held = set()
        for fd in fds.iterdir():
            try:
                held.add(str(fd.readlink()))
            except OSError:
                continue
        count = 0
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            part = line.split()
            local, remote, state, inode = part[1], part[2], part[3], part[9]
            address = socket.inet_ntoa(bytes.fromhex(remote.split(":")[0])[::-1])
            if state == "01" and int(local.split(":")[1], 16) == self.port:
                count += f"socket:[{inode}]" in held and source in ("", address)
        return count

    async def dead(self, pid: int) -> None:
        await until(lambda: not alive(pid), f"an end of process {pid}")

    async def restarted(self, name: str, old: int) -> None:
        """Wait until the supervisor runs another process of that name."""
        path = self.up.folder / "run" / f"{name}.pid"

        def renewed() -> bool:
            try:
                pid = int(path.read_text())
            except (OSError, ValueError):
                return False
            return pid != old and alive(pid)

        await until(renewed, f"a new {name}")

    async def settled(self) -> None:
        """Wait until everything runs and answers: where every test begins and ends."""
        for path in self.failpoints.iterdir():
            path.unlink(missing_ok=True)
        for name in ("redis", "postgres", *self.webs()):
            self.hit(name, signal.SIGCONT)
        deadline = time.monotonic() + READY_AGAIN
        timeout = aiohttp.ClientTimeout(total=10)
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
            good = 0
            while good < 2 * self.web:
                if time.monotonic() > deadline:
                    raise AssertionError("the system did not recover")
                good = good + 1 if await self._is_ready(http) else 0
                if not good:
                    await asyncio.sleep(0.2)
        knocking: list[asyncio.StreamWriter] = []
        try:
            while not all(map(self.serving, self.webs())):  # a process that starts accepts nobody
                if time.monotonic() > deadline:
                    raise AssertionError("not every web process serves")
                knocking.append((await asyncio.open_connection("127.0.0.1", self.port))[1])
                await asyncio.sleep(0.05)
        finally:
            for writer in knocking:
                writer.close()

    async def _is_ready(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(self.url("/readyz")) as answer:
                return answer.status == 200 and bool((await answer.json())["redis"])
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    # --- parts ---

    def url(self, path: str, port: int | None = None) -> str:
        return f"http://127.0.0.1:{port or self.port}{path}"

    def open_redis(self) -> redis.Redis:
        """A connection to the embedded Redis."""
        path = self.up.folder / "sockets" / "redis.sock"
        return redis.Redis(
            unix_socket_path=str(path), socket_timeout=5, retry=Retry(NoBackoff(), 0)
        )

    async def lose_listeners(self) -> int:
        """Cut every subscription of Redis; returns how many there were."""
        return int(await self._tell_redis("CLIENT", "KILL", "TYPE", "pubsub"))

    async def flush_redis(self) -> None:
        await self._tell_redis("FLUSHALL")

    async def restart_redis(self) -> None:
        """`SHUTDOWN NOSAVE`; the supervisor starts it again."""
        old = self.pid("redis")
        with suppress(redis.ConnectionError):
            await self._tell_redis("SHUTDOWN", "NOSAVE")
        await self.restarted("redis", old)

    async def _tell_redis(self, *command: str) -> Any:
        def tell() -> Any:
            with self.open_redis() as server:
                return server.execute_command(*command)

        return await asyncio.to_thread(tell)

    async def restart_postgres(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT is the fast way, SIGQUIT the immediate one: like a power cut."""
        old = self.hit("postgres", number)
        await self.restarted("postgres", old)

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """Ask the embedded PostgreSQL as its superuser."""
        host = str(self.up.folder / "sockets")
        with psycopg.connect(
            host=host, user="postgres", dbname="tandem", autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def arm(self, failpoint: str, action: str = "exit") -> Path:
        """Let the next process that passes this point end there (once)."""
        waiting = self.failpoints / f"{failpoint}.new"
        waiting.write_text(action)
        return waiting.rename(self.failpoints / failpoint)

    def act(self, name: str, *arguments: str) -> float:
        """Do something for which there is no door yet; returns the time of the commit."""
        done = subprocess.run(
            [sys.executable, "-m", cast.__name__, name, *arguments],
            cwd=PROJECT,
            env=environment(TANDEM_DATA=str(self.up.folder), **self.env),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return float(done.stdout.split()[-1])

    def tell_stacks(self) -> None:
        """Let the web processes write into their logs what each thread does."""
        for name in self.webs():
            self.hit(name, signal.SIGUSR1)

    def log(self, name: str) -> str:
        return (self.up.folder / "log" / f"{name}.log").read_text(errors="replace")


async def until(state: Callable[[], object], what: str, seconds: float = READY_AGAIN) -> None:
    """Wait for a state without holding up the loop."""
    deadline = time.monotonic() + seconds
    while not state():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} seconds: {what}")
        await asyncio.sleep(0.02)
