"""P12: nothing internal reaches a customer: no text, no name, and not the fact that it exists."""

import asyncio
import json
import random
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import aiohttp
import pytest

from tests.faults.harness import people
from tests.faults.harness.cast import INBOX
from tests.faults.harness.faultproxy import FaultProxy
from tests.faults.harness.people import Person
from tests.faults.harness.screens import Screen
from tests.faults.harness.system import System, until

CANARY = "zzcanaryzz"
# The names of design §9 for agents only, an inner name, a sign-in name, and what is in notes.
INTERNAL = [CANARY, "Inner Name", "agent1", "agent2", "agent3", "assign", "claimed", "joined"]
HEARTBEAT = 12.0
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+(\+00:00|Z)?|\b\d\d?:\d\d\b")


class Ears:
    """Everything a customer is told, over HTTP and on an open socket, as a script goes on."""

    def __init__(self, lin: Person) -> None:
        self.lin = lin
        self.answers: list[Any] = []
        self.frames: list[dict[str, Any]] = []
        self.names: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    async def ask(self, method: str, url: str, **options: Any) -> Any:
        async with self.lin.http() as http, http.request(method, url, **options) as answer:
            raw = await answer.read()
            headers = sorted(
                # each process writes the directives of the content policy in an order of its own
                (name.lower(), "; ".join(sorted(value.split("; "))))
                for name, value in answer.headers.items()
                if name.lower() != "date"
            )
            self.answers.append([method, answer.status, headers, raw.decode("utf-8", "replace")])
            return json.loads(raw) if answer.content_type == "application/json" else raw

    async def listen(self) -> None:
        opened = asyncio.Event()

        async def hear() -> None:
            async with (
                self.lin.http() as http,
                http.ws_connect(self.lin.socket, headers={"Origin": self.lin.url("")}) as ws,
            ):
                await ws.send_str(json.dumps(self.lin.opening(0)))
                async for message in ws:
                    assert message.type is aiohttp.WSMsgType.TEXT
                    self.frames.append(json.loads(message.data))
                    opened.set()

        self._task = asyncio.create_task(hear())
        await asyncio.wait_for(opened.wait(), 30)

    async def heard(self, number: int) -> None:
        """Wait until the entry of that (public) number was told."""
        await until(
            lambda: any(f["type"] == "entry" and f["entry"]["seq"] == number for f in self.frames),
            f"public entry {number}",
        )

    async def told(self, kind: str, number: int) -> None:
        """Wait until a frame of that kind told that number."""
        await until(
            lambda: any(f["type"] == kind and f.get("seq") == number for f in self.frames),
            f"{kind} {number}",
        )

    async def aclose(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def recording(self, seconds: float) -> tuple[list[str], list[str]]:
        """Answers and frames without ids, times and heartbeats (which may not be too many)."""
        frames, beats, last = [], 0, None
        for frame in self.frames:
            if frame["type"] == "entry":
                last = frame["entry"]["seq"]
            elif frame["type"] == "head" and frame.get("seq") == last:
                beats += 1
                continue
            elif frame["type"] == "head":
                last = frame.get("seq")
            frames.append(frame)
        assert beats <= seconds / HEARTBEAT + 1, f"{beats} heads in {seconds:.1f} s of silence"
        return (
            [self._plain(answer) for answer in self.answers],
            [self._plain(frame) for frame in frames],
        )

    def _plain(self, thing: Any) -> str:
        text = json.dumps(thing, ensure_ascii=False)
        text = TIMES.sub("<time>", text)
        text = text.replace(self.lin.headers["Authorization"].split()[1], "<token>")
        return IDS.sub(lambda m: self.names.setdefault(m[0], f"<id {len(self.names)}>"), text)


Between = Callable[[Person], Awaitable[None]]


async def _nothing(lin: Person) -> None:
    pass


async def _script(system: System, proxy: FaultProxy, between: Between) -> Ears:
    """A customer's whole visit; `between` its steps the team may do what it likes."""
    began = time.monotonic()
    lin = await people.customer(system, port=proxy.port)
    ears = Ears(lin)
    ann = await people.agent(system, "agent1", lin.conversation)

    async def write(body: str, number: int, **more: Any) -> None:
        content = {"client_id": str(uuid.uuid4()), "body": body, **more}
        await ears.ask("POST", lin.messages, json=content)
        await ears.heard(number)
        # Somebody of the team reads it, which is told; who else does, and what else, is not.
        assert (await ann.post(ann.act("read"), seq=10**6))[0] == 200
        await ears.told("read", number)
        await between(lin)

    async def reply(body: str, **more: Any) -> None:
        content = {"client_id": str(uuid.uuid4()), "body": body, "seen": 10**6, **more}
        assert (await ann.post(ann.messages, **content))[0] == 201
        await between(lin)

    async with Screen(ann), aclosing(ears):
        await _somebody_is_there(lin)
        await ears.listen()
        await write("Where is my parcel?", 1)
        await reply("Let me have a look.")
        await ears.heard(2)
        await _type(ann, "reply")
        await until(lambda: any(f["type"] == "typing" for f in ears.frames), "typing")
        await ears.ask("GET", lin.entries, params={"after": "0"})
        form = aiohttp.FormData()
        form.add_field("file", b"my own words", filename="mine.txt", content_type="text/plain")
        file = await ears.ask("POST", lin.url(f"/chat/{INBOX}/files"), data=form)
        await write("This one.", 3, files=[file["id"]])
        await ears.ask("GET", lin.url(f"/chat/{INBOX}/files/{file['id']}/"))
        answer = await _attach(ann, "answer.txt", b"for you")
        await reply("Here.", files=[answer])
        await ears.heard(4)
        await ears.ask("GET", lin.url(f"/chat/{INBOX}/files/{answer}/"))
        assert (await ann.post(ann.act("resolve")))[0] == 200
        await ears.heard(5)
        await between(lin)
        rating = {"score": 4, "comment": "kind"}
        await ears.ask("POST", lin.url(f"/chat/{INBOX}/rating"), json=rating)
        await ears.heard(6)
        await between(lin)
        contact = {"name": "Lin", "email": "lin@example.org"}
        await ears.ask("POST", lin.url(f"/chat/{INBOX}/contact"), json=contact)
        await ears.ask("POST", lin.url(f"/chat/{INBOX}/seen"), json={"seq": 6})
        await between(lin)
        await write("And another thing", 7)
        await ears.ask("GET", lin.url(f"/chat/{INBOX}/conversations"))
        await ears.ask("GET", lin.entries, params={"after": "2"})
        await ears.ask("GET", lin.url(f"/chat/{INBOX}/files/{uuid.uuid4()}/"))
        await ears.ask("GET", lin.entries)
    ears.seconds = time.monotonic() - began  # type: ignore[attr-defined]
    return ears


async def _somebody_is_there(lin: Person) -> None:
    """Customers are told whether anybody is, which would differ by who came when."""
    async with asyncio.timeout(60), lin.http() as http:
        while True:
            async with http.get(lin.url(f"/chat/{INBOX}/conversations")) as answer:
                if not (await answer.json())["away"]:
                    return
            await asyncio.sleep(0.05)


async def _type(agent: Person, mode: str) -> None:
    async with (
        agent.http() as http,
        http.ws_connect(agent.socket, headers={"Origin": agent.url("")}) as ws,
    ):
        await ws.send_str(json.dumps(agent.opening(0)))
        while (await ws.receive_json())["type"] != "head":
            pass
        typing = {"type": "typing", "conversation": agent.conversation, "mode": mode}
        await ws.send_str(json.dumps(typing))
        await ws.send_str('{"type":"head"}')
        while (await ws.receive_json())["type"] != "head":
            pass


async def _attach(agent: Person, name: str, data: bytes) -> str:
    form = aiohttp.FormData()
    form.add_field("file", data, filename=name, content_type="text/plain")
    async with agent.http() as http, http.post(agent.act("files"), data=form) as answer:
        assert answer.status == 201, await answer.text()
        return (await answer.json())["id"]


class Team:
    """Colleagues who talk among themselves between the steps of the script."""

    def __init__(self, system: System, dice: random.Random, count: int) -> None:
        self.system = system
        self.dice = dice
        self.count = count
        self.notes: list[str] = []  # files of notes
        self.done = 0

    async def __call__(self, lin: Person) -> None:
        name = self.dice.choice(["agent2", "agent3"])
        bob = await people.agent(self.system, name, lin.conversation)
        acts = [
            self._note,
            self._note_with_file,
            self._assign,
            self._read,
            lambda bob: _type(bob, "note"),
            *(self._plain(act) for act in ("join", "leave", "claim")),
        ]
        for _ in range(self.count):
            await self.dice.choice(acts)(bob)
        await self._note_with_file(bob)
        self.done += self.count + 1

    async def _note(self, bob: Person, **more: Any) -> None:
        body = f"{CANARY} {uuid.uuid4()}"
        content = {"client_id": str(uuid.uuid4()), "body": body, **more}
        assert (await bob.post(bob.act("notes"), **content))[0] == 201

    async def _note_with_file(self, bob: Person) -> None:
        file = await _attach(bob, f"{CANARY}.txt", f"{CANARY} inside".encode())
        self.notes.append(file)
        await self._note(bob, files=[file])

    async def _assign(self, bob: Person) -> None:
        found = await people.everything(bob)
        ids = {entry["author"]["id"] for entry in found if entry["author"]["kind"] == "agent"}
        to = self.dice.choice([None, *sorted(ids)])
        status, _ = await bob.post(bob.act("assign"), to=to)
        assert status in (200, 403)

    async def _read(self, bob: Person) -> None:
        await bob.post(bob.act("read"), seq=10**6)

    def _plain(self, act: str) -> Callable[[Person], Awaitable[None]]:
        async def do(bob: Person) -> None:
            status, _ = await bob.post(bob.act(act))
            assert status in (200, 409)

        return do


async def test_customers_are_told_nothing_internal(
    system: System, dice: random.Random, long_run: bool, figures: Any
) -> None:
    """No byte of it in headers, bodies and frames, and a visit like one without any of it."""
    team = Team(system, dice, 84 if long_run else 5)
    async with FaultProxy(system.port) as proxy:
        proxy.record = True
        without = await _script(system, proxy, _nothing)
        with_team = await _script(system, proxy, team)
        lin = with_team.lin
        missing = await _refusal(lin, str(uuid.uuid4()))
        for file in team.notes:
            assert await _refusal(lin, file) == missing
        raw = b"".join(data for _, data in proxy.heard)
    figures(f"{team.done} internal acts, {len(team.notes)} internal files, {len(raw)} bytes heard")
    found = [word for word in INTERNAL if word.encode() in raw]
    assert not found
    assert team.done
    one, other = (ears.recording(ears.seconds) for ears in (without, with_team))  # type: ignore[attr-defined]
    assert one[0] == other[0]
    assert one[1] == other[1]


async def _refusal(lin: Person, file: str) -> tuple[int, str]:
    async with lin.http() as http, http.get(lin.url(f"/chat/{INBOX}/files/{file}/")) as answer:
        assert answer.status == 404
        return answer.status, (await answer.text()).replace(file, "")


@pytest.mark.parametrize("path", ["notes", "join", "claim", "assign", "resolve", "entries"])
async def test_a_customers_token_opens_no_agents_door(system: System, talk: Any, path: str) -> None:
    one = await talk(agents=0)
    method = "GET" if path == "entries" else "POST"
    async with one.lin.http() as http, http.request(method, one.lin.act(path)) as answer:
        assert answer.status in (401, 403, 404)
        assert "⟦" not in await answer.text()
