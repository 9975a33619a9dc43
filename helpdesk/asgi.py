"""The front door: plain HTTP to Django's WSGI application in one hop, sockets to the consumers."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
os.environ.setdefault("DATABASE_KEEP", "600")

from helpdesk.wsgi import application as wsgi  # isort: skip  (sets Django up)

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from collaboration.drafts.routing import websocket_urlpatterns as drafts
from collaboration.workspace.routing import websocket_urlpatterns as workspace
from conversations.intake.routing import websocket_urlpatterns as intake
from helpdesk.core.live.sockets import NoSuchSocket
from helpdesk.stack.bridge import Bridge

HTTP_THREADS = 4  # more of them only fight for the interpreter

_router = ProtocolTypeRouter(
    {
        "http": Bridge(wsgi, HTTP_THREADS),
        "websocket": URLRouter([*workspace, *drafts, *intake, re_path("", NoSuchSocket.as_asgi())]),
    }
)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Nobody outside may choose our root path, and only two kinds of connection are known."""
    if scope["type"] not in ("http", "websocket"):
        return
    await _router(scope | {"root_path": ""}, receive, send)
