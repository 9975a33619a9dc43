"""Runs a command beside a PostgreSQL of its own, which it finds by DATABASE_URL.

TANDEM_DATA=… python -m harness.with_database COMMAND …
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from helpdesk.stack.addresses import database_url
from helpdesk.stack.check import servers


async def run(command: list[str]) -> None:
    """Until the command ends, or is told to."""
    async with servers():
        environment = {**os.environ, "DATABASE_URL": database_url()}
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, process.terminate)
        await process.wait()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1:]))
