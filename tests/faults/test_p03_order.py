"""P03: one order, the same for everyone, for ever."""

import asyncio
from itertools import cycle
from typing import Any

from tests.faults.harness.people import everything
from tests.faults.harness.system import System
from tests.faults.harness.writers import Writer


async def write(writer: Writer, count: int) -> None:
    """Over new connections again and again, so that both processes accept some."""
    for _ in range(count // 5):
        await writer.write(5)


async def test_ten_writers_in_one_conversation(
    system: System, talk: Any, long_run: bool, figures: Any
) -> None:
    """Customer, agents and notes through both web processes: numbers without gap, one order."""
    one = await talk()
    everybody = cycle([one.lin, *one.agents])
    writers = [
        Writer(
            person,
            one.history,
            name=f"w{number}",
            act="notes" if number % 4 == 3 else "messages",
        )
        for number, person in zip(range(10), everybody, strict=False)
    ]
    async with one.screens(one.lin, *one.agents) as screens:
        count = 200 if long_run else 25
        writing = asyncio.gather(*(write(writer, count) for writer in writers))
        both = set()
        while not writing.done():
            both |= {name for name in system.webs() if system.serving(name) > 1}
            await asyncio.sleep(0.1)
        await writing
        assert both == set(system.webs()), "one process did all the work"
        verdict = await one.check(screens)
        figures(verdict)
        assert not verdict.faults()
    stored = await everything(one.agents[0])
    public = await everything(one.lin)
    assert [entry["seq"] for entry in public] == list(range(1, len(public) + 1))
    shared = [entry for entry in stored if entry["audience"] == "public"]
    assert [entry["body"] for entry in public] == [entry["body"] for entry in shared]
    for other in one.agents[1:]:  # what a reload shows is what everybody has
        assert await everything(other) == stored
