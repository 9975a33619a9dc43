#!/usr/bin/env python3
"""Writing one text together: Tandem's drafts beside Hocuspocus, y-websocket and pycrdt-websocket.

Every editor is a Yjs document on a socket of its own, the same client for all servers. `idle` reads
what editors who do nothing cost in memory; `windows` keep W updates of each editor under way (each
until all others of the document have it) and count updates per second; `rate` lets each editor type
at a person's pace; `opening` opens a document of many edits, while others have it open or (where it
is stored) nobody. Rounds alternate, there and back. Only Tandem asks for rights and stores each
update before anybody sees it: at the end its web process is killed with SIGKILL, and what a
colleague had seen is looked for.
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
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from fanout import Aim, print_aims
from harness import report, servers
from harness.desk import Agent, Desk
from harness.process import run_load
from harness.rounds import chosen, in_rounds
from harness.usage import CpuMeter, Watched

KIB = 1024
FIRST = 10  # documents opened before memory is first read, so that code and caches are loaded
TANDEM = "tandem, uvicorn, 1 web"  # whom the aims are about
HOCUSPOCUS = ("hocuspocus, in memory", "hocuspocus, PostgreSQL")  # and beside whom

Start = Callable[[Path], AbstractContextManager[servers.Running]]


@dataclass
class Target:
    """A server to measure."""

    name: str
    dialect: str  # product, y or hocuspocus
    start: Start
    stored: bool = True  # what nobody has open can be opened again


@dataclass
class Run:
    """The figures of one load on one target in one round."""

    target: str
    load: str
    round: int
    figures: dict[str, Any]
    server_cpu: dict[str, float] = field(default_factory=dict)


@contextlib.contextmanager
def node(script: str, data: Path, *, with_database: bool = False) -> Iterator[servers.Running]:
    """A peer in one Node process."""
    place = servers.install("coedit")
    port = servers.free_port()
    data.mkdir(parents=True, exist_ok=True)
    log = data / "node.log"
    command, environment = ["node", script], {"DATABASE_URL": ""}
    if with_database:
        command, environment = servers.beside_database(command, data)
    environment |= {"PORT": str(port), "HOST": servers.HOST, "NODE_ENV": "production"}
    with servers.program(command, environment, log, place) as process:
        servers.wait_until_ready(process, f"http://{servers.HOST}:{port}/", log)
        yield servers.Running(port, Watched(process.pid, data), log)


def all_targets() -> list[Target]:
    """The product under both servers, and the peers."""

    def tandem(server: str) -> Start:
        return lambda data: servers.product(server, data.parent / "tandem", 1)

    hocuspocus, websocket = "hocuspocus-server.js", "node_modules/@y/websocket-server/src/server.js"
    in_memory, in_database = HOCUSPOCUS
    return [
        Target(TANDEM, "product", tandem("uvicorn")),
        Target(in_memory, "hocuspocus", partial(node, hocuspocus), stored=False),
        Target(in_database, "hocuspocus", partial(node, hocuspocus, with_database=True)),
        Target("y-websocket-server, in memory", "y", partial(node, websocket), stored=False),
        Target(
            "pycrdt-websocket, PostgreSQL",
            "y",
            partial(servers.bare_peer, "yrooms", "uvicorn", with_database=True),
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
            "stored": self.target.stored,
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
    documents = FIRST + arguments.idle // 2
    found[f"{arguments.idle} idle editors"] = {
        "kind": "idle",
        "documents": documents,
        "editors": 2,
        "steps": [FIRST, documents],
        "settle": arguments.settle,
    }
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
        "times": arguments.times,
    }
    return found


def measure(
    target: Target, arguments: argparse.Namespace, data: Path, round_: int
) -> Iterator[Run]:
    """Start the target and put every load on it; first the one that needs fresh memory."""
    servers.install("coedit")  # the load client, without which nothing needs to be started
    with target.start(data / target.name.replace(" ", "-").replace(",", "")) as running:
        documents = Documents(target, running)
        for name, load in loads(arguments).items():
            meter = CpuMeter(running.watched)
            job = documents.job(**load)
            figures = run_load("load_coedit", job, meter.mark, arguments.seconds + 240)
            if meter.memory:
                before, after = meter.memory
                figures["before"] = before.rss
                figures["rss"] = (after.rss - before.rss) / arguments.idle
                figures["pss"] = (after.pss - before.pss) / arguments.idle
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


COLUMNS = {
    "throughput": ["updates/s", "p50 ms", "p95 ms", "cores web/pg/rest", "client"],
    "opening": ["first ms", "p50 ms", "p95 ms", "cores web/pg/rest", "cold p50 ms"],
    "idle": ["RSS KiB/editor", "PSS KiB/editor", f"of {HOCUSPOCUS[0]}", "process before, MiB"],
}


def cells(kind: str, own: list[Run], beside: list[Run]) -> list[str]:
    """A target's figures in a table; `beside` are Hocuspocus's."""

    def figure(key: str, unit: float = 1) -> list[float | None]:
        return [run.figures[key] and run.figures[key] / unit for run in own]

    if kind == "idle":
        its = report.median([run.figures["rss"] for run in beside])
        return [
            report.spread(figure("rss", KIB), 1),
            report.spread(figure("pss", KIB), 1),
            report.number(report.ratio(report.median(figure("rss")), its), 2),
            report.number(report.median(figure("before", KIB * KIB)), 1),
        ]
    opening = kind == "opening"
    first, digits, last, places = (
        ("first_ms", 1, "cold_ms", 1) if opening else ("updates_per_s", 0, "client_cpu", 2)
    )
    return [
        report.spread(figure(first), digits),
        report.spread(figure("p50_ms"), 1),
        report.spread(figure("p95_ms"), 1),
        cores(own),
        report.number(report.median(figure(last)), places),
    ]


def print_tables(
    runs: list[Run], missing: dict[str, str], targets: list[Target], arguments: argparse.Namespace
) -> None:
    """One table per load."""
    for name, load in loads(arguments).items():
        columns = ["", *COLUMNS[load["kind"]], "violations"]
        here: dict[str, list[Run]] = {target.name: [] for target in targets}
        for run in runs:
            if run.load == name:
                here[run.target].append(run)
        rows = []
        for target, own in here.items():
            if not own:
                reason = missing.get(target, "not measured").splitlines()[0][:60]
                rows.append([f"{target}: {reason}", *[""] * (len(columns) - 1)])
                continue
            found = cells(load["kind"], own, here.get(HOCUSPOCUS[0], []))
            rows.append([target, *found, report.codes([violations(run) for run in own])])
        title = f"{name}; median (min..max) of {arguments.rounds} rounds"
        print(report.table(title, columns, rows))


def aims(
    runs: list[Run], killed: dict[str, int] | None, arguments: argparse.Namespace
) -> list[Aim]:
    """What the product has to reach, as ratios of medians of this run."""

    def middle(target: str, load: str, key: str) -> float | None:
        own = [run for run in runs if (run.target, run.load) == (target, load)]
        return report.median([run.figures[key] for run in own])

    found = []
    for name, load in loads(arguments).items():
        bounds: list[tuple[str, str, str, float]] = []  # what, of ours, of theirs, aim
        if load.get("window") == max(arguments.windows):
            bounds = [("updates/s", "updates_per_s", "updates_per_s", 0.8)]
        elif "rate" in load:
            bounds = [("p95", "p95_ms", "p95_ms", 1.5)]
        elif load["kind"] == "opening":
            bounds = [("p50", "p50_ms", "p50_ms", 1.2), ("cold p50", "cold_ms", "p50_ms", 1.2)]
        for what, ours, theirs, bound in bounds:
            for peer in HOCUSPOCUS:
                reached = report.ratio(middle(TANDEM, name, ours), middle(peer, name, theirs))
                title = f"{name}: {what} over {peer}" + (", hot" if ours != theirs else "")
                found.append(Aim(title, reached, bound, ours == "updates_per_s"))
    lost = killed and killed["lost"] + killed["twice"]
    found.append(Aim("updates lost or doubled by SIGKILL", lost, 0, False))
    return found


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
    add("--idle", type=int, default=500, help="editors who do nothing (default 500)")
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
        arguments.rounds, arguments.seconds, arguments.warmup = 1, 1.0, 0.5
        arguments.windows, arguments.edits, arguments.idle = arguments.windows[-1:], 1000, 100
        arguments.only = arguments.only or ["uvicorn", "hocuspocus", "websocket"]
    arguments.times, arguments.settle = (5, 1.0) if arguments.quick else (20, 3.0)
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
        killed = kill(arguments, data) if runs and not arguments.no_kill else None
    print_tables(runs, missing, targets, arguments)
    if killed is not None:
        rows = [[name, report.number(count)] for name, count in killed.items()]
        print(report.table("Tandem's web process killed while they type", ["", ""], rows))
    found = aims(runs, killed, arguments)
    print_aims(found)
    report.write_json(
        arguments.json,
        {
            "settings": {key: str(value) for key, value in vars(arguments).items()},
            "missing": missing,
            "runs": [asdict(run) for run in runs],
            "killed": killed,
            "aims": [{**asdict(aim), "verdict": aim.verdict} for aim in found],
        },
    )
    broken = [
        run for run in runs if run.target.startswith("tandem") and any(violations(run).values())
    ]
    if broken or (killed and (killed["lost"] or killed["twice"])):
        sys.exit(1)


if __name__ == "__main__":
    main()
