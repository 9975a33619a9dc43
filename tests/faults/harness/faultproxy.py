"""A loopback TCP proxy that can lose, hold back, delay or cut what passes through it."""

import asyncio
import socket
import struct
from types import TracebackType

MODES = ("pass", "drop_s2c", "drop_c2s", "stall", "rst", "delay", "cut")


class FaultProxy:
    """Between clients and a server's port. `mode` counts for open connections too.

    drop_s2c swallows what the server says (acknowledgements vanish), drop_c2s what clients say;
    stall moves nothing; rst resets; delay holds each piece for `seconds`; cut closes a connection
    once the server said `after` bytes on it.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.mode = "pass"
        self.seconds = 0.0
        self.after = 0
        self.port = 0
        self.heard: list[tuple[int, bytes]] = []  # (connection, bytes) towards the clients
        self.record = False
        self._changed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0

    async def __aenter__(self) -> "FaultProxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def set(self, mode: str, *, seconds: float = 0.0, after: int = 0) -> None:
        assert mode in MODES
        self.mode, self.seconds, self.after = mode, seconds, after
        self._changed.set()
        self._changed = asyncio.Event()
        if mode == "rst":
            self.reset()

    def reset(self) -> None:
        """End all connections with RST."""
        for writer in list(self._writers):
            raw = writer.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._count += 1
        number = self._count
        there: asyncio.StreamWriter | None = None
        pumps: list[asyncio.Task[None]] = []
        try:
            if self.mode == "rst":
                self._writers.add(writer)
                return self.reset()
            back, there = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers |= {writer, there}
            pumps = [
                asyncio.create_task(self._pump(reader, there, number, "c2s")),
                asyncio.create_task(self._pump(back, writer, number, "s2c")),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for pump in pumps:
                pump.cancel()
            for one in (writer, there):
                if one is not None:
                    self._writers.discard(one)
                    one.close()
            self._tasks.discard(task)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, way: str
    ) -> None:
        said = 0
        try:
            while data := await reader.read(65536):
                while self.mode == "stall":
                    await self._changed.wait()
                if self.mode == "delay":
                    await asyncio.sleep(self.seconds)
                if self.mode == f"drop_{way}":
                    continue
                if way == "s2c":
                    if self.record:
                        self.heard.append((number, data))
                    said += len(data)
                    if self.mode == "cut" and said > self.after:
                        return
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
