"""Real processes for the fault tests: one system for all that leave it as they found it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.harness import people
from tests.faults.harness.checking import Verdict, check
from tests.faults.harness.people import Person
from tests.faults.harness.screens import Screen
from tests.faults.harness.system import System
from tests.faults.harness.writers import History, Writer
from tests.stack.prepared import Prepared


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--long", action="store_true", help="the long bars of the promises")
    group.addoption("--seed", type=int, help="replay the faults of a printed seed")
    group.addoption("--web-server", default="daphne", help="daphne or uvicorn")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def long_run(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--long", default=False))


@pytest.fixture
def dice(request: pytest.FixtureRequest, figures: Callable[..., None]) -> random.Random:
    """The source of all chosen faults; its seed is told with the test's figures and failures."""
    given = request.config.getoption("--seed", default=None)
    seed = random.SystemRandom().randrange(2**32) if given is None else given
    figures(f"--seed {seed}")
    return random.Random(seed)


Figures = Callable[..., None]


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Figures:
    """`figures("…")`: what a test measured; shown with a failure and at the end of the run."""

    def tell(*parts: object) -> None:
        text = " ".join(map(str, parts))
        record_property("figures", text)
        print(text)  # noqa: T201

    return tell


def pytest_terminal_summary(terminalreporter: Any) -> None:
    told = [
        (report.nodeid.rpartition("/")[2], value)
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        for name, value in report.user_properties
        if name == "figures"
    ]
    if told:
        terminalreporter.section("figures of the fault tests")
    for name, value in sorted(told):
        terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def _system(request: pytest.FixtureRequest, prepared: Prepared) -> Iterator[System]:
    server = request.config.getoption("--web-server", default="daphne")
    system = System(prepared, "--server", server)
    failed = request.session.testsfailed
    yield system
    system.stop(keep=request.session.testsfailed > failed)


@pytest.fixture
async def system(_system: System) -> AsyncIterator[System]:
    """The shared system, whole before and after."""
    await _system.settled()
    yield _system
    await _system.settled()


@dataclass
class Talk:
    """One conversation: its customer, its agents, and what they write and see."""

    system: System
    lin: Person
    agents: list[Person]
    history: History
    within: float  # seconds in which every screen has to be right again

    async def check(self, screens: Sequence[Screen], reader: Person | None = None) -> Verdict:
        """What was lost, doubled, disordered, made up or is missing on these screens."""
        reader = reader or self.agents[0]
        return await check(self.history, reader, screens, within=self.within)

    def writers(self) -> list[Writer]:
        return [Writer(person, self.history) for person in (self.lin, *self.agents)]

    @asynccontextmanager
    async def busy(self, *writers: Writer, pause: float = 0.02) -> AsyncIterator[asyncio.Event]:
        """Everybody (or those given) writes until the block ends and all is acknowledged."""
        enough = asyncio.Event()
        writing = [
            asyncio.create_task(writer.write_until(enough, pause=pause))
            for writer in writers or self.writers()
        ]
        try:
            yield enough
            enough.set()
            await asyncio.gather(*writing)
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)

    @asynccontextmanager
    async def screens(self, *extra: Person) -> AsyncIterator[list[Screen]]:
        """An open screen of everybody."""
        opened = [Screen(person) for person in (self.lin, *self.agents, *extra)]
        try:
            for screen in opened:
                await screen.__aenter__()
            for screen in opened:
                await screen.until_open()
            yield opened
        finally:
            await asyncio.gather(*(screen.__aexit__(None, None, None) for screen in opened))


@pytest.fixture
def talk(system: System, long_run: bool) -> Callable[..., Coroutine[Any, Any, Talk]]:
    """`await talk(agents=3, port=…)`: a new conversation with its first message written."""

    async def begin(*, agents: int = 3, port: int | None = None) -> Talk:
        lin = await people.customer(system, port=port)
        history = History()
        await Writer(lin, history, name="hello").write(1)
        found = [
            await people.agent(system, f"agent{number}", lin.conversation, port=port)
            for number in range(1, agents + 1)
        ]
        return Talk(system, lin, found, history, within=10.0 if long_run else 30.0)

    return begin
