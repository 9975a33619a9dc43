"""Load client of pages.py: fetches one address over and over on C kept connections.

Runs as its own process: job as JSON on stdin; `begin` and `end` around the measured seconds, then
the figures as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field

from harness.http_client import Connection, request_head
from harness.process import own_cpu, run_client
from harness.report import percentile


@dataclass
class Job:
    """What to fetch."""

    host: str
    port: int
    path: str
    headers: dict[str, str]
    connections: int
    seconds: float
    warmup: float


@dataclass
class Figures:
    """What came out. Times in milliseconds, CPU in cores."""

    requests_per_s: float = 0.0
    p50_ms: float | None = None
    p95_ms: float | None = None
    body_bytes: int = 0
    client_cpu: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)


async def fetch(job: Job) -> Figures:
    """Fetch for `warmup` seconds, then measure."""
    figures = Figures()
    times: list[float] = []
    running, measuring = True, False
    head = request_head("GET", job.path, f"{job.host}:{job.port}", job.headers) + "\r\n"
    request = head.encode()

    async def fetch_on_one() -> None:
        via = await Connection.to(job.host, job.port)
        while running:
            answered: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
            begun = time.perf_counter()
            via.send(request, lambda *answer, to=answered: to.set_result(answer))
            status, body = await answered
            if measuring:
                times.append(time.perf_counter() - begun)
                figures.statuses[str(status)] = figures.statuses.get(str(status), 0) + 1
                figures.body_bytes = len(body)
            if not via.open:
                via = await Connection.to(job.host, job.port)

    tasks = [asyncio.create_task(fetch_on_one()) for _ in range(job.connections)]
    await asyncio.sleep(job.warmup)
    print("begin", flush=True)
    measuring = True
    cpu, begun = own_cpu(), time.perf_counter()
    await asyncio.sleep(job.seconds)
    measuring = False
    took = time.perf_counter() - begun
    figures.client_cpu = (own_cpu() - cpu) / took
    print("end", flush=True)
    running = False
    await asyncio.gather(*tasks)
    figures.requests_per_s = len(times) / took
    figures.p50_ms = percentile(times, 50, 1000)
    figures.p95_ms = percentile(times, 95, 1000)
    return figures


def main() -> None:
    """Job on stdin, figures on stdout."""
    figures = run_client(fetch(Job(**json.loads(sys.stdin.readline()))))
    print(json.dumps(asdict(figures)), flush=True)


if __name__ == "__main__":
    main()
