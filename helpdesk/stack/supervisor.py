"""Keeps programs running: starts them in order, restarts what dies, stops all of it again."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from helpdesk.stack import processes
from helpdesk.stack.account import run_as
from helpdesk.stack.addresses import socket_directory
from helpdesk.stack.errors import CannotStart
from helpdesk.stack.logs import LogFile, Terminal
from helpdesk.stack.programs import Program

FIRST_PAUSE = 0.2  # seconds before a restart; doubled by each further death …
LONGEST_PAUSE = 10.0  # … up to this …
STEADY = 15.0  # … and forgotten once it ran that long or ended in order
READY_SECONDS = 60.0
ATTEMPTS = 4  # deaths in a row after which a first start gives up


class Supervisor:
    """The running programs of one data directory, each with a pid file and a log file."""

    def __init__(self, data: Path) -> None:
        self.run_folder = data / "run"
        self.log_folder = data / "log"
        self.terminal = Terminal(self.log_folder)
        self._keepers: dict[str, Keeper] = {}
        self._started: list[list[str]] = []

    async def start(self, *programs: Program) -> None:
        """Start the programs together and return when all are ready. Raises CannotStart."""
        _watch_without_threads()
        keepers = [Keeper(program, self) for program in programs]
        self._started.append([program.name for program in programs])
        self._keepers |= {keeper.program.name: keeper for keeper in keepers}
        await asyncio.gather(*(keeper.start() for keeper in keepers))

    async def stop(self, *names: str) -> None:
        """Stop these programs together and wait until they are gone."""
        found = [self._keepers.pop(name) for name in names if name in self._keepers]
        await asyncio.gather(*(keeper.stop() for keeper in found))

    async def stop_everything(self) -> None:
        """Stop in the reverse order of starting, together what was started together."""
        while self._started:
            await self.stop(*self._started.pop())
        with contextlib.suppress(OSError):  # never made, or not empty
            socket_directory().rmdir()


@dataclass
class Pipe:
    """What a child writes: its end of a pipe, and ours to read from."""

    end: int
    reader: asyncio.StreamReader
    transport: asyncio.ReadTransport

    @classmethod
    async def open(cls) -> Self:
        """A new pipe; whoever starts the child closes `end` afterwards."""
        ours, end = os.pipe()
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours, "rb", buffering=0)
        )
        return cls(end, reader, transport)

    async def line(self) -> bytes:
        """The next line (or a piece of a very long one); empty when nobody can write any more."""
        try:
            return await self.reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as end:
            return end.partial
        except asyncio.LimitOverrunError as long:
            return await self.reader.read(long.consumed)


class Keeper:
    """Runs one program and runs it again when it ends by itself."""

    def __init__(self, program: Program, supervisor: Supervisor) -> None:
        self.program = program
        self.terminal = supervisor.terminal
        self.supervisor = supervisor
        self.pid_file = supervisor.run_folder / f"{program.name}.pid"
        self.log = LogFile(supervisor.log_folder / f"{program.name}.log")
        self.process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._last_line = b""
        self._last_death = ""
        self._deaths = 0

    async def start(self) -> None:
        """Start it and wait until it is ready; from then on it is kept running."""
        process = await self._spawn()
        self._task = asyncio.create_task(self._keep(process))
        deadline = time.monotonic() + READY_SECONDS
        while not await self._is_ready():
            if self._deaths >= ATTEMPTS:
                raise CannotStart(f"{self.program.name} does not start: {self._last_death}")
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"{self.program.name} was not ready after {READY_SECONDS:.0f} seconds: "
                    f"see {self.log.path}."
                )
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Ask it to stop, insist after its time, and leave nothing of its process group."""
        self._stopping.set()
        if self._task is None:
            return
        self._signal(self.program.stop_signal)
        try:
            async with asyncio.timeout(self.program.stop_seconds):
                await asyncio.shield(self._task)
        except TimeoutError:
            self.terminal.say(f"{self.program.name} did not stop in time and was killed.")
            self._signal(signal.SIGKILL)
            await self._task
        self.log.close()

    async def _spawn(self) -> asyncio.subprocess.Process:
        program = self.program
        if program.recover is not None:
            program.recover()
        self._last_line = b""
        # Not asyncio's own pipes: with those, the end of a process is noticed only when all that
        # it started has closed them as well.
        output, errors = await Pipe.open(), await Pipe.open()
        try:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                cwd=program.folder,
                env={**os.environ, **program.environment},
                **run_as(program.account),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.end,
                stderr=errors.end,
                pass_fds=program.keep_open,
                start_new_session=True,  # Ctrl-C reaches only the supervisor, which stops in order
                preexec_fn=processes.dies_with_parent(program.stop_signal),
            )
        finally:
            os.close(output.end)
            os.close(errors.end)
        self.process = process
        self._readers = [
            asyncio.create_task(self._read(output, echo=False)),
            asyncio.create_task(self._read(errors, echo=program.echo)),
        ]
        with contextlib.suppress(OSError):  # a full disk must not keep it from running
            self.pid_file.write_text(f"{process.pid}\n")
        if self._stopping.is_set():  # asked while it was being started
            self._signal(program.stop_signal)
        return process

    async def _is_ready(self) -> bool:
        process, asked = self.process, self.program.is_ready
        if process is None or process.returncode is not None:
            return False
        return asked is None or await asked(process.pid)

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        pause = FIRST_PAUSE
        announcing: asyncio.Task[None] | None = None
        while True:
            started = time.monotonic()
            code = await process.wait()
            if announcing is not None:
                announcing.cancel()
            self._kill_group(process.pid)
            await self._close_pipes()
            self.pid_file.unlink(missing_ok=True)
            if self._stopping.is_set():
                return
            if code == 0 or time.monotonic() - started > STEADY:  # asked to end, or long-lived
                pause, self._deaths = FIRST_PAUSE, 0
            self._deaths += 1
            self._last_death = self._why_it_ended(code)
            self.terminal.say(f"{self._last_death} Starting it again in {pause:.1f} seconds.")
            again = await self._spawn_after(pause)
            if again is None:
                return
            process = again
            announcing = asyncio.create_task(self._announce())
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _announce(self) -> None:
        while not await self._is_ready():
            await asyncio.sleep(0.1)
        self.terminal.say(f"{self.program.name} runs again.")

    async def _spawn_after(self, pause: float) -> asyncio.subprocess.Process | None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
                    return None
            try:
                return await self._spawn()
            except (OSError, CannotStart) as problem:
                pause = LONGEST_PAUSE
                self.terminal.say(f"{self.program.name} could not be started: {problem}")

    def _why_it_ended(self, code: int) -> str:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        last = self._last_line.decode(errors="replace").strip()
        said = f" ({last})" if last and code > 0 else ""
        return f"{self.program.name} {how}{said}; see {self.log.path}."

    async def _read(self, pipe: "Pipe", *, echo: bool) -> None:
        try:
            while line := await pipe.line():
                self.log.write(line)
                self._last_line = line
                if echo:
                    self.terminal.echo(self.program.name, line)
        finally:
            pipe.transport.close()

    async def _close_pipes(self) -> None:
        # A grandchild may hold the pipes open for longer than its parent lived.
        if self._readers:
            await asyncio.wait(self._readers, timeout=1)
        for reader in self._readers:
            reader.cancel()

    def _signal(self, number: int) -> None:
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def _kill_group(self, pid: int) -> None:
        # PostgreSQL's children end by themselves, and only they know when that is safe.
        if self.program.name == "postgres":
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _watch_without_threads() -> None:
    # Before 3.12 asyncio starts a thread for each child, and forking with threads is fragile.
    if sys.platform != "linux" or sys.version_info >= (3, 12):
        return
    if not isinstance(asyncio.get_child_watcher(), asyncio.PidfdChildWatcher):
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)
