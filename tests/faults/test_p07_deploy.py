"""P07: deploys are invisible. Web processes are replaced one after the other under load."""

import asyncio
import random
import signal
import statistics
from collections import Counter
from typing import Any

from tests.faults.harness.system import System


async def test_rolling_restart(
    system: System, talk: Any, dice: random.Random, long_run: bool, figures: Any
) -> None:
    """Sockets close with 1012 and come back with what they missed; nothing is lost."""
    one = await talk()
    more = [dice.choice([one.lin, *one.agents]) for _ in range(196 if long_run else 26)]
    async with one.screens(*more) as screens:
        rounds = 5 if long_run else 1
        async with one.busy(pause=1.0 if long_run else 0.1):
            for _ in range(rounds):
                for name in system.webs():
                    await asyncio.sleep(dice.uniform(0.5, 1.0))
                    old = system.hit(name, signal.SIGTERM)
                    await system.restarted(name, old)
                    await system.settled()
        verdict = await one.check(screens)
        for screen in screens:
            await screen.until_open()
    codes = Counter(code for screen in screens for _, code in screen.closed if code)
    pauses = sorted(
        min(later for later in screen.opened if later > at) - at
        for screen in screens
        for at, code in screen.closed
        if code
    )
    figures(
        f"codes {dict(codes)}, resumed median {statistics.median(pauses):.2f} s, "
        f"max {pauses[-1]:.2f} s; {verdict}"
    )
    assert not verdict.faults()
    assert len(pauses) >= len(screens), "nobody was moved"
    assert codes[1012] >= 0.99 * codes.total()
    assert pauses[-1] <= 15
    if long_run:  # how soon is a matter of the machine; the long run has it to itself
        assert statistics.median(pauses) <= 3
