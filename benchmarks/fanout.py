#!/usr/bin/env python3
"""How many screens hear how many messages, and how soon: Tandem beside bare peers.

K agents' sockets are open on one conversation; messages are posted over HTTP. Two loads:
`window` keeps W messages under way (each until all K screens have it) and counts deliveries per
second; `rate` sends a fixed number per second and takes the time from the send of the POST until
the last of the K screens has the frame. Rounds alternate between all targets, there and back.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from harness import report, servers
from harness.desk import Agent, Desk, agent_door, messages_path
from harness.process import run_load
from harness.rounds import chosen, in_rounds
from harness.usage import CpuMeter
from harness.websocket import Door

Start = Callable[[Path], AbstractContextManager[servers.Running]]


@dataclass
class Target:
    """A server to measure. `family` and `server` name what the aims compare."""

    name: str
    dialect: str
    start: Start
    family: str
    server: str
    by_socket: bool = False
    headers: dict[str, str] = field(default_factory=dict)  # of a POST


@dataclass
class Load:
    """One kind of load on K screens."""

    kind: str  # window or rate
    screens: int


@dataclass
class Run:
    """The figures of one load on one target in one round."""

    target: str
    kind: str
    screens: int
    round: int
    figures: dict[str, Any]
    server_cpu: dict[str, float] = field(default_factory=dict)


def all_targets(by_socket: bool) -> list[Target]:
    """Everything that can be measured, peers beside the product rows they are compared with."""

    def bare(module: str, server: str) -> Start:
        return lambda data: servers.bare_peer(module, server, data)

    def tandem(server: str, web: int | None) -> Start:
        return lambda data: servers.product(server, data.parent / "tandem", web)

    def plain_django(server: str) -> Target:
        start = partial(servers.bare_peer, "plain_django", server, with_database=True)
        session = {"Cookie": f"sessionid={servers.SESSION}; csrftoken={servers.SESSION}"}
        headers = session | {"X-CSRFToken": servers.SESSION}
        return Target(f"plain Django, {server}", "plain", start, "django", server, headers=headers)

    targets = []
    for server in servers.SERVERS:
        layer, hub = bare("channels_layer", server), bare("hub", server)
        targets += [
            Target(
                f"tandem, {server}, 1 web",
                "product",
                tandem(server, 1),
                "tandem",
                server,
            ),
            Target(f"channels_redis, {server}", "plain", layer, "layer", server),
            Target(
                f"tandem, {server}",
                "product",
                tandem(server, None),
                "tandem-all",
                server,
            ),
            plain_django(server),
            Target(f"bare hub, {server}", "plain", hub, "hub", server),
        ]
        if by_socket:
            targets += [
                Target(
                    f"channels_redis, {server}, by socket",
                    "plain",
                    layer,
                    "",
                    server,
                    True,
                ),
                Target(f"bare hub, {server}, by socket", "plain", hub, "", server, True),
            ]
    targets.append(
        Target("socket.io + redis-adapter", "socketio", servers.socketio, "socketio", "")
    )
    return targets


class Audience:
    """What a target needs before each load: doors to open and where to post."""

    def __init__(self, target: Target, running: servers.Running) -> None:
        self.target = target
        self.running = running
        self.desk = Desk(running) if target.dialect == "product" else None
        self.agents: list[Agent] = self.desk.agents() if self.desk else []

    def job(self, screens: int) -> dict[str, Any]:
        """Doors and posting address for a load; the product gets a fresh conversation."""
        if self.desk is None:
            path = "/socket.io/?EIO=4&transport=websocket"
            door = Door(path if self.target.dialect == "socketio" else "/")
            doors, post_path, headers = [door] * screens, "/", self.target.headers
        else:
            conversation = self.desk.conversation()
            agents = [self.agents[i % len(self.agents)] for i in range(screens)]
            doors = [agent_door(agent, conversation) for agent in agents]
            post_path, headers = messages_path(conversation), self.agents[0].headers
        return {
            "dialect": self.target.dialect,
            "host": servers.HOST,
            "port": self.running.port,
            "doors": [asdict(door) for door in doors],
            "post_path": post_path,
            "post_headers": headers,
            "by_socket": self.target.by_socket,
        }


def measure(
    target: Target,
    loads: list[Load],
    arguments: argparse.Namespace,
    data: Path,
    round_: int,
) -> Iterator[Run]:
    """Start the target and put every load on it."""
    with target.start(data / target.name.replace(" ", "-")) as running:
        audience = Audience(target, running)
        for load in loads:
            meter = CpuMeter(running.watched)
            job = audience.job(load.screens)
            job |= {"seconds": arguments.seconds, "warmup": arguments.warmup}
            if load.kind == "window":
                job["window"] = arguments.window
            else:
                job["rate"] = arguments.rate
            limit = arguments.seconds + arguments.warmup + 60
            figures = run_load("load_fanout", job, meter.mark, limit)
            yield Run(target.name, load.kind, load.screens, round_, figures, meter.cores)


def brief(run: Run) -> str:
    """One run in a line."""
    figures = run.figures
    return (
        f"{run.kind} K={run.screens}: {figures['deliveries_per_s']:,.0f}/s"
        f" p50 {report.number(figures['p50_ms'], 1)} p95 {report.number(figures['p95_ms'], 1)} ms"
        f" violations {violations(run)} cpu {cpu_text([run])}"
    )


def violations(run: Run) -> int:
    """Deliveries that broke the promise of exactly once and in order, and lost sockets."""
    counts: list[int] = [
        *run.figures["violations"].values(),
        *run.figures["closed"].values(),
    ]
    return sum(counts)


def per_cpu_second(run: Run) -> float | None:
    """Deliveries per second of CPU of all the server's processes."""
    return report.ratio(run.figures["deliveries_per_s"], sum(run.server_cpu.values()))


