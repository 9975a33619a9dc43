"""P20: one abuser cannot slow the others, nor fill the memory."""

import asyncio
import contextlib
import json
import socket
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.faults.harness import people
from tests.faults.harness.cast import INBOX
from tests.faults.harness.checking import percentile
from tests.faults.harness.people import Person
from tests.faults.harness.screens import Screen
from tests.faults.harness.system import System, until
from tests.faults.harness.writers import History, Writer
from tests.stack.prepared import Prepared

ABUSER = "127.0.0.66"  # an address of its own; the others come from 127.0.0.1
MB = 1024 * 1024
GROWTH = 150 * MB  # of a web process
CAP = 100  # sockets per address and process


@pytest.fixture(scope="module")
def guarded(request: pytest.FixtureRequest, prepared: Prepared) -> Iterator[System]:
    """A system with the limits of a real service."""
    server = request.config.getoption("--web-server", default="daphne")
    system = System(prepared, "--server", server, LIMITS_SCALE="1")
    failed = request.session.testsfailed
    yield system
    system.stop(keep=request.session.testsfailed > failed)


class Others:
    """Two agents at one conversation who just do their work."""

    def __init__(self, system: System) -> None:
        self.system = system

    async def begin(self) -> "Others":
        self.lin = await people.customer(self.system)
        self.history = History()
        await Writer(self.lin, self.history, name="hello").write(1)
        self.agents = [
            await people.agent(self.system, name, self.lin.conversation)
            for name in ("agent1", "agent2")
        ]
        return self

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[list[float]]:
        """Latencies of what they write meanwhile; fails when anything of it goes wrong."""
        writers = [Writer(agent, self.history) for agent in self.agents]
        for number, writer in enumerate(writers):
            writer.number = len(self.history.sent) + number * 10_000
        found: list[float] = []
        enough = asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            people_ = (self.lin, *self.agents)
            screens = [await stack.enter_async_context(Screen(person)) for person in people_]
            for screen in screens:
                await screen.until_open()

            async def write(writer: Writer) -> None:
                while not enough.is_set():
                    await writer.write(1)
                    await asyncio.sleep(1.2)

            writing = [asyncio.create_task(write(writer)) for writer in writers]
            try:
                yield found
                enough.set()
                await asyncio.gather(*writing)
            finally:
                for task in writing:
                    task.cancel()
            seqs = [m.seq for m in self.history.acked() if m.seq]
            await screens[1].until(lambda: screens[1].last >= max(seqs), "all of it", 30)
            for screen in screens:
                found += screen.latencies()
                assert [code for _, code in screen.closed if code] == []
        assert not self.history.wrong
        assert set(self.history.answers) <= {"200", "201", "409"}  # 409: held


async def _flood(lin: Person, frame: str, burst: int, seconds: float) -> Counter[int]:
    """Send bursts of frames, again and again; the codes it was closed with (0: not let in)."""
    codes: Counter[int] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        async with lin.http() as http:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with http.ws_connect(
                    lin.socket, headers={"Origin": lin.url("")}, max_msg_size=0
                ) as ws:
                    await ws.send_str(json.dumps(lin.opening(0)))
                    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                        for _ in range(burst):
                            await ws.send_str(frame)
                    async with asyncio.timeout(20):
                        while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                            pass
                    codes[int(ws.close_code or 1006)] += 1
                    continue
            codes[0] += 1
    return codes


async def _slow_headers(lin: Person, seconds: float) -> Counter[str]:
    """Many connections that never finish their request; how they ended."""
    ends: Counter[str] = Counter()

    async def drip() -> None:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", lin.port, local_addr=(ABUSER, 0)
        )
        writer.write(b"GET /login/ HTTP/1.1\r\nHost: localhost\r\n")
        try:
            async with asyncio.timeout(max(seconds, 30)):
                while True:
                    writer.write(b"X-Drip: a\r\n")
                    await writer.drain()
                    try:
                        async with asyncio.timeout(1):
                            if not await reader.read(1):
                                ends["closed"] += 1
                                return
                    except TimeoutError:
                        continue
        except TimeoutError:
            ends["alive"] += 1
        except OSError:
            ends["closed"] += 1
        finally:
            writer.close()

    await asyncio.gather(*(drip() for _ in range(200)))
    return ends


