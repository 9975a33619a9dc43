"""Load client of fanout.py: K open sockets, messages in, when did the last screen have each.

Runs as its own process (`python -m harness.load_fanout`): job as JSON on stdin; on stdout the lines
`begin` and `end` around the measured seconds, then the figures as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from harness.http_client import Connection, request_head
from harness.process import own_cpu, run_client
from harness.report import percentile
from harness.websocket import Door, Socket, open_sockets

WORDS = "The parcel has been on its way since Monday. "
MARK = re.compile(rb"@@(\d+)@@")
SEQ = re.compile(rb'"seq": ?(\d+)')
GIVE_UP = 5.0  # seconds after which a message that some screen has not got counts as lost
MOST_CONNECTIONS = 64


@dataclass
class Job:
    """What to do. Either `window` (messages under way at once) or `rate` (messages/s) is set."""

    dialect: str  # plain, socketio or product
    host: str
    port: int
    doors: list[Door]
    post_path: str
    post_headers: dict[str, str]
    seconds: float
    warmup: float
    window: int = 0
    rate: float = 0.0
    by_socket: bool = False
    body_bytes: int = 160

    @classmethod
    def read(cls, text: str) -> Job:
        """The job from its JSON."""
        fields = json.loads(text)
        fields["doors"] = [Door(**door) for door in fields["doors"]]
        return cls(**fields)


@dataclass
class Figures:
    """What came out. Times in milliseconds, CPU in cores."""

    deliveries_per_s: float = 0.0
    messages: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    client_cpu: float = 0.0
    frame_bytes: int = 0
    other_frames: float = 0.0  # per delivery: frames that are not the message, e.g. list rows
    other_bytes: float = 0.0  # per delivery
    late_ms: float = 0.0  # p95 of how late the client sent what was due (fixed rate only)
    violations: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)  # statuses other than 201
    closed: dict[str, int] = field(default_factory=dict)  # sockets lost, by close code


@dataclass(slots=True)
class Flight:
    """A message under way."""

    sent: float
    missing: int
    done: Callable[[], None]
    answered: bool = False
    seq: int = 0


class Load:
    """K screens and one poster."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.screens: list[Socket] = []
        self.flights: dict[int, Flight] = {}
        self.next_number = 1
        self.newest_seq = 0
        self.deliveries = self.delivered_bytes = 0
        self.others = self.other_bytes = 0
        self.latencies: list[float] = []
        self.lateness: list[float] = []
        self.measuring = False
        self.running = False
        self.violations = {"lost": 0, "missing": 0, "twice": 0, "disorder": 0}
        self.answers: dict[str, int] = {}
        self.idle: list[Connection] = []
        self.connections = 0
        self.filler = (WORDS * job.body_bytes)[: job.body_bytes]
        self.head = request_head(
            "POST",
            job.post_path,
            f"{job.host}:{job.port}",
            {
                "Content-Type": "application/json",
                "Accept": "application/json",
                **job.post_headers,
            },
        )

    # --- what arrives -------------------------------------------------------------------------

    def plain(self, screen: Socket, payload: bytes) -> None:
        """A frame of a bare peer: the posted body as it is."""
        mark = MARK.search(payload)
        if mark is None:
            self._other(payload)
        else:
            self._delivered(int(mark[1]), payload)

    def socketio(self, screen: Socket, payload: bytes) -> None:
        """A frame of Engine.IO: 0 open, 2 ping, 42 event."""
        if payload.startswith(b"42"):
            self.plain(screen, payload)
        elif payload == b"2":
            screen.send("3")
        elif payload.startswith(b"0"):
            screen.send("40")

    def product(self, screen: Socket, payload: bytes) -> None:
        """A frame of the product; entries must come gapless and in order on every screen."""
        if b'"entry"' not in payload[:24]:
            self._other(payload)
            return
        number = SEQ.search(payload)
        if number is None:
            raise ValueError(f"entry without seq: {payload[:200]!r}")
        seq = int(number[1])
        if seq == screen.last_seq + 1:
            screen.last_seq = seq
        elif seq <= screen.last_seq:
            self.violations["twice"] += 1
            return
        else:
            self.violations["disorder"] += 1
            screen.last_seq = seq
        if seq > self.newest_seq:
            self.newest_seq = seq
        mark = MARK.search(payload)
        if mark is not None:
            self._delivered(int(mark[1]), payload, seq)

    def _delivered(self, number: int, payload: bytes, seq: int = 0) -> None:
        self.deliveries += 1
        self.delivered_bytes += len(payload)
        flight = self.flights.get(number)
        if flight is None:
            return
        if seq != flight.seq:
            if flight.seq:
                self.violations["disorder"] += 1
            flight.seq = seq
        flight.missing -= 1
        if not flight.missing:
            if self.measuring:
                self.latencies.append(time.perf_counter() - flight.sent)
            self._settle(number, flight)

    def _other(self, payload: bytes) -> None:
        self.others += 1
        self.other_bytes += len(payload)

    def _settle(self, number: int, flight: Flight) -> None:
        if flight.answered and flight.missing <= 0 and number in self.flights:
            del self.flights[number]
            flight.done()

    # --- what is sent -------------------------------------------------------------------------

    def post(self, via: Connection | None, done: Callable[[], None]) -> None:
        """Send one message; `done()` when it is answered and on all screens, or given up."""
        number = self.next_number
        self.next_number += 1
        flight = Flight(time.perf_counter(), len(self.screens), done)
        self.flights[number] = flight
        message = {
            "client_id": str(uuid.uuid4()),
            "body": f"@@{number}@@ {self.filler}",
            "seen": self.newest_seq,
        }
        if via is None:
            flight.answered = True
            self.screens[0].send(json.dumps(message))
            return
        self._send(via, number, flight, message)

    def _send(
        self, via: Connection, number: int, flight: Flight, message: dict[str, object]
    ) -> None:
        content = json.dumps(message)

        def answered(status: int, body: bytes) -> None:
            if status == 201:
                flight.answered = True
                self._settle(number, flight)
                return
            name = str(status)
            self.answers[name] = self.answers.get(name, 0) + 1
            if status == 409 and b"held" in body:
                self._send(via, number, flight, {**message, "seen": self.newest_seq})
            elif number in self.flights:
                del self.flights[number]
                if self.answers[name] == 1:
                    print(f"answer {status}: {body[:300]!r}", file=sys.stderr)
                flight.done()

        via.send(
            f"{self.head}Content-Length: {len(content)}\r\n\r\n{content}".encode(),
            answered,
        )

    async def connect(self) -> Connection | None:
        """A connection to post on; None when messages go by socket."""
        if self.job.by_socket:
            return None
        return await Connection.to(self.job.host, self.job.port)

    async def first_message(self) -> None:
        """Returns when one message has reached every screen."""
        via = await self.connect()
        for _ in range(10):
            reached = asyncio.Event()
            self.post(via, reached.set)
            try:
                await asyncio.wait_for(reached.wait(), 3)
            except TimeoutError:
                self.flights.clear()
                if via is not None and not via.open:
                    via = await self.connect()
            else:
                if via is not None:
                    via.close()
                return
        raise RuntimeError("no message reached all screens")

    async def keep_window(self) -> None:
        """Closed loop: `window` messages under way, the next as soon as one is everywhere."""
        for _ in range(self.job.window):
            self._keep_place(await self.connect())

    def _keep_place(self, via: Connection | None) -> None:
        """Send on `via`, one message after the other."""

        def again() -> None:
            if self.running and (via is None or via.open):
                self.post(via, later)

        def later() -> None:
            # not directly: when answers are refused at once, this would recurse
            asyncio.get_running_loop().call_soon(again)

        again()

    async def keep_rate(self) -> None:
        """Open loop: a message every 1/rate seconds, whatever became of those before."""
        begun = time.perf_counter()
        count = 0
        while self.running:
            due = begun + count / self.job.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            count += 1
            via = None if self.job.by_socket else await self._free_connection()
            if self.measuring:
                self.lateness.append(time.perf_counter() - due)
            self.post(via, lambda via=via: self._release(via))  # type: ignore[misc]

    async def _free_connection(self) -> Connection:
        while self.idle:
            via = self.idle.pop()
            if via.open:
                return via
            self.connections -= 1
        while self.connections >= MOST_CONNECTIONS:
            await asyncio.sleep(0.01)
            if self.idle:
                return self.idle.pop()
        self.connections += 1
        return await Connection.to(self.job.host, self.job.port)

    def _release(self, via: Connection | None) -> None:
        if via is not None:
            self.idle.append(via)

    async def give_up_late_ones(self) -> None:
        """Count messages that did not arrive everywhere in time and free their places."""
        while True:
            await asyncio.sleep(0.5)
            now = time.perf_counter()
            for number, flight in list(self.flights.items()):
                if now - flight.sent > GIVE_UP:
                    del self.flights[number]
                    self.violations["lost"] += 1
                    flight.done()

    # --- the run ------------------------------------------------------------------------------

    async def run(self) -> Figures:
        """Open the screens, warm up, measure, wait for stragglers."""
        job = self.job
        on_text = {
            "plain": self.plain,
            "socketio": self.socketio,
            "product": self.product,
        }
        self.screens = await open_sockets(job.host, job.port, job.doors, on_text[job.dialect])
        await self.first_message()
        self.running = True
        sweeper = asyncio.create_task(self.give_up_late_ones())
        sender = asyncio.create_task(self.keep_window() if job.window else self.keep_rate())
        await asyncio.sleep(job.warmup)

        before = (self.deliveries, self.delivered_bytes, self.others, self.other_bytes)
        print("begin", flush=True)
        self.measuring = True
        cpu, begun = own_cpu(), time.perf_counter()
        await asyncio.sleep(job.seconds)
        took = time.perf_counter() - begun
        cpu = own_cpu() - cpu
        after = (self.deliveries, self.delivered_bytes, self.others, self.other_bytes)
        print("end", flush=True)

        self.running = False
        await sender
        for _ in range(int((GIVE_UP + 1) / 0.02)):
            if not self.flights:
                break
            await asyncio.sleep(0.02)
        sweeper.cancel()
        if job.dialect == "product":
            self.violations["missing"] = sum(
                self.newest_seq - screen.last_seq for screen in self.screens
            )
        delivered, size, others, other_size = (b - a for a, b in zip(before, after, strict=True))
        closed: dict[str, int] = {}
        for screen in self.screens:
            if screen.closed is not None:
                closed[str(screen.closed)] = closed.get(str(screen.closed), 0) + 1
            screen.close()
        return Figures(
            deliveries_per_s=delivered / took,
            messages=len(self.latencies),
            p50_ms=percentile(self.latencies, 50, 1000),
            p95_ms=percentile(self.latencies, 95, 1000),
            client_cpu=cpu / took,
            frame_bytes=round(size / delivered) if delivered else 0,
            other_frames=others / delivered if delivered else 0.0,
            other_bytes=other_size / delivered if delivered else 0.0,
            late_ms=percentile(self.lateness, 95, 1000) or 0.0,
            violations=self.violations,
            answers=self.answers,
            closed=closed,
        )


def main() -> None:
    """Job on stdin, figures on stdout."""
    job = Job.read(sys.stdin.readline())
    figures = run_client(Load(job).run())
    print(json.dumps(asdict(figures)), flush=True)


if __name__ == "__main__":
    main()
