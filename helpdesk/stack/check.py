"""`make test`: every check there is, the tests on embedded servers of their own.

python -m helpdesk.stack.check [--only STAGE] [pytest arguments]
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from helpdesk.stack import addresses, data
from helpdesk.stack.chromium import ensure_chromium
from helpdesk.stack.errors import CannotStart
from helpdesk.stack.postgres import postgres_program
from helpdesk.stack.redis import redis_program
from helpdesk.stack.supervisor import Supervisor

PACKAGES = ("collaboration", "conversations", "helpdesk", "permissions")
AT_ONCE = 2


@dataclass(frozen=True)
class Stage:
    """One check: a name for the report and the command that fails when it fails."""

    name: str
    command: list[str]


def stages() -> list[Stage]:
    """Everything before pytest. None of it needs the servers."""
    own = str(Path(sys.executable).parent)
    present = [name for name in PACKAGES if (addresses.PROJECT / name).is_dir()]
    templates = sorted(map(str, (addresses.PROJECT / "templates").rglob("*.html")))
    manage = [sys.executable, "manage.py"]
    found = [
        Stage("types", [f"{own}/mypy", *present]),
        Stage("lint", [f"{own}/ruff", "check", "."]),
        Stage("format", [f"{own}/ruff", "format", "--check", "."]),
        Stage("imports", [f"{own}/lint-imports"]),
        Stage("migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
        Stage("settings", [*manage, "check"]),
    ]
    if templates:
        version = "5.2"
        found.append(
            Stage(
                "templates",
                [f"{own}/djade", "--check", "--target-version", version, *templates],
            )
        )
    return found


async def check(only: str | None, arguments: list[str]) -> list[str]:
    """Run the stages, and pytest beside them; the names of those that failed."""
    wanted = [stage for stage in stages() if only in (None, stage.name)]
    if not wanted and only != "pytest":
        raise CannotStart(f"There is no stage {only}.")
    gate = asyncio.Semaphore(AT_ONCE)
    running = {stage.name: _run(stage, gate) for stage in wanted}
    if only in (None, "pytest"):
        running["pytest"] = _pytest(arguments)
    results = await asyncio.gather(*running.values())
    return [name for name, ok in zip(running, results, strict=True) if not ok]


async def _pytest(arguments: list[str]) -> bool:
    os.environ["CHROMIUM"] = str(await asyncio.to_thread(ensure_chromium))
    async with servers():
        print("── pytest", flush=True)
        command = [sys.executable, "-m", "pytest", *_workers(arguments), *arguments]
        process = await asyncio.create_subprocess_exec(*command, cwd=addresses.PROJECT)
        return await process.wait() == 0


def _workers(arguments: list[str]) -> list[str]:
    chosen = any(part.startswith(("-n", "--numprocesses")) for part in arguments)
    if chosen or find_spec("xdist") is None:
        return []
    return ["-n", str(AT_ONCE + 1), "--dist", "loadscope"]  # one of them is always waiting


async def _run(stage: Stage, gate: asyncio.Semaphore) -> bool:
    async with gate:
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *stage.command,
            cwd=addresses.PROJECT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        ok = process.returncode == 0
        seconds = time.monotonic() - started
        print(
            f"── {stage.name:<11} {'ok' if ok else 'FAILED':<6} {seconds:6.1f} s",
            flush=True,
        )
        if not ok:
            print(output.decode(errors="replace").rstrip(), flush=True)
        return ok


@asynccontextmanager
async def servers() -> AsyncIterator[None]:
    """PostgreSQL and Redis of the tests' own, unless the environment names others."""
    folder = addresses.data_directory()
    lock = data.take(folder)
    try:
        supervisor = Supervisor(folder)
        try:
            started = time.monotonic()
            own = []
            if addresses.database_is_embedded():
                own.append(postgres_program())
            if addresses.redis_is_embedded():
                own.append(redis_program())
            await supervisor.start(*own)
            print(f"── servers     ok     {time.monotonic() - started:6.1f} s", flush=True)
            yield
        finally:
            await supervisor.stop_everything()
    finally:
        os.close(lock)


def main() -> None:
    """The entry point of `make test`."""
    parser = argparse.ArgumentParser(prog="helpdesk.stack.check")
    parser.add_argument("--only", metavar="STAGE", help="one stage, for instance pytest or lint")
    parser.add_argument("--data", type=Path, default=addresses.PROJECT / "var" / "test")
    wanted, arguments = parser.parse_known_args()
    os.environ["TANDEM_DATA"] = str(wanted.data.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    try:
        failed = asyncio.run(check(wanted.only, arguments))
    except CannotStart as reason:
        sys.exit(str(reason))
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