async def _huge_body(lin: Person, chunked: bool) -> Counter[str]:
    """300 MB to a door that takes a message; what was answered."""
    answers: Counter[str] = Counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", lin.port, local_addr=(ABUSER, 0))
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {300 * MB}"
    writer.write(
        f"POST /chat/{INBOX}/messages HTTP/1.1\r\nHost: localhost\r\n{length}\r\n"
        "Content-Type: application/json\r\n\r\n".encode()
    )
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n" if chunked else b"x" * 65536
    sent = 0

    async def send() -> None:
        nonlocal sent
        with contextlib.suppress(OSError):
            while sent < 300 * MB and not reader.at_eof():
                writer.write(piece)
                await writer.drain()
                sent += 65536

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(30):
            with contextlib.suppress(OSError):
                line = await reader.readline()
                answers[line.decode().split(" ")[1] if line else "closed"] += 1
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    answers["MB sent"] = sent // MB
    return answers


SMALL = '{"type":"typing"}'
LARGE = json.dumps({"type": "typing", "x": "x" * 70_000})
HUGE = json.dumps({"type": "typing", "x": "x" * 500_000})


async def _small_frames(lin: Person, seconds: float) -> Counter[Any]:
    return await _flood(lin, SMALL, 5000, seconds)


async def _large_frames(lin: Person, seconds: float) -> Counter[Any]:
    return await _flood(lin, LARGE, 2, seconds)


async def _huge_frames(lin: Person, seconds: float) -> Counter[Any]:
    return await _flood(lin, HUGE, 20, seconds)


async def _unfinished(lin: Person, seconds: float) -> Counter[Any]:
    """Requests that never end, and requests that are too long, at the same time."""
    found = await asyncio.gather(
        _slow_headers(lin, seconds), _huge_body(lin, False), _huge_body(lin, True)
    )
    return sum(found, Counter())


Abuse = Callable[[Person, float], Awaitable[Counter[Any]]]
ABUSES: dict[str, tuple[Abuse, set[Any]]] = {
    "many small frames": (_small_frames, {4429}),
    "large frames": (_large_frames, {4413}),
    "huge frames": (_huge_frames, {1009, 1006, 4413, 0}),
    "unfinished and endless requests": (_unfinished, {"closed", "413", "401", "MB sent"}),
}


@pytest.mark.parametrize("abuse", ABUSES)
async def test_the_others_notice_nothing(
    guarded: System, abuse: str, long_run: bool, figures: Any
) -> None:
    """The abuser is shut out with a code; the colleagues' messages are as quick as before."""
    await guarded.settled()
    others = await Others(guarded).begin()
    lin = await people.customer(guarded, source=ABUSER)
    before = {name: (guarded.pid(name), guarded.rss(name)) for name in guarded.webs()}
    async with others.at_work() as usual:
        await asyncio.sleep(10 if long_run else 2)
    work, expected = ABUSES[abuse]
    peak = dict.fromkeys(before, 0)
    async with others.at_work() as meanwhile:
        abusing = asyncio.ensure_future(work(lin, 60 if long_run else 4))
        while not abusing.done():
            for name in peak:
                peak[name] = max(peak[name], guarded.rss(name) - before[name][1])
            await asyncio.sleep(0.1)
        ended = await abusing
    slow, quick = percentile(meanwhile, 95), percentile(usual, 95)
    figures(
        f"{abuse}: {dict(ended)}; others' p95 {quick * 1000:.0f} → {slow * 1000:.0f} ms, "
        f"memory +{max(peak.values()) / MB:.0f} MB"
    )
    assert set(ended) <= expected
    assert ended["MB sent"] < 100
    assert max(peak.values()) <= GROWTH
    assert slow <= max(2 * quick, 0.25 if long_run else 1.0)
    assert {name: guarded.pid(name) for name in before} == {
        n: pid for n, (pid, _) in before.items()
    }


