"""P05: Redis is disposable. Losing it loses nothing and signs nobody out."""

import asyncio
import random
from typing import Any

from tests.faults.harness.people import everything
from tests.faults.harness.system import System


async def test_restarted_and_flushed_while_everybody_writes(
    system: System, talk: Any, dice: random.Random, long_run: bool, figures: Any
) -> None:
    """By a customer and three agents: every screen has each message once, in order."""
    one = await talk()
    each = 500 if long_run else 60
    async with one.screens() as screens:
        writing = asyncio.gather(*(w.write(each, pause=0.05) for w in one.writers()))
        faults = 0
        while not writing.done():
            await asyncio.sleep(dice.uniform(0.5, 1.5))
            await dice.choice([system.restart_redis, system.flush_redis])()
            faults += 1
        await writing
        await system.settled()
        verdict = await one.check(screens)
        figures(faults, "faults;", verdict)
        assert not verdict.faults()
        assert verdict.acked == 4 * each + 1
        for screen in screens:
            assert not [code for _, code in screen.closed if code], screen.closed
        for person in one.agents:  # the same cookies still open the door
            assert len(await everything(person)) == verdict.stored
