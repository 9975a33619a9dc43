#!/usr/bin/env python3
"""How fast pages come: the list of conversations, a conversation of 500 entries, and trivial pages.

Requests per second and the time of one request (p50, p95) with one and with eight connections that
always wait for an answer, and the number of SQL queries of each page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness import report, servers
from harness.desk import Desk
from harness.process import run_load
from harness.usage import CpuMeter

AGENT = "supervisor"
JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html"}


@dataclass
class Page:
    """An address to fetch."""

    name: str
    path: str
    headers: dict[str, str]
    signed_in: bool = True


@dataclass
class Run:
    """The figures of one page under one load in one round."""

    server: str
    page: str
    connections: int
    round: int
    figures: dict[str, Any]
    server_cpu: dict[str, float] = field(default_factory=dict)


def fill(desk: Desk, conversations: int, entries: int) -> tuple[str, str]:
    """Conversations for the list; the id and customer's token of one that has `entries` entries."""
    for _ in range(conversations):
        desk.conversation()
    agent = desk.agent(AGENT)
    token, long_one = desk.customer()
    desk.customer_writes(token, "Where is my parcel?")
    count = 1
    while count < entries:
        if count % 2:
            body = (
                f"It has left our house, line **{count}**. Here is [the way](https://example.org)."
            )
            count = desk.agent_writes(agent, long_one, body, count)["seq"]
        else:
            body = f"Thank you, and what about part {count}? 我的订单还没有到。"
            desk.customer_writes(token, body)
            count += 1
    return long_one, token


def pages(conversation: str) -> list[Page]:
    """What is fetched; the trivial ones first."""
    one = f"/workspace/conversations/{conversation}/"
    return [
        Page("/healthz", "/healthz", {}, signed_in=False),
        Page("sign-in page", "/login/", HTML, signed_in=False),
        Page("list, HTML", "/workspace/conversations/?view=all", HTML),
        Page("list, JSON", "/workspace/conversations/?view=all", JSON),
        Page("conversation, HTML", one, HTML),
        Page("its entries, JSON", f"{one}entries?after=0", JSON),
    ]


