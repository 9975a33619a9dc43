"""P01: an acknowledged message is on disk, whatever process dies at whatever moment."""

import asyncio
import random
import signal
from typing import Any

import pytest

from tests.faults.harness.system import System, until
from tests.stack.processes import alive


async def test_web_processes_are_killed(
    system: System, talk: Any, dice: random.Random, long_run: bool, figures: Any
) -> None:
    """kill -9 of either web process at random moments loses nothing that was acknowledged."""
    one = await talk()
    cycles, enough = (50, 5000) if long_run else (3, 0)
    async with one.screens() as screens:
        async with one.busy(pause=0.01):
            for _ in range(cycles):
                await asyncio.sleep(dice.uniform(0.2, 1.0))
                name = dice.choice(system.webs())
                old = system.hit(name, signal.SIGKILL)
                await system.restarted(name, old)
            await system.settled()
            await until(lambda: len(one.history.acked()) >= enough, "enough messages", 600)
        verdict = await one.check(screens)
    figures(cycles, "kills;", verdict)
    assert not verdict.faults()


@pytest.mark.parametrize(
    ("failpoint", "action", "status"),
    [
        ("after_insert_before_commit", "exit", 201),
        ("after_commit_before_ack", "exit", 200),
        ("after_ack_before_publish", "exit after 0.3", 201),
    ],
)
async def test_death_at_the_worst_moment(
    system: System,
    talk: Any,
    failpoint: str,
    action: str,
    status: int,
    long_run: bool,
    figures: Any,
) -> None:
    """Not committed: stored by the retry. Committed: the retry is told of the first copy."""
    one = await talk(agents=1)
    lin = one.writers()[0]  # who goes on counting her messages
    async with one.screens() as screens:
        for _ in range(20 if long_run else 1):
            before = one.history.answers[str(status)]
            await _die_at(system, one, lin, failpoint, action)
            assert one.history.answers[str(status)] > before
        verdict = await one.check(screens)
    figures(failpoint, verdict)
    assert not verdict.faults()


async def _die_at(system: System, one: Any, writer: Any, failpoint: str, action: str) -> None:
    """Let the customer write until a web process ended at the failpoint."""
    await system.settled()
    pids = [system.pid(name) for name in system.webs()]
    armed = system.arm(failpoint, action)
    async with one.busy(writer):
        await until(lambda: not armed.exists(), "reaching the failpoint")
        await until(lambda: not all(map(alive, pids)), "the end of a web process")


async def test_postgres_ends_like_in_a_power_cut(
    system: System, talk: Any, dice: random.Random, long_run: bool, figures: Any
) -> None:
    """An immediate restart (recovery from the log) keeps every acknowledged message."""
    settings = "fsync", "synchronous_commit", "full_page_writes"
    assert [system.sql(f"SHOW {name}")[0][0] for name in settings] == ["on", "on", "on"]
    one = await talk()
    async with one.screens() as screens:
        async with one.busy(pause=0.01):
            for _ in range(5 if long_run else 1):
                await asyncio.sleep(dice.uniform(0.3, 1.5))
                await system.restart_postgres(signal.SIGQUIT)
                await system.settled()
        verdict = await one.check(screens)
    figures(verdict)
    assert not verdict.faults()
