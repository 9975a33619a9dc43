"""P11: access that is taken away ends on open screens, also when Redis says nothing."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.faults.harness import people
from tests.faults.harness.screens import Screen
from tests.faults.harness.system import System

WITHIN = 2.0
WORST = 10.0


@pytest.fixture
async def whole(system: System) -> AsyncIterator[System]:
    """The system; whatever happens, Redis runs again afterwards and agent4 is back."""
    yield system
    system.hit("redis", signal.SIGCONT)
    await asyncio.to_thread(system.act, "restore", "agent4")


@pytest.mark.parametrize(
    ("how", "redis"),
    [
        ("deactivated", "running"),
        ("removed from the team", "running"),
        ("signed out", "running"),
        ("deactivated", "frozen"),
        ("removed from the team", "frozen"),
        ("signed out", "frozen"),
    ],
)
async def test_an_open_screen_goes_blank(
    whole: System, talk: Any, long_run: bool, how: str, redis: str, figures: Any
) -> None:
    """The socket is told or closed, hears nothing more, and the next request is refused."""
    if redis == "frozen" and how != "removed from the team" and not long_run:
        pytest.skip("in the long run")
    system = whole
    one = await talk(agents=1)
    eve = await people.agent(system, "agent4", one.lin.conversation, fresh=True)
    async with Screen(eve) as screen, Screen(one.agents[0]) as other:
        await screen.until_open()
        await other.until_open()
        async with one.busy(one.writers()[0], pause=0.1):
            await screen.until(lambda: screen.last > 3, "some messages")
            if redis == "frozen":
                system.hit("redis", signal.SIGSTOP)
            if how == "signed out":
                async with (
                    eve.http() as http,
                    http.post(eve.url("/logout/"), allow_redirects=False) as answer,
                ):
                    assert answer.status < 400
                revoked = time.time()
            else:
                act = "deactivate" if how == "deactivated" else "leave"
                revoked = await asyncio.to_thread(system.act, act, "agent4")
            await screen.until(lambda: screen.blank_at, "blank screen", 30)
            assert screen.blank_at
            took = screen.blank_at - revoked
            shown = len(screen.shown)
            await asyncio.sleep(1.0)
            assert len(screen.shown) == shown, "it heard more after it was told"
        figures(f"{how}, Redis {redis}: blank after {took:.2f} s")
        late = screen.latencies(revoked + WITHIN)
        async with eve.http() as http, http.get(eve.entries) as answer:
            assert answer.status == (404 if how == "removed from the team" else 401)
        assert (await eve.post(eve.messages, client_id="x", body="y"))[0] in (401, 403, 404, 422)
        assert other.blank_at is None
        if redis == "running" and long_run:
            assert took <= WITHIN
            assert not late
        assert took <= WORST
