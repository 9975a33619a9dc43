"""P06: a restart of PostgreSQL costs seconds, not messages, and is never a 500."""

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from typing import Any

import psycopg
import pytest

from tests.faults.harness.people import Person
from tests.faults.harness.system import System

RECOVERY = 15.0


@pytest.mark.parametrize("how", ["fast", "immediate", "connections cut"])
async def test_while_everybody_writes_and_reads(
    system: System, talk: Any, dice: random.Random, long_run: bool, how: str, figures: Any
) -> None:
    one = await talk()
    webs = [system.pid(name) for name in system.webs()]
    writers = one.writers()
    for writer in writers:
        writer.patience = 25.0  # the server answers by itself; nobody hangs up on it
    recoveries: list[float] = []
    seen: Counter[str] = Counter()
    readers = [
        asyncio.create_task(_keep_reading(person, path, seen))
        for person in (one.lin, *one.agents[:2])
        for path in _pages(person)
    ]
    async with one.screens() as screens:
        async with one.busy(*writers, pause=0.03):
            for _ in range(5 if long_run else 2):
                await asyncio.sleep(dice.uniform(0.3, 1.5))
                if how == "connections cut":
                    system.sql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE usename = 'tandem'"
                    )
                else:
                    number = signal.SIGINT if how == "fast" else signal.SIGQUIT
                    await system.restart_postgres(number)
                back = await _accepts_connections(system)
                await system.settled()  # every web process, not only the first
                recoveries.append(round(time.time() - back, 2))
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        verdict = await one.check(screens)
    figures(f"{how}: recovery {recoveries}, reads {dict(seen)}; {verdict}")
    assert not verdict.faults()
    assert set(one.history.answers) <= {"200", "201", "409", "503"}  # 409: held, then sent
    assert set(seen) <= {"200", "503"}
    assert max(recoveries) <= RECOVERY
    assert [system.pid(name) for name in system.webs()] == webs, "a web process died of it"


def _pages(person: Person) -> list[str]:
    if person.is_customer:
        return [person.entries]
    return [
        person.entries,
        person.url("/workspace/conversations/?view=all"),
        person.url("/workspace/conversations/counts/"),
    ]


async def _keep_reading(person: Person, url: str, seen: Counter[str]) -> None:
    async with person.http(30) as http:
        while True:
            async with http.get(url) as answer:
                text = await answer.text()
                seen[str(answer.status)] += 1
                if answer.status == 503 and "Retry-After" not in answer.headers:
                    seen["503 without Retry-After"] += 1
                if answer.status not in (200, 503):
                    seen[text[:300]] += 1
            await asyncio.sleep(0.05)


async def _accepts_connections(system: System) -> float:
    while True:
        with contextlib.suppress(psycopg.Error):
            await asyncio.to_thread(system.sql, "SELECT 1")
            return time.time()
        await asyncio.sleep(0.05)
