#!/usr/bin/env python3
"""Writing one text together: Tandem's drafts beside Hocuspocus and the y-websocket server.

Every editor is a Yjs document on a socket of its own, the same client for all servers. `windows`
keep W updates of each editor under way (each until all others of the document have it) and count
updates per second; `rate` lets each editor type at a person's pace; `opening` opens a document of
many edits, while others have it open or (Tandem) nobody. Rounds alternate, there and back. Only
Tandem asks for rights and stores each update before anybody sees it: at the end its web process is
killed with SIGKILL, and what a colleague had seen is looked for.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
from harness import report, servers
from harness.desk import Agent, Desk
from harness.process import run_load
from harness.rounds import chosen, in_rounds
from harness.usage import CpuMeter, Watched

Start = Callable[[Path], AbstractContextManager[servers.Running]]


@dataclass
class Target:
    """A server to measure."""

    name: str
    dialect: str  # product, y or hocuspocus
    start: Start


@dataclass
class Run:
    """The figures of one load on one target in one round."""

    target: str
    load: str
    round: int
    figures: dict[str, Any]
    server_cpu: dict[str, float] = field(default_factory=dict)


@contextlib.contextmanager
def node(script: list[str], data: Path) -> Iterator[servers.Running]:
    """A peer in one Node process."""
    place = servers.install("coedit")
    port = servers.free_port()
    data.mkdir(parents=True, exist_ok=True)
    log = data / "node.log"
    environment = {"PORT": str(port), "HOST": servers.HOST, "NODE_ENV": "production"}
    with servers.program(["node", *script], environment, log, place) as process:
        servers.wait_until_ready(process, f"http://{servers.HOST}:{port}/", log)
        yield servers.Running(port, Watched(process.pid, data), log)


def all_targets() -> list[Target]:
    """The product under both servers, and the peers."""

    def tandem(server: str) -> Start:
        return lambda data: servers.product(server, data.parent / "tandem", 1)

    return [
        Target("tandem, uvicorn, 1 web", "product", tandem("uvicorn")),
        Target(
            "hocuspocus, in memory", "hocuspocus", lambda data: node(["hocuspocus-server.js"], data)
        ),
        Target(
            "y-websocket-server, in memory",
            "y",
            lambda data: node(["node_modules/@y/websocket-server/src/server.js"], data),
        ),
        Target("tandem, daphne, 1 web", "product", tandem("daphne")),
    ]


class Documents:
    """What a target needs before each load: doors to fresh documents."""

    def __init__(self, target: Target, running: servers.Running) -> None:
        self.target, self.running = target, running
        self.desk = Desk(running) if target.dialect == "product" else None
        self.agents: list[Agent] = self.desk.agents() if self.desk else []
        self.last = 0

    def job(self, documents: int, editors: int, **extra: Any) -> dict[str, Any]:
        """A load on so many documents of so many editors."""
        return {
            "dialect": self.target.dialect,
            "host": servers.HOST,
            "port": self.running.port,
            "documents": [self.doors(editors) for _ in range(documents)],
            **extra,
        }

    def doors(self, editors: int) -> list[dict[str, Any]]:
        """Doors to one new document."""
        self.last += 1
        if self.desk is None:
            name = f"document-{time.time_ns()}-{self.last}"
            return [{"path": f"/{name}", "headers": {}} for _ in range(editors)]
        path = f"/ws/drafts/{self.desk.conversation()}"
        return [
            {"path": path, "headers": {key: agent.headers[key] for key in ("Cookie", "Origin")}}
            for agent in (self.agents[i % len(self.agents)] for i in range(editors))
        ]


def loads(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Each load's job, by the name it has in the tables."""
    timed = {"seconds": arguments.seconds, "warmup": arguments.warmup}
    found: dict[str, dict[str, Any]] = {}
    for documents, editors in arguments.shapes:
        base = {"kind": "throughput", "documents": documents, "editors": editors, **timed}
        shape = f"{documents} × {editors} editors"
        for window in arguments.windows:
            found[f"{shape}, {window} under way each"] = base | {"window": window}
        found[f"{shape}, {arguments.rate:g} keys/s each"] = base | {"rate": arguments.rate}
    found[f"opening {arguments.edits:,} edits"] = {
        "kind": "opening",
        "documents": 1,
        "editors": 2,
        "edits": arguments.edits,
        "times": 20,
    }
    return found


def measure(
    target: Target, arguments: argparse.Namespace, data: Path, round_: int
) -> Iterator[Run]:
    """Start the target and put every load on it."""
    with target.start(data / target.name.replace(" ", "-").replace(",", "")) as running:
        documents = Documents(target, running)
        for name, load in loads(arguments).items():
            meter = CpuMeter(running.watched)
            job = documents.job(**load)
            figures = run_load("load_coedit", job, meter.mark, arguments.seconds + 240)
            yield Run(target.name, name, round_, figures, meter.cores)


