"""Data directories as a first start leaves them: made once per run, and copied for each test that
is about something else than first starts.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from helpdesk.stack.check import servers
from tests.stack.processes import PROJECT, TINY, environment

PASSWORD = "correct-horse-battery"
PRODUCT = {
    "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
    "TANDEM_ASGI": "helpdesk.asgi:application",
}
DEMO = PRODUCT | {"DEMO": "1", "DEMO_PASSWORD": PASSWORD}
KINDS = {"tiny": TINY, "product": PRODUCT, "demo": DEMO}


class Prepared:
    """Copies of what lies in a folder that all workers share."""

    def __init__(self, shared: Path) -> None:
        self.shared = shared

    def copy(self, kind: str, folder: Path) -> Path:
        """Make `folder` a data directory of that kind."""
        with (self.shared / "prepared.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            made = self._made(kind)
        _copy(made, folder)
        return folder

    def _made(self, kind: str) -> Path:
        made = self.shared / f"prepared-{kind}"
        if not made.exists():
            unfinished = self.shared / f"unfinished-{kind}"
            shutil.rmtree(unfinished, ignore_errors=True)  # of a try that failed
            if kind == "demo":
                _copy(self._made("product"), unfinished)
            subprocess.run(
                [sys.executable, "-m", __name__],
                cwd=PROJECT,
                env=environment(TANDEM_DATA=str(unfinished), **KINDS[kind]),
                stdout=subprocess.DEVNULL,
                check=True,
            )
            unfinished.rename(made)
        return made


def _copy(made: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-pR", str(made), str(folder)], check=True)


async def main() -> None:
    """What `manage.py up` does on a new data directory before it serves."""
    async with servers():
        command = [sys.executable, "-m", "helpdesk.stack.prepare"]
        process = await asyncio.create_subprocess_exec(*command, env=os.environ)
        assert await process.wait() == 0


if __name__ == "__main__":
    asyncio.run(main())
