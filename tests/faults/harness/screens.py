"""A screen: a socket client that keeps a transcript true in the way the product's pages do.

Entries are placed by number; a hole or a higher head is fetched with `entries?after=`; a socket
that closes is opened again after a random pause; a silent one is asked, then given up.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any

import aiohttp

from tests.faults.harness.people import Person

FINAL = {4401, 4403, 4404}  # no screen comes back after these by itself
SILENCE = 6.0  # seconds without a frame until we ask whether anybody is there …
NO_ANSWER = 3.5  # … and until we believe that nobody is


class Screen:
    def __init__(self, person: Person, name: str = "") -> None:
        self.person = person
        self.name = name or f"{person.name}'s screen"
        self.shown: dict[int, dict[str, Any]] = {}
        self.last = 0  # everything up to here is shown
        self.head = 0  # the highest number heard of
        self.live_since: dict[int, float] = {}  # number → time it appeared
        self.clashes: list[str] = []  # one number with two contents
        self.closed: list[tuple[float, int]] = []
        self.opened: list[float] = []
        self.other: list[dict[str, Any]] = []  # frames that are no entries and no heads
        self.fetches = 0
        self.heard_at = 0.0
        self.refused: list[int] = []  # answers other than 200 and 503 while fetching
        self.online = False
        self.behind_since: float | None = None
        self.blank_at: float | None = None  # when its content was taken away
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._random = random.Random(self.name)

    async def __aenter__(self) -> "Screen":
        self._http = self.person.http(10)
        self._task = asyncio.create_task(self._live(), name=self.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = [task for task in (self._task, self._fetching) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.close()

    async def until_open(self) -> "Screen":
        await self.until(lambda: self.online, "an open socket")
        return self

    async def until(self, state: Callable[[], object], what: str, seconds: float = 60.0) -> float:
        """Wait for a state of this screen; returns the seconds it took."""
        began = time.monotonic()
        while not state():
            if self._task and self._task.done() and self._task.exception():
                raise AssertionError(f"{self.name} broke") from self._task.exception()
            if time.monotonic() - began > seconds:
                raise AssertionError(f"{self.name}: no {what} within {seconds:.0f} s")
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    def bodies(self) -> list[str]:
        """What a person reads, from top to bottom."""
        return [self.shown[seq]["body"] for seq in sorted(self.shown)]

    def latencies(self, after: float = 0.0, before: float = float("inf")) -> list[float]:
        """Seconds from an entry's time to its appearance, for those written in that span."""
        found = []
        after = max(after, self.opened[0] if self.opened else 0.0)
        for seq, appeared in self.live_since.items():
            at = datetime.fromisoformat(self.shown[seq]["at"]).timestamp()
            if after <= at <= before:
                found.append(appeared - at)
        return found

    def story(self) -> str:
        """How this screen fared, for a failure's report."""
        return (
            f"{self.name}: online={self.online} last={self.last} head={self.head} "
            f"opened={len(self.opened)} closed={self.closed} fetches={self.fetches} "
            f"silent for {time.time() - self.heard_at:.1f} s"
        )

    async def send(self, **frame: Any) -> None:
        assert self._ws
        await self._ws.send_str(json.dumps(frame))

    # --- the socket ---

    async def _live(self) -> None:
        tries = 0
        while True:
            try:
                async with self._http.ws_connect(
                    self.person.socket,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1),
                    max_msg_size=0,
                    headers={"Origin": self.person.url("")},
                ) as ws:
                    self._ws = ws
                    await ws.send_str(json.dumps(self.person.opening(self.last)))
                    tries = 0 if await self._hear(ws) else tries + 1
                    code = ws.close_code or 1006
            except (aiohttp.ClientError, OSError, TimeoutError):
                code, tries = 0, tries + 1
            finally:
                self.online = False
            self.closed.append((time.time(), code))
            if code in FINAL:
                self._blank()
                return
            await asyncio.sleep(self._random.uniform(0.05, min(4.0, 0.25 * 2**tries)))

    async def _hear(self, ws: aiohttp.ClientWebSocketResponse) -> bool:
        """Listen until the socket ends; whether it was worth opening."""
        heard = asked = False
        while True:
            try:
                message = await ws.receive(NO_ANSWER if asked else SILENCE)
            except TimeoutError:
                if asked:
                    return heard
                asked = True
                await ws.send_str('{"type":"head"}')
                continue
            asked = False
            if message.type is not aiohttp.WSMsgType.TEXT:
                return heard
            heard = True
            self._take(json.loads(message.data))

    def _take(self, frame: dict[str, Any]) -> None:
        self.heard_at = time.time()
        if frame["type"] == "entry" and frame["conversation"] == self.person.conversation:
            self._place(frame["entry"])
            if self.last < frame["entry"]["seq"]:
                self._catch_up()
        elif frame["type"] == "head":
            heads = frame.get("heads", {})
            seq = heads.get(self.person.conversation, frame.get("seq"))
            if frame.get("conversation") == self.person.conversation and not self.online:
                self.online = True
                self.opened.append(time.time())
            if seq is not None and seq > self.last:
                self.head = max(self.head, seq)
                self._catch_up()
        else:
            self.other.append(frame | {"heard_at": time.time()})
            if frame["type"] == "access" and frame.get("allowed") is False:
                self._blank()

    def _blank(self) -> None:
        self.blank_at = self.blank_at or time.time()

    def _place(self, entry: dict[str, Any]) -> None:
        seq = entry["seq"]
        known = self.shown.get(seq)
        if known is not None and (known["body"], known["kind"]) != (entry["body"], entry["kind"]):
            self.clashes.append(f"{seq}: {known['body']!r} became {entry['body']!r}")
        if known is None:
            self.shown[seq] = entry
            self.live_since[seq] = time.time()
        self.head = max(self.head, seq)
        while self.last + 1 in self.shown:
            self.last += 1

    def _catch_up(self) -> None:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch())

    async def _fetch(self) -> None:
        pause = 0.05
        while self.last < self.head:
            try:
                params = {"after": str(self.last)}
                async with self._http.get(self.person.entries, params=params) as answer:
                    self.fetches += 1
                    if answer.status == 200:
                        page = await answer.json()
                        for entry in page["entries"]:
                            self._place(entry)
                        self.head = max(self.head, page["head"])
                        continue
                    if answer.status != 503:
                        self.refused.append(answer.status)
                        if answer.status in (401, 403, 404):
                            self._blank()
                            return
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