def kill(arguments: argparse.Namespace, data: Path) -> dict[str, int]:
    """Kill the only web process after so many updates; what a colleague saw must be there."""
    with servers.product("uvicorn", data / "tandem", 1) as running:
        target = Target("tandem", "product", lambda _: contextlib.nullcontext(running))
        documents = Documents(target, running)
        assert documents.desk is not None
        job = documents.job(1, 2, kind="untilKilled", edits=arguments.edits, window=16)
        conversation = job["documents"][0][0]["path"].split("/")[-1]

        def strike(line: str) -> None:
            if line == "kill":
                for pid, (role, _) in running.watched.cpu().items():
                    if role == "web":
                        os.kill(pid, signal.SIGKILL)

        figures = run_load("load_coedit", job, strike, 240)
        path = f"{running.origin}/workspace/conversations/{conversation}/draft/"
        headers = {"Accept": "application/json", **documents.agents[0].headers}
        # The supervisor holds the listening socket: this waits for the next process.
        answer = httpx.get(path, headers=headers, timeout=60).raise_for_status()
        counted = Counter(answer.json()["text"].split())
        seen = [str(number) for number in range(figures["seen"])]
        return {
            "typed": figures["typed"],
            "seen by a colleague": len(seen),
            "lost": sum(word not in counted for word in seen),
            "twice": sum(times > 1 for times in counted.values()),
        }


def violations(run: Run) -> dict[str, int]:
    """Updates that did not arrive, documents that differ, sockets that were closed."""
    return {**run.figures.get("violations", {}), **run.figures.get("closed", {})}


def cores(runs: list[Run]) -> str:
    """Median cores of web processes / PostgreSQL / the rest."""
    parts = []
    for roles in (("web",), ("postgres",), ("redis", "other")):
        used = [sum(run.server_cpu.get(role, 0.0) for role in roles) for run in runs]
        parts.append(f"{report.median(used) or 0.0:.2f}")
    return "/".join(parts)


def print_tables(
    runs: list[Run], missing: dict[str, str], targets: list[Target], arguments: argparse.Namespace
) -> None:
    """One table per load."""
    for name in loads(arguments):
        opening = name.startswith("opening")
        first, digits = ("first_ms", 1) if opening else ("updates_per_s", 0)
        columns = ["", "first ms" if opening else "updates/s", "p50 ms", "p95 ms",
                   "cores web/pg/rest", "cold p50 ms" if opening else "client",
                   "violations"]  # fmt: skip
        last, places = ("cold_ms", 1) if opening else ("client_cpu", 2)
        rows = []
        for target in targets:
            own = [run for run in runs if (run.target, run.load) == (target.name, name)]
            if not own:
                reason = missing.get(target.name, "not measured").splitlines()[0][:60]
                rows.append([f"{target.name}: {reason}", *[""] * (len(columns) - 1)])
                continue
            rows.append(
                [
                    target.name,
                    report.spread([run.figures[first] for run in own], digits),
                    report.spread([run.figures["p50_ms"] for run in own], 1),
                    report.spread([run.figures["p95_ms"] for run in own], 1),
                    cores(own),
                    report.number(report.median([run.figures.get(last) for run in own]), places),
                    report.codes([violations(run) for run in own]),
                ]
            )
        title = f"{name}; median (min..max) of {arguments.rounds} rounds"
        print(report.table(title, columns, rows))


def shapes(text: str) -> list[tuple[int, int]]:
    """`1x8,20x3` as documents and editors: for the command line."""
    return [tuple(map(int, part.split("x"))) for part in text.split(",")]  # type: ignore[misc]


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--shapes", type=shapes, default=[(1, 8), (20, 3)], metavar="DxE,…",
        help="documents × editors (default 1x8,20x3)")  # fmt: skip
    add("--windows", type=report.whole_numbers, default=[2, 4, 8], metavar="W,W,…",
        help="updates of each editor under way (default 2,4,8)")  # fmt: skip
    add("--rate", type=float, default=4.0, help="keys/s of each editor (default 4)")
    add("--edits", type=int, default=10_000, help="of the document to open (default 10,000)")
    add("--rounds", type=int, default=3, help="alternating rounds (default 3)")
    add("--seconds", type=float, default=5.0, help="measured seconds per load (default 5)")
    add("--warmup", type=float, default=1.5, help="seconds of load before them (default 1.5)")
    add("--only", action="append", metavar="TEXT",
        help="only targets whose name contains this; can be repeated")  # fmt: skip
    add("--no-kill", action="store_true", help="leave out the end by SIGKILL")
    add("--data", type=Path, help="keep the servers' data in this directory")
    add("--json", type=Path, metavar="FILE", help="write all figures to this file")
    add("--quick", action="store_true", help="a smoke test, not a measurement")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.edits = 1, 2.0, 1000
    return arguments


def main() -> None:
    """Measure, print, and fail if the product lost anything."""
    arguments = parse()
    servers.prepare()
    targets = chosen(all_targets(), arguments.only)
    with servers.folder(arguments.data) as data:
        runs, missing = in_rounds(
            targets,
            arguments.rounds,
            lambda target, round_: measure(target, arguments, data, round_),
            lambda run: f"{run.load}: {run.figures}",
        )
        killed = None if arguments.no_kill else kill(arguments, data)
    print_tables(runs, missing, targets, arguments)
    if killed is not None:
        rows = [[name, report.number(count)] for name, count in killed.items()]
        print(report.table("Tandem's web process killed while they type", ["", ""], rows))
    figures = {"runs": [asdict(run) for run in runs], "missing": missing, "killed": killed}
    report.write_json(arguments.json, figures)
    broken = [
        run for run in runs if run.target.startswith("tandem") and any(violations(run).values())
    ]
    if broken or (killed and (killed["lost"] or killed["twice"])):
        sys.exit(1)


if __name__ == "__main__":
    main()
