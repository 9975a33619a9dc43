"""Load client of connections.py: opens sockets in steps and holds them.

Runs as its own process: job as JSON on stdin. After each step it prints `step N` and waits for an
empty line on stdin, so that the memory can be read in between; at the end a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass, field

from harness.process import run_client
from harness.websocket import Door, Socket, open_sockets


@dataclass
class Job:
    """`doors` are opened until `steps[i]` are open, then held for `settle` seconds."""

    host: str
    port: int
    doors: list[Door]
    steps: list[int]
    settle: float

    @classmethod
    def read(cls, text: str) -> Job:
        """The job from its JSON."""
        fields = json.loads(text)
        fields["doors"] = [Door(**door) for door in fields["doors"]]
        return cls(**fields)


@dataclass
class Figures:
    """What came out."""

    opened: int = 0
    frames: int = 0
    closed: dict[str, int] = field(default_factory=dict)  # sockets lost, by close code


async def hold(job: Job) -> Figures:
    """Open the sockets step by step."""
    figures = Figures()
    sockets: list[Socket] = []

    def count(socket: Socket, payload: bytes) -> None:
        figures.frames += 1

    loop = asyncio.get_running_loop()
    for step in job.steps:
        sockets += await open_sockets(job.host, job.port, job.doors[len(sockets) : step], count)
        await asyncio.sleep(job.settle)
        print(f"step {step}", flush=True)
        await loop.run_in_executor(None, sys.stdin.readline)
    figures.opened = len(sockets)
    for socket in sockets:
        if socket.closed is not None:
            code = str(socket.closed)
            figures.closed[code] = figures.closed.get(code, 0) + 1
        socket.close()
    return figures


def main() -> None:
    """Job on stdin, figures on stdout."""
    figures = run_client(hold(Job.read(sys.stdin.readline())))
    print(json.dumps(asdict(figures)), flush=True)


if __name__ == "__main__":
    main()
