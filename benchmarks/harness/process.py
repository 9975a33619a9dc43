"""Processes: the load client and what is asked about its time."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

ROOT = Path(__file__).resolve().parents[1]


def run_client(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a load client's coroutine; an exception in any callback ends it with that exception."""
    loop = uvloop.new_event_loop()
    task = loop.create_task(work)
    broken: list[dict[str, Any]] = []

    def fail(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        broken.append(context)
        task.cancel()

    loop.set_exception_handler(fail)
    try:
        return loop.run_until_complete(task)
    except asyncio.CancelledError:
        context = broken[0]
        raise RuntimeError(context["message"]) from context.get("exception")


def own_cpu() -> float:
    """CPU seconds this process has used."""
    times = os.times()
    return times.user + times.system


def run_load(
    module: str, job: dict[str, Any], mark: Callable[[str], None], seconds: float
) -> dict[str, Any]:
    """Run a load client in its own process and return its figures.

    `mark(line)` is called at each line that it prints before them; a client that says `step` waits
    for an empty line in answer.
    It is ended when it takes longer than `seconds`.
    """
    command = [sys.executable, "-m", f"harness.{module}"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        timer = threading.Timer(seconds, client.kill)
        timer.start()
        try:
            print(json.dumps(job), file=client.stdin, flush=True)
            for line in client.stdout:
                if line.startswith("{"):
                    figures: dict[str, Any] = json.loads(line)
                    return figures
                mark(line.strip())
                if line.startswith("step"):
                    print(file=client.stdin, flush=True)
        finally:
            timer.cancel()
    raise RuntimeError(f"{module} ended without figures")
