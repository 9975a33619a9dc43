"""`manage.py up`: everything one machine needs, started in order and kept running."""

import asyncio
import contextlib
import errno
import importlib.util
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from helpdesk.stack import addresses, data, processes, services
from helpdesk.stack.errors import CannotStart
from helpdesk.stack.kept import demo_password
from helpdesk.stack.postgres import postgres_program
from helpdesk.stack.programs import Program
from helpdesk.stack.redis import redis_program
from helpdesk.stack.supervisor import Supervisor

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BACKLOG = 1024  # connections that wait while web processes are busy or being restarted
ANSWER_SECONDS = 90.0
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104
DEMO_AGENTS = ("admin", "supervisor", "senior", "agent1", "agent2", "agent3", "auditor")


@dataclass(frozen=True)
class Wanted:
    """What the operator asked for."""

    host: str
    port: int
    server: str
    web: int
    worker: bool
    demo: bool


def launch(wanted: Wanted) -> None:
    """Run Tandem until it is asked to stop (Ctrl-C, SIGTERM, SIGHUP). Raises CannotStart."""
    folder = addresses.data_directory()
    lock = data.take(folder)
    # Until the loop listens for them, requests to stop wait.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        (folder / "run" / "supervisor.pid").unlink(missing_ok=True)
        data.end_leftovers(folder)
        (folder / "run" / "supervisor.pid").write_text(f"{os.getpid()}\n")
        with _listen(wanted.host, wanted.port) as listener:
            if not addresses.database_is_embedded():
                services.check_database(addresses.database_url())
            if not addresses.redis_is_embedded():
                services.check_redis(addresses.redis_url())
            asyncio.run(_Launch(wanted, folder, listener).run())
    except OSError as problem:
        raise data.explained(problem, folder) from problem
    finally:
        (folder / "run" / "supervisor.pid").unlink(missing_ok=True)
        os.close(lock)


class _Launch:
    def __init__(self, wanted: Wanted, folder: Path, listener: socket.socket) -> None:
        self.wanted = wanted
        self.folder = folder
        self.listener = listener
        self.supervisor = Supervisor(folder)
        self.terminal = self.supervisor.terminal

    async def run(self) -> None:
        """Start, tell where it is, wait for the end, stop."""
        loop = asyncio.get_running_loop()
        asked_to_stop = asyncio.Event()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, asked_to_stop.set)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        starting = asyncio.create_task(self._start())
        stop = asyncio.create_task(asked_to_stop.wait())
        try:
            await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stop
            self.terminal.say("Stopping …")
        finally:
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, CannotStart, OSError):
                await starting
            await self.supervisor.stop_everything()
        self.terminal.say("Stopped.")

    async def _start(self) -> None:
        self.terminal.note(f"starting in {self.folder}")
        own = []
        if addresses.database_is_embedded():
            own.append(postgres_program())
        if addresses.redis_is_embedded():
            own.append(redis_program())
        await self.supervisor.start(*own)
        await self._prepare()
        programs = self._web_programs()
        if self.wanted.worker and importlib.util.find_spec("helpdesk.celery"):
            programs += self._background_programs()
        await self.supervisor.start(*programs)
        await self._wait_for_answer()
        self._welcome()

    async def _prepare(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "helpdesk.stack.prepare",
            cwd=addresses.PROJECT,
            env={**os.environ, **self._environment("prepare")},
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=processes.dies_with_parent(signal.SIGTERM),
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if code:
            raise CannotStart("Tandem was not started: the database is not ready for it.")

    def _environment(self, name: str) -> dict[str, str]:
        return {
            "TANDEM_DATA": str(self.folder),
            "TANDEM_PROCESS": f"{self.folder}:{name}",
            "PYTHONUNBUFFERED": "1",
            **({"DEMO_PASSWORD": demo_password()} if self.wanted.demo else {}),
        }

    def _web_programs(self) -> list[Program]:
        listener = str(self.listener.fileno())
        command = [sys.executable, "-m", "helpdesk.stack.serve"]
        return [
            Program(
                name=name,
                command=[*command, "--server", self.wanted.server, "--fd", listener],
                environment={"WEB_CORE": os.environ.get("WEB_CORE", str(number))}
                | self._environment(name),
                folder=addresses.PROJECT,
                keep_open=(self.listener.fileno(),),
                stop_seconds=15.0,
                echo=True,
            )
            for number, name in ((n, f"web-{n}") for n in range(1, self.wanted.web + 1))
        ]

    def _background_programs(self) -> list[Program]:
        celery = [sys.executable, "-m", "celery", "--app", "helpdesk.celery:app"]
        schedule = str(self.folder / "run" / "beat-schedule")
        return [
            Program(
                name="worker",
                command=[
                    *celery,
                    "worker",
                    "--concurrency=2",
                    "--loglevel=INFO",
                    "--without-gossip",
                    "--without-mingle",
                ],
                environment=self._environment("worker"),
                folder=addresses.PROJECT,
                stop_seconds=10.0,
            ),
            Program(
                name="beat",
                command=[
                    *celery,
                    "beat",
                    "--loglevel=INFO",
                    "--pidfile=",
                    "--schedule",
                    schedule,
                ],
                environment=self._environment("beat"),
                folder=addresses.PROJECT,
                stop_seconds=5.0,
            ),
        ]

    async def _wait_for_answer(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while not await _answers(self.listener):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise CannotStart(
                f"The web processes do not answer; see {self.folder / 'log' / 'web-1.log'}."
            ) from None

    def _welcome(self) -> None:
        address = f"http://{_shown_host(self.wanted.host)}:{self.listener.getsockname()[1]}/"
        lines = [f"Tandem runs at {address}"]
        if self.wanted.demo:
            lines += [
                f"  sign in as   {', '.join(DEMO_AGENTS)}",
                f"  password     {demo_password()}",
                f"  the widget   {address}demo/",
            ]
        lines.append("Ctrl-C stops it.")
        for line in lines:
            self.terminal.say(line)


def _listen(host: str, port: int) -> socket.socket:
    """The socket that all web processes share. It stays open while they come and go."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, OverflowError):
        raise CannotStart(f"{host}:{port} is no address to listen on: correct it.") from None
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as problem:
        listener.close()
        if problem.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"Port {port} is taken by another program: stop that one, or choose another port "
                f"with `make run PORT={port + 1}`."
            ) from None
        if problem.errno == errno.EACCES:
            raise CannotStart(
                f"Port {port} needs more rights than this account has: choose one above 1023."
            ) from None
        raise CannotStart(
            f"{host}:{port} is no address to listen on ({problem.strerror}): correct it."
        ) from None
    listener.setblocking(False)
    return listener


async def _answers(listener: socket.socket) -> bool:
    """Whether a request for /healthz is answered, by whichever process takes it."""
    host, port = listener.getsockname()[:2]
    if host in ANY_ADDRESS:
        host = "::1" if ":" in host else "127.0.0.1"
    try:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(host, port)
            with contextlib.closing(writer):
                writer.write(
                    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                status = (await reader.readline()).split()
    except OSError:  # includes the time-out
        return False
    return len(status) > 1 and status[1] < b"500"


def _shown_host(host: str) -> str:
    if host in (*ANY_ADDRESS, "", "127.0.0.1", "::1"):
        return "localhost"
    return f"[{host}]" if ":" in host else host