def count_queries(running: servers.Running, wanted: list[Page]) -> list[int | None]:
    """SQL queries per page, None where the page could not be fetched."""
    question = {"agent": AGENT, "pages": [asdict(page) for page in wanted]}
    done = subprocess.run(
        [sys.executable, str(servers.BENCHMARKS / "harness" / "count_queries.py")],
        input=json.dumps(question) + "\n",
        env={**os.environ, **running.environment, "PYTHONPATH": str(servers.PROJECT)},
        cwd=servers.PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        return [None] * len(wanted)
    counts: list[int | None] = json.loads(done.stdout.splitlines()[-1])
    return counts


def measure(
    running: servers.Running, server: str, arguments: argparse.Namespace, filled: list[str],
    queries: dict[str, int | None], round_: int,
) -> list[Run]:  # fmt: skip
    """All pages under all loads."""
    desk = Desk(running)
    if not filled:
        filled.append(fill(desk, arguments.conversations, arguments.entries)[0])
    found = pages(filled[0])
    cookies = {"Cookie": desk.agent(AGENT).headers["Cookie"]}
    if not queries:
        counts = count_queries(running, found)
        queries.update(zip((page.name for page in found), counts, strict=True))
    runs = []
    for page in found:
        for connections in arguments.connections:
            meter = CpuMeter(running.watched)
            job = {
                "host": servers.HOST,
                "port": running.port,
                "path": page.path,
                "headers": {
                    **page.headers,
                    **(cookies if page.signed_in else {}),
                },
                "connections": connections,
                "seconds": arguments.seconds,
                "warmup": arguments.warmup,
            }
            limit = arguments.seconds + arguments.warmup + 60
            figures = run_load("load_pages", job, meter.mark, limit)
            runs.append(Run(server, page.name, connections, round_, figures, meter.cores))
            print(f"  {page.name} c={connections}: {figures['requests_per_s']:,.0f}/s",
                  file=sys.stderr, flush=True)  # fmt: skip
    return runs


COLUMNS = ["", "requests/s", "p50 ms", "p95 ms", "of /healthz", "queries", "KiB",
           "server cores web/pg", "client cores", "not 200"]  # fmt: skip


def row(page: str, here: list[Run], queries: int | None) -> list[str]:
    """A page's line in a table."""
    own = [run for run in here if run.page == page]

    def figure(key: str, of: str = page) -> list[float | None]:
        return [run.figures[key] for run in here if run.page == of]

    cores = [
        report.number(report.median([run.server_cpu.get(role, 0.0) for run in own]), 2)
        for role in ("web", "postgres")
    ]
    answers = sum(sum(run.figures["statuses"].values()) for run in own)
    good = sum(run.figures["statuses"].get("200", 0) for run in own)
    size = report.median(figure("body_bytes"))
    trivial = report.median(figure("p50_ms", "/healthz"))
    return [
        page,
        report.spread(figure("requests_per_s")),
        report.spread(figure("p50_ms"), 1),
        report.spread(figure("p95_ms"), 1),
        report.number(report.ratio(report.median(figure("p50_ms")), trivial), 1),
        report.number(queries),
        report.number(size and size / 1024, 1),
        "/".join(cores),
        report.number(report.median(figure("client_cpu")), 2),
        str(answers - good),
    ]


def print_tables(
    runs: list[Run], queries: dict[str, int | None], arguments: argparse.Namespace
) -> None:
    """One table per server and load."""
    web = arguments.web or "default"
    for server in servers.SERVERS:
        for connections in arguments.connections:
            here = [run for run in runs if (run.server, run.connections) == (server, connections)]
            names = dict.fromkeys(run.page for run in here)
            rows = [row(page, here, queries.get(page)) for page in names]
            if rows:
                title = f"{server}, {web} web, {connections} connections; {arguments.rounds} rounds"
                print(report.table(title, COLUMNS, rows))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--connections", type=report.whole_numbers, default=[1, 8], metavar="C,C,…",
        help="connections of each load (default 1,8)")  # fmt: skip
    add(
        "--conversations",
        type=int,
        default=60,
        help="conversations to make (default 60)",
    )
    add(
        "--entries",
        type=int,
        default=500,
        help="entries of the long conversation (default 500)",
    )
    add(
        "--web",
        type=int,
        default=1,
        help="web processes, 0 for the product's default (default 1)",
    )
    add("--rounds", type=int, default=3, help="alternating rounds (default 3)")
    add(
        "--seconds",
        type=float,
        default=3.0,
        help="measured seconds per load (default 3)",
    )
    add(
        "--warmup",
        type=float,
        default=0.5,
        help="seconds of load before them (default 0.5)",
    )
    add("--only", default="", metavar="NAME", help="daphne or uvicorn only")
    add("--data", type=Path, help="keep the servers' data in this directory")
    add("--json", type=Path, metavar="FILE", help="write all figures to this file")
    add(
        "--quick",
        action="store_true",
        help="a smoke test of about a minute, not a measurement",
    )
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.warmup = 1, 1.0, 0.2
        arguments.conversations, arguments.only = 20, arguments.only or "uvicorn"
    return arguments


def main() -> int:
    """Measure and print; 1 when a page answered anything but 200."""
    arguments = parse()
    servers.prepare()
    chosen = [server for server in servers.SERVERS if arguments.only in server]
    runs: list[Run] = []
    filled: list[str] = []
    queries: dict[str, int | None] = {}
    with servers.folder(arguments.data) as data:
        for round_ in range(arguments.rounds):
            for server in chosen if round_ % 2 == 0 else chosen[::-1]:
                print(f"round {round_ + 1}: {server}", file=sys.stderr, flush=True)
                with servers.product(server, data, arguments.web or None) as running:
                    runs += measure(running, server, arguments, filled, queries, round_)
    print_tables(runs, queries, arguments)
    report.write_json(arguments.json, {"queries": queries, "runs": [asdict(run) for run in runs]})
    return int(any(set(run.figures["statuses"]) != {"200"} for run in runs))


if __name__ == "__main__":
    sys.exit(main())
