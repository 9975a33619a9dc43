"""P09: a draft written together survives whatever ends, and never doubles."""

import asyncio
import random
import signal
from contextlib import AsyncExitStack
from typing import Any

import pytest

from collaboration.drafts import protocol
from tests.faults.harness.coeditors import Coeditor
from tests.faults.harness.system import System, until


async def settled(editors: list[Coeditor]) -> None:
    """All of them have every word once, in the same order; so has who opens it now."""
    words = sorted(word for editor in editors for word in editor.words)
    size = sum(map(len, words))
    async with Coeditor(editors[0].person, "late") as late:
        everybody = [*editors, late]
        await until(
            lambda: (
                all(len(one.body) >= size for one in everybody)
                and len({one.text for one in everybody}) == 1
            ),
            "the same text for all",
        )
        assert sorted(f"{word} " for word in late.text.split()) == words


@pytest.mark.parametrize("what", ["postgres", "web processes", "between trying and storing"])
async def test_killed_while_three_write(
    system: System, talk: Any, dice: random.Random, long_run: bool, what: str, figures: Any
) -> None:
    """Of two web processes, each of which may have any of the three."""
    one = await talk()
    async with AsyncExitStack() as stack:
        editors = [await stack.enter_async_context(Coeditor(person)) for person in one.agents]
        await until(lambda: all(editor.synced for editor in editors), "open sockets")
        each = 1000 if long_run else 100
        writing = asyncio.gather(*(editor.type(each) for editor in editors))
        await asyncio.sleep(dice.uniform(0.2, 0.8))
        if what == "postgres":
            await system.restart_postgres(signal.SIGQUIT)
        elif what == "web processes":
            for name in system.webs():
                await system.restarted(name, system.hit(name, signal.SIGKILL))
        else:
            armed = system.arm("draft_applied_before_store")
            await until(lambda: not armed.exists(), "a process that ends there")
        await writing
        await settled(editors)
        assert any(editor.closed for editor in editors)
        figures(what, "closed with", [editor.closed for editor in editors])


async def test_who_comes_and_goes_disturbs_nobody(system: System, talk: Any) -> None:
    """Storms of sockets, some cut off, some too loud, while two write."""
    one = await talk()
    async with Coeditor(one.agents[0]) as amy, Coeditor(one.agents[1]) as ben:
        await until(lambda: amy.synced and ben.synced, "open sockets")
        writing = asyncio.gather(amy.type(100), ben.type(100))
        for wave in range(5):
            async with AsyncExitStack() as stack:
                storm = [Coeditor(one.agents[2], f"{wave}.{n}") for n in range(6)]
                for editor in storm:
                    await stack.enter_async_context(editor)
                await until(lambda storm=storm: all(e.synced for e in storm), "a wave")
                await storm[0].cut()
                await storm[1].raw(protocol.update(b"\x00" * 70_000))
                await storm[2].raw(b"\x63\x00")
                await until(lambda storm=storm: all(e.closed for e in storm[:3]), "their ends")
                assert storm[1].closed[0] in (1009, 4413)
                assert storm[2].closed[0] == 4400
        await writing
        await settled([amy, ben])
        assert not amy.closed
        assert not ben.closed