async def test_a_thousand_sockets_from_one_address(guarded: System, figures: Any) -> None:
    """Beyond the cap they are told 4429; everybody else comes in as before."""
    await guarded.settled()
    others = await Others(guarded).begin()
    lin = await people.customer(guarded, source=ABUSER)
    held: list[aiohttp.ClientWebSocketResponse] = []
    codes: Counter[int] = Counter()
    most = 0
    connector = aiohttp.TCPConnector(limit=0, local_addr=(ABUSER, 0))
    async with others.at_work() as meanwhile, aiohttp.ClientSession(connector=connector) as http:

        async def knock() -> None:
            try:
                ws = await http.ws_connect(lin.socket, headers={"Origin": lin.url("")})
                message = await ws.receive(1.0)
            except TimeoutError:
                held.append(ws)
            except (aiohttp.ClientError, OSError):
                codes[0] += 1
            else:
                if message.type is aiohttp.WSMsgType.TEXT:
                    held.append(ws)
                else:
                    codes[int(ws.close_code or 1006)] += 1

        for _ in range(20):
            await asyncio.gather(*(knock() for _ in range(50)))
            most = max(most, sum(guarded.serving(name, ABUSER) for name in guarded.webs()))
        async with Screen(others.lin) as screen:
            await screen.until_open()
        for ws in held:
            with contextlib.suppress(Exception):
                await ws.close()
    figures(f"at most {most} open, {dict(codes)}, p95 {percentile(meanwhile, 95) * 1000:.0f} ms")
    assert most <= CAP * len(guarded.webs()) + 50  # those of one batch are being told
    assert codes[4429] >= 500
    await until(
        lambda: not any(guarded.serving(name, ABUSER) for name in guarded.webs()),
        "the abuser's sockets are gone",
    )


async def test_a_reader_who_does_not_read(
    system: System, talk: Any, long_run: bool, figures: Any
) -> None:
    """A screen that takes nothing is closed before it costs memory; the others read on."""
    one = await talk(agents=2)
    ann, bob = one.agents
    before = {name: system.rss(name) for name in system.webs()}
    raw = await asyncio.to_thread(_open_deaf, ann)
    try:
        async with one.screens() as screens:
            body = "字" * 9000
            peak = 0
            async with bob.http() as http:
                for number in range(1200):
                    if not long_run and not any(system.serving(n, ABUSER) for n in before):
                        break
                    content = {"client_id": str(uuid.uuid4()), "body": f"{number} {body}"}
                    async with http.post(bob.act("notes"), json=content) as answer:
                        assert answer.status == 201
                    if number % 20 == 0:
                        grown = [system.rss(name) - before[name] for name in before]
                        peak = max(peak, *grown)
            await until(
                lambda: not any(system.serving(name, ABUSER) for name in system.webs()),
                "the end of the deaf socket",
                90,
            )
            stored = len(await people.everything(ann))
            for screen in screens[1:]:
                await screen.until(lambda s=screen: s.last == stored, "all notes")
                assert [code for _, code in screen.closed if code] == []
    finally:
        raw.close()
    figures(f"memory +{peak / MB:.0f} MB")
    assert peak <= GROWTH


def _open_deaf(agent: Person) -> socket.socket:
    """A socket that watches the conversation and never reads."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.bind((ABUSER, 0))
    raw.settimeout(30)
    raw.connect(("127.0.0.1", agent.port))
    raw.sendall(
        "GET /ws/workspace/ HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: {}\r\nCookie: {}\r\n\r\n".format(
            agent.port, agent.headers["Origin"], agent.headers["Cookie"]
        ).encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += raw.recv(1)
    assert b" 101 " in answer
    text = json.dumps(agent.opening(0)).encode()
    assert len(text) < 126
    raw.sendall(bytes((0x81, 0x80 | len(text))) + b"\0\0\0\0" + text)  # masked with zeros
    return raw
