"""The count after a run: nothing lost, doubled, out of order, made up, or missing on a screen."""

import contextlib
import re
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.harness.people import Person, everything
from tests.faults.harness.screens import Screen
from tests.faults.harness.system import until
from tests.faults.harness.writers import History

MARK = re.compile(r"⟦(.+):(\d+)⟧")


@dataclass
class Verdict:
    """The letters of the promises: all empty when they were kept."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    caught_up_in: float = 0.0
    acked: int = 0
    stored: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    def faults(self) -> dict[str, list[str]]:
        letters = {
            "L": self.lost,
            "D": self.doubled,
            "O": self.disordered,
            "P": self.phantom,
            "M": self.missing,
            "answers": self.wrong,
        }
        return {letter: found[:8] for letter, found in letters.items() if found}

    def __str__(self) -> str:
        count = f"acked={self.acked} stored={self.stored}"
        letters = (
            f"L={len(self.lost)} D={len(self.doubled)} O={len(self.disordered)} "
            f"P={len(self.phantom)} M={len(self.missing)}"
        )
        times = f"caught up in {self.caught_up_in:.2f} s"
        if self.latencies:
            times += (
                f", G p50={percentile(self.latencies, 50) * 1000:.0f} ms"
                f" p99={percentile(self.latencies, 99) * 1000:.0f} ms"
                f" max={max(self.latencies) * 1000:.0f} ms"
            )
        return f"{count} {letters}; {times}; answers {self.answers}"


async def check(
    history: History,
    reader: Person,
    screens: Sequence[Screen] = (),
    *,
    within: float = 30.0,
    since: float | None = None,
) -> Verdict:
    """Compare what was acknowledged with what is stored and with what every screen shows.

    `reader` is an agent of the conversation. Screens get until `since + within` to catch up.
    """
    since = since or time.monotonic()
    stored = await everything(reader)
    public = [entry for entry in stored if entry["audience"] == "public"]
    verdict = Verdict(stored=len(stored), answers=dict(history.answers), wrong=history.wrong)
    _stored(verdict, history, stored)

    def complete() -> bool:
        return all(
            screen.last == len(public if screen.person.is_customer else stored)
            for screen in screens
        )

    with contextlib.suppress(AssertionError):
        await until(complete, "all screens up to date", since + within - time.monotonic())
    verdict.caught_up_in = time.monotonic() - since
    for screen in screens:
        _shown(verdict, screen, public if screen.person.is_customer else stored)
    if verdict.missing:  # for whoever has to find out why
        verdict.missing += [screen.story() for screen in screens]
        reader.system.tell_stacks()
    for screen in screens:
        verdict.latencies += screen.latencies()
    return verdict


def _stored(verdict: Verdict, history: History, stored: list[dict[str, Any]]) -> None:
    numbers = [entry["seq"] for entry in stored]
    if numbers != list(range(1, len(stored) + 1)):
        verdict.disordered.append(f"numbers are not 1 … {len(stored)}: {numbers[:20]}")
    seqs = {entry["client_id"]: entry["seq"] for entry in stored if entry["client_id"]}
    acked = history.acked()
    verdict.acked = len(acked)
    verdict.lost = [message.body for message in acked if message.client_id not in seqs]
    bodies = Counter(entry["body"] for entry in stored if MARK.fullmatch(entry["body"]))
    verdict.doubled = [body for body, count in bodies.items() if count > 1]
    ours = {message.body for message in history.sent.values()}
    verdict.phantom = [body for body in bodies if body not in ours]
    last: dict[str, int] = {}
    for entry in stored:
        if found := MARK.fullmatch(entry["body"]):
            writer, number = found[1], int(found[2])
            if number <= last.get(writer, 0):
                verdict.disordered.append(f"{entry['body']} after {writer}:{last[writer]}")
            last[writer] = number


def _shown(verdict: Verdict, screen: Screen, stored: list[dict[str, Any]]) -> None:
    name = screen.name
    expected = {number: entry["body"] for number, entry in enumerate(stored, 1)}
    for seq, body in expected.items():
        if seq not in screen.shown:
            verdict.missing.append(f"{name}: {seq} {body}")
        elif screen.shown[seq]["body"] != body:
            verdict.disordered.append(
                f"{name}: {seq} is {screen.shown[seq]['body']}, stored {body}"
            )
    verdict.phantom += [f"{name}: {seq}" for seq in screen.shown if seq not in expected]
    verdict.disordered += [f"{name}: {clash}" for clash in screen.clashes]
    bodies = Counter(body for body in screen.bodies() if MARK.fullmatch(body))
    verdict.doubled += [f"{name}: {body}" for body, count in bodies.items() if count > 1]
    verdict.wrong += [f"{name}: fetching was answered {status}" for status in screen.refused]


def percentile(values: Sequence[float], share: int) -> float:
    if len(values) < 2:
        return max(values, default=0.0)
    return statistics.quantiles(values, n=100, method="inclusive")[min(share, 99) - 1]
