#!/usr/bin/env python3
"""What an idle socket costs: memory of one server process per open agent's and customer's socket.

Opens 500, then 2,000 sockets and reads the resident memory (RSS) and its share (PSS) of the serving
process, less what it had before; beside a bare Channels consumer under the same server. Agents'
sockets watch one conversation each, customers' sockets belong to as many customers.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness import report, servers
from harness.desk import Desk, agent_door, customer_door
from harness.process import run_load
from harness.rounds import in_rounds
from harness.usage import CpuMeter, Memory
from harness.websocket import Door

KIB = 1024
FIRST = 25  # sockets opened before the first reading, so that code and caches are loaded
IDLE = 5.0  # seconds over which the CPU of holding the sockets is taken


@dataclass
class Target:
    """A server and who connects to it: nobody in particular (bare), agents or customers."""

    who: str
    server: str

    @property
    def name(self) -> str:
        kind = "bare Channels" if self.who == "bare" else f"tandem, {self.who}"
        return f"{kind}, {self.server}"

    def start(self, data: Path) -> AbstractContextManager[servers.Running]:
        """The running server, one serving process."""
        if self.who == "bare":
            return servers.bare_peer("idle", self.server, data / "bare")
        return servers.product(self.server, data / "tandem", 1)


@dataclass
class Run:
    """Memory in bytes per socket above the process without them, at `sockets` open ones."""

    target: str
    sockets: int
    round: int
    rss: float
    pss: float
    base_rss: int
    idle_cores: float
    closed: dict[str, int]  # sockets lost, by close code


def doors(target: Target, running: servers.Running, count: int) -> list[Door]:
    """As many doors of the target's kind."""
    if target.who == "bare":
        return [Door("/")] * count
    desk = Desk(running)
    if target.who == "agents":
        agents = desk.agents()
        conversations = [desk.conversation() for _ in range(50)]
        return [
            agent_door(agents[i % len(agents)], conversations[i % len(conversations)])
            for i in range(count)
        ]
    return [customer_door(running.origin, desk.customer()[0]) for _ in range(count)]


def measure(target: Target, arguments: argparse.Namespace, data: Path, round_: int) -> list[Run]:
    """One round of one target: all steps."""
    with target.start(data) as running:
        steps = [FIRST, *(FIRST + count for count in arguments.sockets)]
        readings: dict[int, tuple[Memory, float]] = {}

        def read(line: str) -> None:
            step = int(line.split()[1])
            meter = CpuMeter(running.watched)
            meter.mark("begin")
            time.sleep(IDLE if step != FIRST else 0.1)
            meter.mark("end")
            readings[step] = (running.watched.memory(), meter.cores.get("web", 0.0))

        job: dict[str, Any] = {
            "host": servers.HOST,
            "port": running.port,
            "doors": [asdict(door) for door in doors(target, running, steps[-1])],
            "steps": steps,
            "settle": arguments.settle,
        }
        figures = run_load("load_idle", job, read, 600)
    before, _ = readings[FIRST]
    runs = []
    for count in arguments.sockets:
        memory, cores = readings[FIRST + count]
        rss, pss = (memory.rss - before.rss) / count, (memory.pss - before.pss) / count
        found = Run(target.name, count, round_, rss, pss, before.rss, cores, figures["closed"])
        runs.append(found)
    return runs


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--sockets", type=report.whole_numbers, default=[500, 2000], metavar="N,N,…",
        help="open sockets at each reading (default 500,2000)")  # fmt: skip
    add("--rounds", type=int, default=3, help="alternating rounds (default 3)")
    add(
        "--settle",
        type=float,
        default=3.0,
        help="seconds before each reading (default 3)",
    )
    add(
        "--only",
        default="",
        metavar="TEXT",
        help="only targets whose name contains this",
    )
    add("--data", type=Path, help="keep the servers' data in this directory")
    add("--json", type=Path, metavar="FILE", help="write all figures to this file")
    add(
        "--quick",
        action="store_true",
        help="a smoke test of about a minute, not a measurement",
    )
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.sockets, arguments.rounds, arguments.settle = [200], 1, 1.0
        arguments.only = arguments.only or "uvicorn"
    return arguments


def print_table(runs: list[Run], targets: list[Target], arguments: argparse.Namespace) -> None:
    """One table per number of sockets."""
    columns = ["", "RSS KiB/socket", "PSS KiB/socket", "RSS of bare", "process before, MiB",
               "idle cores", "closed"]  # fmt: skip
    for count in arguments.sockets:
        rows = []
        for target in targets:
            own = [run for run in runs if (run.target, run.sockets) == (target.name, count)]
            if not own:
                continue
            bare = [
                run.rss
                for run in runs
                if (run.target, run.sockets) == (Target("bare", target.server).name, count)
            ]
            times = report.ratio(report.median([run.rss for run in own]), report.median(bare))
            rows.append(
                [
                    target.name,
                    report.spread([run.rss / KIB for run in own], 1),
                    report.spread([run.pss / KIB for run in own], 1),
                    report.number(times, 2),
                    report.number(report.median([run.base_rss / KIB / KIB for run in own]), 1),
                    report.number(report.median([run.idle_cores for run in own]), 3),
                    report.codes([run.closed for run in own]),
                ]
            )
        title = (
            f"{count} idle sockets; median (min..max) of {arguments.rounds} rounds; aim ≤ 1.3 bare"
        )
        print(report.table(title, columns, rows))


def main() -> int:
    """Measure and print; 1 when a socket was lost or a target could not be measured."""
    arguments = parse()
    servers.prepare()
    targets = [
        Target(who, server) for server in servers.SERVERS for who in ("bare", "agents", "customers")
    ]
    targets = [target for target in targets if arguments.only in target.name]
    with servers.folder(arguments.data) as data:
        runs, missing = in_rounds(
            targets,
            arguments.rounds,
            lambda target, round_: measure(target, arguments, data, round_),
            asdict,
        )
    print_table(runs, targets, arguments)
    report.write_json(arguments.json, {"missing": missing, "runs": [asdict(run) for run in runs]})
    return int(bool(missing) or any(run.closed for run in runs))


if __name__ == "__main__":
    sys.exit(main())
