"""Peer: a stock Channels consumer behind channels_redis' core layer. Stores nothing."""

from __future__ import annotations

import os
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer  # noqa: TID251  (it is what is measured)
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from published import publisher

# redis-py 8 gives up reading after 5 s, as long as the layer waits for messages: hence the minute
HOST = {"address": f"unix://{os.environ['REDIS_SOCKET']}", "socket_timeout": 60}
settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [HOST]},
        }
    }
)
GROUP = "screens"


class Screen(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Passes on what the group is told."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await publish(text_data or "")

    async def message_posted(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


async def publish(text: str) -> None:
    """Tell every screen."""
    await get_channel_layer().group_send(GROUP, {"type": "message.posted", "text": text})


app = ProtocolTypeRouter({"http": publisher(publish), "websocket": Screen.as_asgi()})
