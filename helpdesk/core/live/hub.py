"""The hub: one Redis pub/sub connection per process, one channel, events of ids only.

`announce` may be called from any thread of any process. A process hears its own events without
Redis; the others' come through it. Redis may lose anything: every listener can also find out what
it missed from PostgreSQL (`on_tick`), so an event is only ever a hint to look earlier.
"""

import asyncio
import json
import logging
import os
import queue
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import redis
import redis.asyncio
from django.conf import settings
from django.db import DatabaseError

from helpdesk.core import events, failpoints

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=events.Event)
TICK = 1.5  # seconds between two looks at PostgreSQL; half of it while Redis is out of reach
_listeners: dict[type[events.Event], list[Callable[[Any], None]]] = {}
_ticks: list[Callable[[], Awaitable[None]]] = []
_process = secrets.token_hex(8)
_ECHO = json.dumps({"from": _process})[:-1].encode()  # how all that this process says begins


def _channel() -> str:
    return f"{settings.REDIS_TOPIC}:events"


def hears(kind: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Registers a listener, called on the loop of every serving process. It must not block."""

    def register(function: Callable[[E], None]) -> Callable[[E], None]:
        _listeners.setdefault(kind, []).append(function)
        return function

    return register


def on_tick(function: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Registers what looks into PostgreSQL for whatever no event told."""
    _ticks.append(function)
    return function


def announce(item: events.Event) -> None:
    """Tell every process, this one first. Returns at once; never raises for a dead Redis."""
    if _hub is not None and not _hub.loop.is_closed():
        _hub.loop.call_soon_threadsafe(_hear, item)
    _announcer.put(json.dumps({"from": _process} | events.to_wire(item), allow_nan=False))


def _hear(item: events.Event) -> None:
    for listener in _listeners.get(type(item), ()):
        try:
            listener(item)
        except Exception:
            logger.exception("%s failed on %s", listener.__qualname__, item)


class Announcer:
    """One thread that publishes in order, so that a slow Redis never holds up a request.

    While Redis is out of reach events are dropped, not kept: screens catch up by number, and a
    heap of old hints would only delay the new ones.
    """

    PATIENCE = 0.5  # seconds for one try
    PAUSE = 1.0  # seconds of dropping after a failed one

    def __init__(self) -> None:
        self._queue: queue.Queue[str] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._lock = threading.Lock()

    def put(self, wire: str) -> None:
        if self._thread is None or self._pid != os.getpid():
            self._start()
        if self._queue.qsize() < 10_000:
            self._queue.put(wire)

    def flush(self, timeout: float = 1.0) -> None:
        """Wait until what was announced is out: for commands that end right after."""
        waiting = self._queue
        with waiting.all_tasks_done:
            waiting.all_tasks_done.wait_for(lambda: not waiting.unfinished_tasks, timeout)

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None and self._pid == os.getpid():
                return
            self._pid = os.getpid()
            self._queue = queue.Queue()
            self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        pool = redis.ConnectionPool.from_url(
            settings.REDIS_URL,
            socket_timeout=self.PATIENCE,
            socket_connect_timeout=self.PATIENCE,
            retry=None,
        )
        connection = pool.make_connection()
        silent_until = 0.0
        while True:
            waiting = [self._queue.get()]
            while len(waiting) < 256 and not self._queue.empty():
                waiting.append(self._queue.get())
            if time.monotonic() >= silent_until and not self._publish(connection, waiting):
                silent_until = time.monotonic() + self.PAUSE
            for _ in waiting:
                self._queue.task_done()

    def _publish(self, connection: Any, waiting: list[str]) -> bool:
        failpoints.reach("after_ack_before_publish")
        try:  # straight to the connection: a client and its pipeline cost four times as much
            connection.send_packed_command(
                connection.pack_commands([("PUBLISH", _channel(), wire) for wire in waiting])
            )
            for _ in waiting:
                connection.read_response()
        except (redis.RedisError, OSError) as error:
            logger.warning("Redis is out of reach, screens catch up by themselves: %s", error)
            connection.disconnect()
            return False
        except Exception:  # this thread is the only one that publishes
            logger.exception("%d events could not be announced", len(waiting))
            connection.disconnect()
            return False
        return True


_announcer = Announcer()
flush = _announcer.flush


def _ending() -> bool:
    """Whether the running task was cancelled; a read of redis-py can swallow it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Hub:
    """This process's ear. Started with the first socket, lives as long as the loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.connected = False
        self._tasks = [
            self.loop.create_task(self._listen(), name="hub"),
            self.loop.create_task(self._tick(), name="hub-tick"),
        ]

    async def _listen(self) -> None:
        pause = 0.05
        while not _ending():
            client = redis.asyncio.Redis.from_url(
                settings.REDIS_URL, socket_timeout=20, socket_connect_timeout=2
            )
            try:
                async with client.pubsub() as pubsub:
                    await pubsub.subscribe(_channel())
                    self.connected, pause = True, 0.05
                    await self._look()  # whatever was said before we listened
                    # Straight from the connection: `get_message` costs a multiple of the rest.
                    connection = pubsub.connection
                    while not _ending():
                        answer = await connection.read_response(timeout=5, push_request=True)
                        if answer is None and not _ending():
                            await pubsub.ping()
                        elif isinstance(answer, list) and answer[0] == b"message":
                            self._receive(answer[2])
            except asyncio.CancelledError:
                raise
            except Exception as error:
                if self.connected:
                    logger.warning("The hub lost Redis: %s", error)
                self.connected = False
            finally:
                with suppress(redis.RedisError, OSError):
                    await client.aclose()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _receive(self, data: bytes) -> None:
        if data.startswith(_ECHO):
            return
        try:
            wire = json.loads(data)
            wire.pop("from", None)
            item = events.from_wire(wire)
        except (ValueError, AttributeError):
            logger.warning("The hub heard something that is no event")
            return
        if item is not None:
            _hear(item)

    async def _look(self) -> None:
        for look in _ticks:
            try:
                await look()
            except DatabaseError as error:  # PostgreSQL is away for a moment
                logger.warning("%s waits: %s", look.__qualname__, error)
            except Exception:
                logger.exception("%s failed", look.__qualname__)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK if self.connected else TICK / 2)
            await self._look()


_hub: Hub | None = None


def ensure() -> Hub:
    """The hub of the running loop, started if need be."""
    global _hub
    loop = asyncio.get_running_loop()
    if _hub is None or _hub.loop is not loop:
        _hub = Hub()
    return _hub
