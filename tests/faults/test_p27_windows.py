"""P27, and the other promises seen in the product's own pages: nothing vanishes from a window."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.faults.harness import people
from tests.faults.harness.browsers import Window, chromium
from tests.faults.harness.faultproxy import FaultProxy
from tests.faults.harness.system import System

Hurt = Callable[[System, random.Random], Awaitable[None]]


async def _kill_a_web_process(system: System, dice: random.Random) -> None:
    name = dice.choice(system.webs())
    await system.restarted(name, system.hit(name, signal.SIGKILL))


async def _hurt_redis(system: System, dice: random.Random) -> None:
    match dice.choice(["restart", "freeze", "flush"]):
        case "restart":
            await system.restart_redis()
        case "flush":
            await system.flush_redis()
        case _:
            system.hit("redis", signal.SIGSTOP)
            await asyncio.sleep(3)
            system.hit("redis", signal.SIGCONT)


async def _restart_postgres(system: System, dice: random.Random) -> None:
    await system.restart_postgres(dice.choice([signal.SIGINT, signal.SIGQUIT]))


HURTS: dict[str, Hurt] = {
    "web processes killed": _kill_a_web_process,
    "Redis restarted, frozen and flushed": _hurt_redis,
    "PostgreSQL restarted": _restart_postgres,
}


@pytest.mark.browser
@pytest.mark.parametrize("fault", [*HURTS, "everything"])
async def test_every_window_holds_what_was_acknowledged(
    system: System, talk: Any, dice: random.Random, long_run: bool, fault: str, figures: Any
) -> None:
    """A customer and agents before their pages, and socket clients, while all is being hurt."""
    if long_run == (fault == "everything"):
        pytest.skip("one after the other in the long run, together in the short one")
    hurts = [HURTS[fault]] if long_run else list(HURTS.values())
    one = await talk()
    persons = [one.lin, *one.agents] if long_run else [one.lin, one.agents[0]]
    async with chromium() as browser, one.screens() as screens:
        windows = [await Window.open(browser, person) for person in persons]
        async with one.busy(pause=0.1):
            wanted = 500 if long_run else 0
            while hurts or len(one.history.acked()) < wanted:
                hurt = hurts[0] if long_run else hurts.pop()
                await asyncio.sleep(dice.uniform(0.5, 1.5))
                await hurt(system, dice)
                await system.settled()
                if long_run and len(one.history.acked()) >= wanted:
                    break
        verdict = await one.check(screens)
        stored = await people.everything(one.agents[0])
        public = [entry for entry in stored if entry["audience"] == "public"]
        for window in windows:
            await window.holds(public if window.person.is_customer else stored, 3 * one.within)
    figures(f"{len(windows)} windows; {verdict}")
    assert not verdict.faults()


@pytest.mark.browser
@pytest.mark.parametrize("who", ["an agent", "a customer"])
async def test_the_sender_always_knows(
    system: System, talk: Any, long_run: bool, who: str, figures: Any
) -> None:
    """While nothing gets through each message says that it is on its way; then all go, once."""
    seen: Counter[str] = Counter()
    async with FaultProxy(system.port) as proxy, chromium() as browser:
        one = await talk(agents=1, port=proxy.port)
        person = one.lin if who == "a customer" else one.agents[0]
        window = await Window.open(browser, person)
        bodies: list[str] = []
        count = 50 if long_run else 8
        proxy.set("drop_c2s")
        for number in range(count):
            bodies.append(f"⟦window:{number + 1:03}⟧")
            await window.write(bodies[-1])
            for found in await window.states(bodies):
                assert len(found) == 1, f"{found} of {bodies}"
                seen[found[0]] += 1
            if number == count // 2:
                proxy.set("drop_s2c")  # now they arrive, and nobody is told
            await asyncio.sleep(60 / count if long_run else 0.2)
        proxy.set("stall")
        began = asyncio.get_running_loop().time()
        await window.light("offline", 30)
        noticed = asyncio.get_running_loop().time() - began
        proxy.set("pass")
        proxy.reset()
        while await window.states(bodies) != [["shown"]] * count:
            for found in await window.states(bodies):
                assert len(found) == 1, found
                seen[found[0]] += 1
            await asyncio.sleep(0.1)
        reader = people.at_port(one.agents[0], system.port)
        stored = await people.everything(reader)
        assert [entry["body"] for entry in stored if "window" in entry["body"]] == bodies
        public = [entry for entry in stored if entry["audience"] == "public"]
        await window.holds(public if person.is_customer else stored, 60)
    figures(f"{who}: {dict(seen)}, called offline after {noticed:.1f} s")
    assert noticed <= (10 if long_run else 20)
    assert set(seen) <= {"sending", "sent", "shown"}
    assert seen["sending"]
