"""P02: every message appears exactly once, however often it is sent."""

import asyncio
import random
import uuid
from typing import Any

from tests.faults.harness import people
from tests.faults.harness.faultproxy import FaultProxy
from tests.faults.harness.people import everything
from tests.faults.harness.system import System


async def test_acknowledgements_vanish(
    system: System, talk: Any, dice: random.Random, long_run: bool, figures: Any
) -> None:
    """The proxy swallows answers; the outboxes send again under the same id."""
    async with FaultProxy(system.port) as proxy:
        one = await talk(agents=2, port=proxy.port)
        writers = one.writers()
        for writer in writers:
            writer.patience = 1.0
        async with one.screens() as screens:
            async with one.busy(*writers):
                for _ in range(60 if long_run else 3):
                    proxy.set(dice.choice(["drop_s2c", "drop_s2c", "cut", "rst"]), after=400)
                    await asyncio.sleep(dice.uniform(0.2, 3.0 if long_run else 1.5))
                    proxy.set("pass")
                    await asyncio.sleep(dice.uniform(0.3, 0.8))
            verdict = await one.check(screens, people.at_port(one.agents[0], system.port))
        figures(verdict)
        assert not verdict.faults()
        assert one.history.answers["200"], "no retry met its first copy: nothing was tested"


async def test_one_outbox_in_two_tabs(system: System, talk: Any, long_run: bool) -> None:
    """The same message at the same instant through many connections: one is new, all agree."""
    one = await talk(agents=1)
    for person in (one.lin, one.agents[0]):
        tabs = [person.http() for _ in range(4)]
        try:
            for number in range(100 if long_run else 10):
                content = {"client_id": str(uuid.uuid4()), "body": f"twice {number}", "seen": 9999}

                async def press(tab: Any, content: Any = content, person: Any = person) -> Any:
                    async with tab.post(person.messages, json=content) as answer:
                        return answer.status, await answer.json()

                pressed = await asyncio.gather(*(press(tab) for tab in tabs * 2))
                assert sorted(status for status, _ in pressed) == [200] * 7 + [201]
                assert len({entry["seq"] for _, entry in pressed}) == 1
                assert {entry["body"] for _, entry in pressed} == {f"twice {number}"}
        finally:
            await asyncio.gather(*(tab.close() for tab in tabs))
    bodies = [entry["body"] for entry in await everything(one.agents[0]) if entry["body"]]
    assert len(bodies) == len(set(bodies)) + (100 if long_run else 10)  # each by two people


async def test_an_id_means_one_message(system: System, talk: Any) -> None:
    """The same id with another text, kind or author is refused, and nothing is stored."""
    one = await talk(agents=2)
    ann, bob = one.agents
    for writer in (one.lin, ann):
        used = {"client_id": str(uuid.uuid4()), "body": "the first", "seen": 9999}
        assert (await writer.post(writer.messages, **used))[0] == 201
        before = await everything(ann)
        for person, url, content in (
            (writer, writer.messages, used | {"body": "another"}),
            (bob, bob.messages, used),
            (bob, bob.act("notes"), used),
            (ann, ann.act("notes"), used),
        ):
            status, answer = await person.post(url, **content)
            assert status == 409, answer
        assert await everything(ann) == before
        assert (await writer.post(writer.messages, **used))[0] == 200
