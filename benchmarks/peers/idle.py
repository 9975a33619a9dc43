"""Peer: a Channels consumer without a layer that only holds its socket open."""

from __future__ import annotations

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from published import publisher

settings.configure()


async def ignore(text: str) -> None:
    """Nobody is told."""


class Screen(AsyncWebsocketConsumer):  # type: ignore[misc]
    """An open socket."""


app = ProtocolTypeRouter({"http": publisher(ignore), "websocket": Screen.as_asgi()})
