"""A colleague's editor: a Yjs document that its socket keeps in step, and that comes back."""

import asyncio
import contextlib
import random
from types import TracebackType
from typing import Any

import aiohttp
from pycrdt import Doc, Text

from collaboration.drafts import protocol
from tests.faults.harness.people import Person

FINAL = {4401, 4403, 4404}  # no editor comes back after these by itself


class Coeditor:
    def __init__(self, person: Person, name: str = "") -> None:
        self.person, self.name = person, name or person.name
        self.doc = Doc()
        self.body = self.doc.get("body", type=Text)
        self.words: list[str] = []  # that were typed here
        self.closed: list[int] = []
        self.synced = False
        self._made: list[bytes] = []
        self._remote = False
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._random = random.Random(self.name)
        self._subscription = self.doc.observe(self._changed)

    async def __aenter__(self) -> "Coeditor":
        self._http = self.person.http(30)
        self._task = asyncio.create_task(self._live(), name=self.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._http.close()

    @property
    def text(self) -> str:
        return str(self.body)

    async def type(self, count: int, pause: float = 0.02) -> None:
        """Type numbered words, each at a place of its own."""
        for _ in range(count):
            word = f"{self.name}:{len(self.words)} "
            self.words.append(word)
            self.body.insert(0 if self._random.random() < 0.5 else len(self.body), word)
            made, self._made = self._made, []
            for update in made:  # what does not get through is asked for by the server later
                await self.raw(protocol.update(update))
            await asyncio.sleep(pause * self._random.uniform(0.5, 1.5))

    async def raw(self, data: bytes) -> None:
        if self._ws is not None and not self._ws.closed:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                await self._ws.send_bytes(data)

    async def cut(self) -> None:
        """Be gone without a word."""
        if self._ws is not None and self._ws._response.connection is not None:
            self._ws._response.connection.transport.abort()

    def _changed(self, event: Any) -> None:
        if not self._remote:
            self._made.append(event.update)

    async def _live(self) -> None:
        url = self.person.url(f"/ws/drafts/{self.person.conversation}/")
        while not FINAL & set(self.closed):
            try:
                async with self._http.ws_connect(url, max_msg_size=0) as self._ws:
                    await self.raw(protocol.step_1(self.doc.get_state()))
                    async for message in self._ws:
                        if message.type is aiohttp.WSMsgType.BINARY:
                            await self._take(message.data)
                self.closed.append(self._ws.close_code or 0)
            except (aiohttp.ClientError, OSError, TimeoutError):
                self.closed.append(0)
            self.synced = False
            await asyncio.sleep(self._random.uniform(0.1, 0.4))

    async def _take(self, data: bytes) -> None:
        frame = protocol.read_frame(data)
        if frame.kind != protocol.SYNC:
            return
        if frame.part == protocol.STEP_1:
            return await self.raw(protocol.step_2(self.doc.get_update(frame.data)))
        self._remote = True
        self.doc.apply_update(frame.data)
        self._remote = False
        self.synced = self.synced or frame.part == protocol.STEP_2