def cpu_text(runs: list[Run]) -> str:
    """Median cores of web processes, PostgreSQL, Redis and the rest."""
    parts = []
    for role in ("web", "postgres", "redis", "other"):
        value = report.median([run.server_cpu.get(role, 0.0) for run in runs]) or 0.0
        parts.append(f"{value:.2f}")
    return "/".join(parts)


def row(name: str, runs: list[Run], kind: str) -> list[str]:
    """A target's line in a table."""

    def figure(key: str) -> list[float | None]:
        return [run.figures[key] for run in runs]

    size = report.median(figure("frame_bytes"))
    lead = (
        [report.spread(figure("deliveries_per_s"))]
        if kind == "window"
        else [report.number(report.median(figure("deliveries_per_s")))]
    )
    return [
        name,
        *lead,
        report.spread(figure("p50_ms"), 1),
        report.spread(figure("p95_ms"), 1),
        report.spread([per_cpu_second(run) for run in runs]),
        cpu_text(runs),
        report.number(report.median(figure("client_cpu")), 2),
        report.number(size),
        report.number(report.median(figure("other_frames")), 2),
        report.codes([{**run.figures["violations"], **run.figures["closed"]} for run in runs]),
        report.codes([run.figures["answers"] for run in runs]),
    ]


COLUMNS = [
    "", "deliveries/s", "p50 ms", "p95 ms", "per CPU second", "cores web/pg/redis/rest", "client",
    "bytes", "other frames", "violations", "refused",
]  # fmt: skip


def print_tables(
    runs: list[Run],
    missing: dict[str, str],
    targets: list[Target],
    arguments: argparse.Namespace,
) -> None:
    """One table per load."""
    for kind in ("window", "rate"):
        for screens in arguments.screens:
            here = [run for run in runs if (run.kind, run.screens) == (kind, screens)]
            if not here:
                continue
            what = (
                f"{arguments.window} messages under way"
                if kind == "window"
                else f"{arguments.rate:g} messages/s"
            )
            title = f"{screens} screens, {what}; median (min..max) of {arguments.rounds} rounds"
            rows = []
            for target in targets:
                own = [run for run in here if run.target == target.name]
                if own:
                    rows.append(row(target.name, own, kind))
                elif target.name in missing:
                    reason = missing[target.name].splitlines()[0][:60]
                    rows.append(
                        [
                            f"{target.name}: missing ({reason})",
                            *[""] * (len(COLUMNS) - 1),
                        ]
                    )
            print(report.table(title, COLUMNS, rows))


@dataclass
class Aim:
    """A bound, and what was reached: at least `bound` where more is better, else at most."""

    name: str
    reached: float | None
    bound: float
    more: bool

    @property
    def verdict(self) -> str:
        if self.reached is None:
            return "not measured"
        met = self.reached >= self.bound if self.more else self.reached <= self.bound
        return "met" if met else "MISSED"


