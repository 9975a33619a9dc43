"""CPU and memory of a server: all its processes, told apart by what they are."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import psutil

ROLES = ("web", "postgres", "redis", "other")


@dataclass(frozen=True)
class Memory:
    """Resident memory in bytes; PSS counts a shared page once among those that share it."""

    rss: int
    pss: int


class Watched:
    """The processes below `pid`, and those that work in `data` (PostgreSQL's sessions)."""

    def __init__(self, pid: int, data: Path) -> None:
        self.pid = pid
        self.data = str(data.resolve())

    def processes(self) -> dict[int, psutil.Process]:
        """All of them by pid, freshly looked up."""
        try:
            top = psutil.Process(self.pid)
            found = {p.pid: p for p in [top, *top.children(recursive=True)]}
        except psutil.NoSuchProcess:
            return {}
        for process in psutil.process_iter():
            try:
                if process.cwd().startswith(self.data):
                    found[process.pid] = process
            except psutil.Error:
                continue
        return found

    def cpu(self) -> dict[int, tuple[str, float]]:
        """Role and CPU seconds used so far, by pid."""
        used = {}
        for pid, process in self.processes().items():
            try:
                times = process.cpu_times()
                used[pid] = (_role(process), times.user + times.system)
            except psutil.Error:
                continue
        return used

    def memory(self) -> Memory:
        """Memory of the processes that serve the web, together."""
        rss = pss = 0
        for process in self.processes().values():
            try:
                if _role(process) == "web":
                    full = process.memory_full_info()
                    rss, pss = rss + full.rss, pss + full.pss
            except psutil.Error:
                continue
        return Memory(rss, pss)


def _role(process: psutil.Process) -> str:
    line = " ".join(process.cmdline())
    name = process.name()
    if name.startswith("postgres"):
        return "postgres"
    if name.startswith(("redis", "valkey")):
        return "redis"
    if "celery" in line or "with_database" in line:
        return "other"
    if any(part in line for part in ("helpdesk.stack.serve", ":app", "server.js")):
        return "web"
    return "other"


class CpuMeter:
    """CPU of a server between two moments, in cores per role; its memory at each step."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self._before: dict[int, tuple[str, float]] = {}
        self._since = 0.0
        self.cores: dict[str, float] = {}
        self.memory: list[Memory] = []

    def mark(self, line: str) -> None:
        """`begin` starts, `end` stops, `step` reads: the lines that load clients print."""
        if line == "begin":
            self._before = self.watched.cpu()
            self._since = time.perf_counter()
        elif line == "end":
            took = time.perf_counter() - self._since
            cores: dict[str, float] = defaultdict(float)
            for pid, (role, seconds) in self.watched.cpu().items():
                cores[role] += (seconds - self._before.get(pid, (role, 0.0))[1]) / took
            self.cores = dict(cores)
        elif line == "step":
            self.memory.append(self.watched.memory())
