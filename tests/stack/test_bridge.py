"""From ASGI to WSGI: what arrives, what is handed back, and that everything is let go of."""

import asyncio
import threading

import pytest

from helpdesk.stack.bridge import IN_MEMORY, PIECE, Bridge


def scope(*headers, path="/", query=b"", method="POST"):
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "http_version": "1.1",
        "headers": list(headers),
        "server": ("localhost", 80),
        "client": ("192.0.2.7", 1234),
    }


def messages(*bodies, gone=False):
    found = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    found.append({"type": "http.disconnect"} if gone else {"type": "http.request", "body": b""})
    waiting = iter(found)

    async def receive():
        return next(waiting)

    return receive


class Response:
    """What an application returns: parts, and a mark once it is closed."""

    def __init__(self, *parts):
        self.parts = parts
        self.closed = threading.Event()

    def __iter__(self):
        return iter(self.parts)

    def close(self):
        self.closed.set()


def run(application, *, headers=(), bodies=(), gone=False, fails_after=None):
    sent = []

    async def send(message):
        if fails_after is not None and len(sent) >= fails_after:
            raise ConnectionResetError
        sent.append(message)

    bridge = Bridge(application, 2)
    asyncio.run(bridge(scope(*headers), messages(*bodies, gone=gone), send))
    return sent


@pytest.mark.parametrize("size", [0, 10, IN_MEMORY + 1, 3 * IN_MEMORY])
def test_a_body_arrives_whole_with_its_counted_length(size):
    seen = {}

    def application(environ, start):
        seen["length"] = environ["CONTENT_LENGTH"]
        seen["body"] = environ["wsgi.input"].read()
        start("200 OK", [("Content-Type", "text/plain")])
        return Response(b"done")

    half = size // 2
    sent = run(application, bodies=[b"a" * half, b"b" * (size - half)])
    assert seen == {"length": str(size), "body": b"a" * half + b"b" * (size - half)}
    assert sent == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain")],
        },
        {"type": "http.response.body", "body": b"done"},
    ]


def test_headers_that_would_pass_for_others_are_dropped():
    seen = {}

    def application(environ, start):
        seen.update(environ)
        start("204 No Content", [])
        return Response()

    run(
        application,
        headers=[
            (b"x_real_ip", b"203.0.113.1"),
            (b"x-one", b"1"),
            (b"x-one", b"2"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
        ],
    )
    assert "HTTP_X_REAL_IP" not in seen
    assert seen["HTTP_X_ONE"] == "1,2"
    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert seen["REMOTE_ADDR"] == "192.0.2.7"


def test_a_large_answer_comes_in_pieces_and_is_closed():
    response = Response(*[b"x" * 100_000] * 10)

    def application(environ, start):
        start("200 OK", [])
        return response

    sent = run(application)
    pieces = [message["body"] for message in sent[1:]]
    assert b"".join(pieces) == b"x" * 1_000_000
    assert len(pieces) > 2
    assert max(map(len, pieces)) <= PIECE + 100_000
    assert response.closed.wait(5)


def test_a_peer_that_goes_away_while_reading_lets_go_of_the_answer():
    response = Response(*[b"x" * PIECE] * 10)

    def application(environ, start):
        start("200 OK", [])
        return response

    with pytest.raises(ConnectionResetError):
        run(application, fails_after=2)
    assert response.closed.wait(5)


def test_a_peer_that_goes_away_while_writing_reaches_nobody():
    def application(environ, start):
        raise AssertionError

    assert run(application, bodies=[b"half"], gone=True) == []


def test_a_server_that_gives_up_leaves_the_thread_its_answer():
    """The answer is closed after the application returned, not under it."""
    begun, go_on = threading.Event(), threading.Event()
    response = Response(b"late")

    def application(environ, start):
        begun.set()
        go_on.wait(10)
        assert not response.closed.is_set()
        start("200 OK", [])
        return response

    async def give_up():
        bridge = Bridge(application, 2)

        async def send(message):
            raise AssertionError

        task = asyncio.create_task(bridge(scope(), messages(), send))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

    asyncio.run(give_up())
    assert response.closed.wait(5)
