"""P04: a screen is never silently stale, whatever Redis does or loses."""

import asyncio
import json
import random
import signal
import time
from typing import Any

import aiohttp
import pytest

from tests.faults.harness.checking import percentile
from tests.faults.harness.faultproxy import FaultProxy
from tests.faults.harness.people import Person
from tests.faults.harness.system import System

HEALTHY = 1.0  # seconds from commit to screen
REDIS_DEAD = 3.0
HEARTBEAT = 15.0


@pytest.mark.parametrize("fault", ["none", "subscriptions cut", "flushed", "frozen"])
async def test_live_without_redis(
    system: System, talk: Any, dice: random.Random, long_run: bool, fault: str, figures: Any
) -> None:
    """Live within a second; within three when Redis says nothing any more."""
    one = await talk()
    async with one.screens() as screens:
        async with one.busy(pause=0.2):
            await asyncio.sleep(1)
            began = time.time()
            if fault == "frozen":
                system.hit("redis", signal.SIGSTOP)
                await asyncio.sleep(60 if long_run else 8)
                system.hit("redis", signal.SIGCONT)
            else:
                for _ in range(30 if long_run else 4):
                    if fault == "subscriptions cut":
                        assert await system.lose_listeners() >= 1
                    elif fault == "flushed":
                        await system.flush_redis()
                    await asyncio.sleep(dice.uniform(0.3, 1.0))
            ended = time.time()
        verdict = await one.check(screens)
    during = [one for screen in screens for one in screen.latencies(began, ended)]
    p50, p99 = percentile(during, 50), percentile(during, 99)
    figures(f"{fault}: p50 {p50:.3f} s, p99 {p99:.3f} s, max {max(during):.3f} s; {verdict}")
    assert not verdict.faults()
    assert [code for screen in screens for _, code in screen.closed] == []
    if fault in ("none", "flushed"):
        assert p50 <= HEALTHY
        assert (p99 if long_run else p50) <= HEALTHY
    assert (max(during) if long_run else p99) <= REDIS_DEAD


async def test_a_stalled_connection_is_noticed(system: System, talk: Any, figures: Any) -> None:
    """Half-open: nothing moves, nothing is closed. The screen asks, gives up, and comes back."""
    async with FaultProxy(system.port) as proxy:
        one = await talk(agents=1, port=proxy.port)
        direct = await talk(agents=0)
        direct.lin.conversation, direct.lin.headers = one.lin.conversation, one.lin.headers
        direct.history = one.history
        async with one.screens() as screens:
            proxy.set("stall")
            async with direct.busy(*direct.writers(), pause=0.2):
                for screen in screens:
                    took = await screen.until(lambda s=screen: not s.online, "notice", 20)
                    figures(f"{screen.name} noticed after {took:.1f} s")
            proxy.set("pass")
            verdict = await one.check(screens)
            figures(verdict)
            assert not verdict.faults()


async def test_idle_sockets_live_and_are_told_they_do(
    system: System, talk: Any, long_run: bool, figures: Any
) -> None:
    """An idle socket stays open, and hears from us at least every fifteen seconds."""
    one = await talk(agents=1)
    seconds = 95 if long_run else 20
    gaps = await asyncio.gather(
        *(_longest_silence(person, seconds) for person in (one.lin, one.agents[0]))
    )
    figures(f"longest silences in {seconds} s:", gaps)
    assert max(gaps) <= HEARTBEAT


async def _longest_silence(person: Person, seconds: float) -> float:
    """Listen without a word; fails if the socket ends."""
    async with (
        person.http() as http,
        http.ws_connect(person.socket, headers={"Origin": person.url("")}) as ws,
    ):
        await ws.send_str(json.dumps(person.opening(0)))
        began = last = time.monotonic()
        longest, heads = 0.0, 0
        while (now := time.monotonic()) < began + seconds:
            try:
                message = await ws.receive(began + seconds - now)
            except TimeoutError:
                break
            assert message.type is aiohttp.WSMsgType.TEXT, f"closed with {ws.close_code}"
            heads += json.loads(message.data)["type"] == "head"
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        assert heads >= 2
        return max(longest, time.monotonic() - last)