def aims(runs: list[Run], targets: list[Target]) -> list[Aim]:
    """What the product has to reach, as ratios of medians of this run."""

    def middle(family: str, server: str, kind: str, screens: int, key: str) -> float | None:
        names = {t.name for t in targets if t.family == family and t.server == server}
        return report.median(
            [
                run.figures[key]
                for run in runs
                if run.target in names and (run.kind, run.screens) == (kind, screens)
            ]
        )

    found = []
    for family, label in (("tandem", "1 web"), ("tandem-all", "default web")):
        for server in servers.SERVERS:
            own = middle(family, server, "window", 50, "deliveries_per_s")
            peer = middle("layer", server, "window", 50, "deliveries_per_s")
            name = f"50 screens, {server}, {label}: deliveries over bare channels_redis"
            found.append(Aim(name, report.ratio(own, peer), 3.0, True))
        own = middle(family, "uvicorn", "window", 200, "deliveries_per_s")
        peer = middle("socketio", "", "window", 200, "deliveries_per_s")
        name = f"200 screens, uvicorn, {label}: deliveries over socket.io"
        found.append(Aim(name, report.ratio(own, peer), 0.5, True))
        p95 = middle(family, "uvicorn", "rate", 50, "p95_ms")
        name = f"50 screens, uvicorn, {label}: p95 ms from POST to the last screen"
        found.append(Aim(name, p95, 25.0, False))
    return found


def print_aims(found: list[Aim]) -> None:
    """The aims, each with what was reached."""
    rows = [
        [aim.name, report.number(aim.reached, 2), f"{'≥' if aim.more else '≤'} {aim.bound:g}",
         aim.verdict]
        for aim in found
    ]  # fmt: skip
    print(report.table("Aims", ["", "reached", "aim", ""], rows))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--screens", type=report.whole_numbers, default=[2, 10, 50, 200], metavar="K,K,…",
        help="open sockets on the conversation (default 2,10,50,200)")  # fmt: skip
    add(
        "--window",
        type=int,
        default=8,
        help="messages under way at saturation (default 8)",
    )
    add(
        "--rate",
        type=float,
        default=50.0,
        help="messages/s of the second load (default 50)",
    )
    add("--rounds", type=int, default=3, help="alternating rounds (default 3)")
    add(
        "--seconds",
        type=float,
        default=4.0,
        help="measured seconds per load (default 4)",
    )
    add(
        "--warmup",
        type=float,
        default=1.0,
        help="seconds of load before them (default 1)",
    )
    add(
        "--loads",
        choices=("window", "rate", "both"),
        default="both",
        help="which loads",
    )
    add(
        "--only",
        action="append",
        metavar="TEXT",
        help="only targets whose name contains this; can be repeated",
    )
    add(
        "--by-socket",
        action="store_true",
        help="also publish to the bare peers over a socket",
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
        arguments.screens, arguments.rounds = [10, 50], 1
        arguments.seconds, arguments.warmup = 1.0, 0.3
        arguments.only = arguments.only or [", 1 web", "channels_redis", "socket.io"]
    return arguments


def main() -> int:
    """Measure and print; 1 when a delivery of the product broke a promise."""
    arguments = parse()
    servers.prepare()
    targets = chosen(all_targets(arguments.by_socket), arguments.only)
    kinds = ("window", "rate") if arguments.loads == "both" else (arguments.loads,)
    loads = [Load(kind, screens) for screens in arguments.screens for kind in kinds]
    with contextlib.suppress(KeyboardInterrupt):
        with servers.folder(arguments.data) as data:
            runs, missing = in_rounds(
                targets,
                arguments.rounds,
                lambda target, round_: measure(target, loads, arguments, data, round_),
                brief,
            )
        found = aims(runs, targets)
        print_tables(runs, missing, targets, arguments)
        print_aims(found)
        settings = {key: str(value) for key, value in vars(arguments).items()}
        report.write_json(
            arguments.json,
            {
                "settings": settings,
                "missing": missing,
                "runs": [asdict(run) for run in runs],
                "aims": [{**asdict(aim), "verdict": aim.verdict} for aim in found],
            },
        )
        product = {target.name for target in targets if target.dialect == "product"}
        return int(any(violations(run) for run in runs if run.target in product))
    return 130


if __name__ == "__main__":
    sys.exit(main())
