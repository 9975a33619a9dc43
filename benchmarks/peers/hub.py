"""Peer: the barest hub, with nothing before it. Stores nothing."""

from __future__ import annotations

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from published import publisher
from screens import Screen, publish

settings.configure()
app = ProtocolTypeRouter({"http": publisher(publish), "websocket": Screen.as_asgi()})
