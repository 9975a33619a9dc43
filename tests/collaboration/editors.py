"""Clients of shared drafts, as small as they can be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.testing import WebsocketCommunicator
from pycrdt import Doc, Text

from collaboration.drafts import protocol, rooms
from collaboration.drafts.updates import read_number
from conversations.threads.models import Conversation
from helpdesk.asgi import application
from permissions.accounts.models import Agent
from tests.collaboration.test_sockets import HOST, ORIGIN, cookie_of


class Editor(WebsocketCommunicator):
    """A small Yjs client, as the standard ones are: a document that is kept in step by a socket."""

    def __init__(self, path: str, headers: Any, doc: Doc | None) -> None:
        super().__init__(application, path, headers=headers)
        self.doc = doc or Doc()
        self.body = self.doc.get("body", type=Text)
        self.made: list[bytes] = []
        self.pointers: dict[int, Any] = {}
        self.done: list[tuple[int, int]] = []
        self.taken = 0  # updates the server says are durable
        self.asked = False  # by the server, for what it lacks
        self._remote = False
        self.doc.observe(self._changed)

    def _changed(self, event: Any) -> None:
        if not self._remote:
            self.made.append(event.update)

    @property
    def text(self) -> str:
        return str(self.body)

    async def begin(self) -> None:
        await self.connect(timeout=10)
        await self.raw(protocol.step_1(self.doc.get_state()))
        async with asyncio.timeout(10):
            while self.output_queue.empty():  # nobody is told anything before it is known who asks
                await asyncio.sleep(0)

    async def raw(self, data: bytes) -> None:
        await self.send_to(bytes_data=data)

    async def say(self, text: str, at: int | None = None) -> None:
        """Type a text, at the end or at a place (in bytes), and send it."""
        self.body.insert(len(self.body) if at is None else at, text)
        await self.flush()

    async def erase(self, start: int, stop: int) -> None:
        del self.body[start:stop]
        await self.flush()

    async def flush(self) -> None:
        made, self.made = self.made, []
        for update in made:
            await self.raw(protocol.update(update))

    async def take(self) -> None:
        """Take in the next frame."""
        data = await self.receive_from(timeout=10)
        assert isinstance(data, bytes)
        if data[0] == protocol.ACKNOWLEDGED:
            n, at = read_number(data, 1)
            generation, at = read_number(data, at)
            self.done.append((n, generation))
            self.taken = read_number(data, at)[0]
            return
        frame = protocol.read_frame(data)
        if frame.kind == protocol.AWARENESS:
            for one in protocol.read_awareness(frame.data):
                self.pointers[one.client] = one.state
        elif frame.part == protocol.STEP_1:
            self.asked = True
            await self.raw(protocol.step_2(self.doc.get_update(frame.data)))
        else:
            self._remote = True
            self.doc.apply_update(frame.data)
            self._remote = False

    async def until(self, met: Any) -> None:
        while not met():
            await self.take()

    async def reads(self, text: str) -> None:
        await self.until(lambda: self.text == text)

    async def end(self) -> int:
        while True:
            message = await self.receive_output(timeout=10)
            if message["type"] == "websocket.close":
                return int(message["code"])


@asynccontextmanager
async def editors_of(thread: Conversation) -> AsyncIterator[Any]:
    """`await open_editor(agent, path, doc)`, where the path is "", "note/" or "sensitive/"; on the
    way out they are gone, and the rooms with them."""
    opened: list[Editor] = []

    async def open_editor(agent: Agent, path: str, doc: Doc | None = None) -> Editor:
        headers = [HOST, ORIGIN, await cookie_of(agent)]
        editor = Editor(f"/ws/drafts/{thread.pk}/{path}", headers, doc)
        opened.append(editor)
        await editor.begin()
        return editor

    yield open_editor
    for editor in opened:
        if not editor.future.done():
            await editor.disconnect()
    while rooms.rooms:
        await asyncio.sleep(0)
