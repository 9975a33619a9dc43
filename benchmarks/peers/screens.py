"""The barest hub: one Redis subscription per process, frames straight to its sockets."""

from __future__ import annotations

import asyncio
import os

from channels.generic.websocket import AsyncWebsocketConsumer
from redis.asyncio import Redis

TOPIC = "screens"
redis = Redis(
    unix_socket_path=os.environ["REDIS_SOCKET"],
    decode_responses=True,
    socket_timeout=None,
)
screens: set[Screen] = set()
listener: asyncio.Task[None] | None = None


async def listen() -> None:
    """Hand every published text to all sockets of this process."""
    subscription = redis.pubsub(ignore_subscribe_messages=True)
    await subscription.subscribe(TOPIC)
    async for item in subscription.listen():
        for screen in list(screens):
            await screen.base_send({"type": "websocket.send", "text": item["data"]})


class Screen(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A socket the hub knows."""

    async def connect(self) -> None:
        global listener
        listener = listener or asyncio.create_task(listen())
        screens.add(self)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        screens.discard(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await publish(text_data or "")


async def publish(text: str) -> None:
    """Tell every screen."""
    await redis.publish(TOPIC, text)
