#!/usr/bin/env python3
"""What rights cost: the workspace list of an agent of 20 inboxes with 10,000 exceptions.

The product's query beside the same without permissions, the best SQL we can write by hand, and
guardian's get_objects_for_user on one row of rights per conversation; and the page as a whole.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness import report, servers

NAMES = {
    "bare": "without permissions",
    "product": "product",
    "hand": "hand-written SQL",
    "guardian": "rows per conversation, get_objects_for_user",
    "page": "the list page, JSON",
}


def measure(data: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Fill and measure in a process of its own, with the product's settings."""
    with servers.product("uvicorn", data, 1) as running:
        job = {
            "conversations": arguments.conversations,
            "inboxes": arguments.inboxes,
            "exceptions": arguments.exceptions,
            "rounds": arguments.rounds,
            "repeats": arguments.repeats,
        }
        done = subprocess.run(
            [sys.executable, str(Path(__file__).parent / "harness" / "measure_rights.py")],
            input=json.dumps(job) + "\n",
            stdout=subprocess.PIPE,
            env=os.environ | running.environment,
            cwd=servers.PROJECT,
            text=True,
            check=True,
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def print_tables(found: dict[str, Any], arguments: argparse.Namespace) -> None:
    rows = []
    for what, by_name in found["times"].items():
        bare = report.median([report.percentile(one, 50) for one in by_name["bare"]])
        for name, rounds in by_name.items():
            halves = [report.percentile(one, 50, 1000) for one in rounds]
            slow = [report.percentile(one, 95, 1000) for one in rounds]
            middle = report.median(halves)
            times = report.ratio(middle, bare * 1000 if bare else None)
            rows.append(
                [
                    what,
                    NAMES[name],
                    report.spread(halves, 2),
                    report.spread(slow, 2),
                    report.number(times, 2),
                ]
            )
    title = (
        f"{arguments.conversations:,} conversations, {arguments.inboxes} of "
        f"{2 * arguments.inboxes} inboxes, {arguments.exceptions:,} exceptions"
    )
    print(report.table(title, ["what", "how", "p50 ms", "p95 ms", "of without"], rows))
    print(f"rows of all ways equal: {'yes' if found['equal'] else 'NO'}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--conversations", type=int, default=1_000_000, help="in all inboxes (default 1,000,000)")
    add("--inboxes", type=int, default=20, help="which the agent sees, of twice as many")
    add("--exceptions", type=int, default=10_000, help="single conversations besides")
    add("--rounds", type=int, default=5, help="alternating rounds (default 5)")
    add("--repeats", type=int, default=40, help="of each query in a round (default 40)")
    add("--data", type=Path, help="keep the servers' data in this directory")
    add("--json", type=Path, metavar="FILE", help="write all figures to this file")
    add("--quick", action="store_true", help="50,000 conversations: a smoke test")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.conversations, arguments.exceptions = 50_000, 2_000
        arguments.rounds, arguments.repeats = 3, 10
    return arguments


def main() -> int:
    """Measure and print; 1 when the ways do not find the same rows."""
    arguments = parse()
    servers.prepare()
    with servers.folder(arguments.data) as data:
        found = measure(data, arguments)
    print_tables(found, arguments)
    report.write_json(arguments.json, found)
    return int(not found["equal"])


if __name__ == "__main__":
    sys.exit(main())
