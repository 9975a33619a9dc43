"""Writers: they post ⟦name:n⟧ in order, and again until acknowledged, as the product's outbox."""

import asyncio
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

from tests.faults.harness.people import Person


@dataclass
class Message:
    """One message and what became of it."""

    writer: str
    number: int
    client_id: str
    tries: int = 0
    seq: int | None = None
    acked_at: float | None = None

    @property
    def body(self) -> str:
        return f"⟦{self.writer}:{self.number}⟧"


@dataclass
class History:
    """What all writers of a run sent and what was acknowledged."""

    sent: dict[str, Message] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)  # answers that no fault may cause

    def acked(self) -> list[Message]:
        return [message for message in self.sent.values() if message.acked_at is not None]


class Writer:
    """One person's outbox: one message at a time, under one id, until the server has it."""

    GIVE_UP = 120.0

    def __init__(
        self, person: Person, history: History, *, name: str = "", act: str = "messages"
    ) -> None:
        self.person = person
        self.history = history
        self.name = name or person.name
        self.url = person.messages if act == "messages" else person.act(act)
        self.patience = 6.0
        self.number = 0
        self.seen = 0
        self.random = random.Random(self.name)

    async def write(self, count: int, *, pause: float = 0.0) -> None:
        """Write `count` messages, one after the other."""
        async with self.person.http(self.patience) as http:
            for _ in range(count):
                self.number += 1
                message = Message(self.name, self.number, str(uuid.uuid4()))
                self.history.sent[message.client_id] = message
                await self._deliver(http, message)
                if pause:
                    await asyncio.sleep(pause * self.random.uniform(0.5, 1.5))

    async def write_until(self, enough: asyncio.Event, *, pause: float = 0.02) -> None:
        """Write one message after the other until told that it is enough."""
        while not enough.is_set():
            await self.write(5, pause=pause)

    async def _deliver(self, http: aiohttp.ClientSession, message: Message) -> None:
        wait = 0.1
        deadline = time.monotonic() + self.GIVE_UP
        while message.acked_at is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"{message.body} was never acknowledged")
            message.tries += 1
            asked = await self._try(http, message)
            if message.acked_at is None:
                await asyncio.sleep(asked or wait * self.random.uniform(0.5, 1.0))
                wait = min(wait * 2, 2.0)

    async def _try(self, http: aiohttp.ClientSession, message: Message) -> float | None:
        """One POST; returns how long the server asked to wait."""
        content: dict[str, object] = {"client_id": message.client_id, "body": message.body}
        if not self.person.is_customer:
            content["seen"] = self.seen
        answers, wrong = self.history.answers, self.history.wrong
        try:
            async with http.post(self.url, json=content) as answer:
                status = answer.status
                answers[str(status)] += 1
                if status in (200, 201):
                    entry = await answer.json()
                    if entry["client_id"] != message.client_id or entry["body"] != message.body:
                        wrong.append(f"{message.body} was answered with {entry}")
                    if status == 200 and message.tries == 1:
                        wrong.append(f"{message.body} was known before it was sent")
                    message.seq, message.acked_at = entry["seq"], time.time()
                    self.seen = max(self.seen, entry["seq"])
                    return None
                if status == 409 and (held := await answer.json()).get("held"):
                    self.seen = max(entry["seq"] for entry in held["since"])
                    return 0.01
                if status in (429, 503):
                    if "Retry-After" not in answer.headers:
                        wrong.append(f"{status} without Retry-After")
                    return min(1.0, float(answer.headers.get("Retry-After", "1")))
                wrong.append(f"{status} for {message.body}: {(await answer.text())[:200]}")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            answers[type(error).__name__] += 1
        return None
