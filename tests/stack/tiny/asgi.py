"""An ASGI application whose requests and sockets do what the tests ask for.

/healthz               200
/echo, /files          the size of the body that arrived
/slow?SECONDS          answers after that time
/ws/echo               sends back what it gets; "close N" closes with that code
/ws/flood              sends 16 KiB frames for as long as it can, and says how many by /flooded
/ws/stuck              accepts, then never receives
/ws/refuse             closes before accepting
"""

import asyncio
import os

flooded = 0


async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await _socket(scope["path"], receive, send)
    elif scope["type"] == "http":
        await _request(scope, receive, send)


async def _request(scope, receive, send):
    path = scope["path"]
    if path == "/slow":
        await asyncio.sleep(float(scope["query_string"]))
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    if path == "/flooded":
        size = flooded
    if path == "/pid":
        size = os.getpid()
    if path == "/root-path":
        size = len(scope["root_path"])
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def _socket(path, receive, send):
    global flooded
    await receive()
    if path == "/ws/refuse":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    if path == "/ws/stuck":
        await asyncio.sleep(3600)
    if path == "/ws/flood":
        while True:
            await send({"type": "websocket.send", "text": "x" * 16384})
            flooded += 1
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text") or ""
        if text.startswith("close "):
            await send({"type": "websocket.close", "code": int(text[6:])})
            return
        await send({"type": "websocket.send", "text": text})
