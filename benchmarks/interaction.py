#!/usr/bin/env python3
"""How soon the screen answers a key or a click: a conversation of 500 entries, events arriving.

Chromium itself measures (Event Timing: from the input to the next paint, in steps of 8 ms). An
agent types in the shared draft, walks the list and opens menus, while customers write so many
messages a second, half of them in the open conversation.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import report, servers
from harness.desk import Desk
from pages import fill
from playwright.sync_api import Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WATCH = """() => {
  window.timings = [];
  new PerformanceObserver((list) => {
    for (const { name, duration, interactionId } of list.getEntries()) {
      if (interactionId) window.timings.push([name, duration]);
    }
  }).observe({ type: "event", durationThreshold: 16, buffered: false });
}"""


@contextmanager
def busy(desk: Desk, conversation: str, token: str, per_second: float) -> Iterator[list[int]]:
    """Customers write until the block ends; yields the count of messages."""
    other, _ = desk.customer()
    written = [0]
    enough = threading.Event()

    def write() -> None:
        while not enough.wait(1 / per_second):
            number = written[0]
            desk.customer_writes(other if number % 2 else token, f"And another thing: {number}")
            written[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        enough.set()
        thread.join()


def work(page: Page, keys: int) -> int:
    """What an agent does; returns how many keys and clicks that were."""
    field = page.locator("#composer-text")
    field.click()
    for number in range(keys):
        page.keyboard.press("Enter" if number % 40 == 39 else "abcdefgh "[number % 9])
    done = keys + 1
    for _ in range(10):
        page.locator("[data-more]").first.click()
        page.keyboard.press("Escape")
        page.locator("#composer input[value=note]").check(force=True)
        page.locator("#composer input[value=reply]").check(force=True)
        page.locator("#stream").focus()
        page.keyboard.press("j")
        page.keyboard.press("k")
        done += 6
    return done


def measure(running: servers.Running, arguments: argparse.Namespace) -> dict[str, float]:
    """The figures, by the names of their columns."""
    desk = Desk(running)
    conversation, token = fill(desk, 60, arguments.entries)
    cookies = desk.agent("supervisor").headers["Cookie"].split("; ")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies(
            [
                {"name": name, "value": value, "url": running.origin}
                for name, _, value in (cookie.partition("=") for cookie in cookies)
            ]
        )
        page = context.new_page()
        page.goto(f"{running.origin}/workspace/conversations/{conversation}/?view=all")
        page.locator("#composer .field").wait_for()
        while page.locator("#earlier:visible").count():
            page.locator("#stream").evaluate("(stream) => { stream.scrollTop = 0 }")
            page.wait_for_timeout(100)
        page.evaluate(WATCH)
        with busy(desk, conversation, token, arguments.events) as written:
            done = work(page, arguments.keys)
        page.wait_for_timeout(500)
        timings = [duration for _, duration in page.evaluate("window.timings")]
        entries = page.locator("#entries > [data-seq]").count()
        browser.close()
    # What took less than 16 ms is not told by the browser: it counts as 16.
    all_of = sorted(timings + [16.0] * max(0, done - len(timings)))
    share = statistics.quantiles(all_of, n=100)
    return {
        "entries on screen": entries,
        "messages meanwhile": written[0],
        "keys and clicks": done,
        "p50 ms (≤)": share[49],
        "p95 ms": share[94],
        "p99 ms": share[98],
        "longest ms": all_of[-1],
    }


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--entries", type=int, default=500, help="entries of the conversation (default 500)")
    add("--events", type=float, default=20, help="messages per second (default 20)")
    add("--keys", type=int, default=300, help="keys typed into the reply (default 300)")
    add("--data", type=Path, help="keep the servers' data in this directory")
    add("--json", type=Path, metavar="FILE", help="write all figures to this file")
    add("--quick", action="store_true", help="a smoke test of about a minute, not a measurement")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.entries, arguments.events, arguments.keys = 100, 5.0, 60
    return arguments


def main() -> int:
    """Measure and print."""
    arguments = parse()
    servers.prepare()
    with (
        servers.folder(arguments.data) as data,
        servers.product("uvicorn", data, None) as running,
    ):
        found = measure(running, arguments)
    row = ["tandem", *map(report.number, found.values())]
    print(report.table("From a key or click to the next paint", ["", *found], [row]))
    report.write_json(arguments.json, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
