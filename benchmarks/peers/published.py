"""The trivial POST endpoint of the bare peers: publishes the body, stores nothing, answers 201."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


def publisher(publish: Callable[[str], Awaitable[None]]) -> Asgi:
    """An ASGI application for HTTP: `publish(body)`, then 201."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        await publish(body.decode())
        headers = [(b"content-length", b"2"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    return app
