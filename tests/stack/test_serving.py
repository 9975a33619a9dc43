"""A web process keeps its bounds: sizes, deadlines, memory, and an orderly end."""

import http.client
import signal
import socket
import struct
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.stack.processes import get, rss, serving, wait_for

BODY_SECONDS = 3  # of the tiny project
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def web(request):
    with serving(request.param) as process:
        yield process


def socket_url(web, path="/ws/echo"):
    return f"ws://127.0.0.1:{web.port}{path}"


# --- what is served ------------------------------------------------------------------------


def test_bodies_arrive_whole(web):
    assert get(web.port, "/echo", method="POST", body=b"x" * 300_000) == (200, "300000")
    assert get(web.port, "/echo", method="POST", body=b"") == (200, "0")
    assert get(web.port, "/files", method="POST", body=b"x" * 20 * MEBIBYTE) == (
        200,
        str(20 * MEBIBYTE),
    )


def test_a_client_cannot_choose_the_root_path_nor_learn_the_server(web):
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    connection.request("GET", "/root-path", headers={"Daphne-Root-Path": "https://evil.test"})
    response = connection.getresponse()
    assert response.read() == b"0"
    assert response.getheader("server") is None
    connection.close()


def test_what_a_request_says_of_itself_is_left_to_the_application(web):
    odd_name = b"--x\r\nContent-Disposition: form-data; name*=zlib''%41\r\n\r\n1\r\n--x--\r\n"
    for headers, body in (
        ({"Daphne-Root-Path": "\xff"}, b""),
        ({"Content-Type": "multipart/form-data; boundary=x"}, odd_name),
        ({"Content-Type": "multipart/form-data"}, b"no boundary"),
    ):
        answer = get(web.port, "/echo", method="POST", body=body, headers=headers)
        assert answer == (200, str(len(body)))


def test_sockets_echo_and_close_with_the_applications_code(web):
    with connect(socket_url(web)) as peer:
        assert "server" not in {name.lower() for name in peer.response.headers}
        peer.send("hello")
        assert peer.recv(timeout=30) == "hello"
        peer.send("close 1012")
        with pytest.raises(ConnectionClosed):
            peer.recv(timeout=30)
        assert peer.close_code == 1012


def test_a_refused_socket_is_a_403(web):
    with pytest.raises(InvalidStatus) as refusal:
        connect(socket_url(web, "/ws/refuse"))
    assert refusal.value.response.status_code == 403


def test_a_handshake_that_makes_no_sense_is_a_400_and_closed(web):
    with web.connect() as peer:
        peer.sendall(b"GET /ws/echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n")
        peer.sendall(b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n")
        answer = http.client.HTTPResponse(peer)
        answer.begin()
        assert answer.status == 400
        answer.read()
        peer.settimeout(BODY_SECONDS)
        assert peer.recv(1) == b""


# --- sizes ---------------------------------------------------------------------------------


def test_a_socket_outlives_every_deadline_of_a_request(web):
    with connect(socket_url(web)) as peer:
        with pytest.raises(TimeoutError):  # quiet for longer than a body may take
            peer.recv(timeout=BODY_SECONDS + 3)
        peer.send("still here")
        assert peer.recv(timeout=30) == "still here"


def test_an_announced_body_over_the_limit_is_refused_at_once(web):
    peer = web.connect()
    peer.sendall(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n")
    assert peer.recv(4096).startswith(b"HTTP/1.1 413 ")
    peer.close()


def test_a_body_over_the_limit_that_is_sent_anyway_still_gets_its_answer(web):
    status, _ = get(web.port, "/echo", method="POST", body=b"x" * 2 * MEBIBYTE)
    assert status == 413
    status, _ = get(web.port, "/files", method="POST", body=b"x" * 27 * MEBIBYTE)
    assert status == 413


def test_a_chunked_body_is_cut_off_at_the_limit(web):
    status, _ = get(
        web.port,
        "/echo",
        method="POST",
        body=(b"x" * 65536 for _ in range(48)),
        encode_chunked=True,
        headers={"Transfer-Encoding": "chunked"},
    )
    assert status == 413


def test_a_frame_over_the_limit_ends_the_connection(web):
    with connect(socket_url(web), max_size=None) as peer:
        peer.send("x" * 262_144)
        assert len(peer.recv(timeout=30)) == 262_144
        peer.send("x" * 262_145)
        with pytest.raises(ConnectionClosed):
            peer.recv(timeout=30)


# --- deadlines -----------------------------------------------------------------------------


def seconds_until_dropped(peer, drip):
    """How long the server lets a peer go on that sends one byte of `drip` at a time."""
    started = time.monotonic()
    peer.settimeout(0.5)
    for byte in drip:
        try:
            peer.send(bytes([byte]))
            if peer.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
        if time.monotonic() - started > 60:
            break
    peer.close()
    return time.monotonic() - started


def test_headers_that_drip_in_are_cut_off(web):
    peers = [web.connect() for _ in range(3)]
    line, headers = b"GET / HTTP/1.1\r\n", b"X-Slow: 1\r\n" * 30
    drips = [line + headers, headers, line + headers]
    peers[1].sendall(line)
    peers[2].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert peers[2].recv(4096).startswith(b"HTTP/1.1 200")  # a kept connection drips its next one
    taken = {}
    threads = [
        threading.Thread(
            target=lambda n=n, p=p: taken.update({n: seconds_until_dropped(p, drips[n])})
        )
        for n, p in enumerate(peers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(5 < seconds < 20 for seconds in taken.values()), taken


def test_a_body_that_drips_in_is_cut_off(web):
    peer = web.connect()
    peer.sendall(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
    assert BODY_SECONDS - 1 < seconds_until_dropped(peer, b"x" * 200) < 30


# --- memory --------------------------------------------------------------------------------


def frame(payload):
    """A masked text frame (with an empty mask)."""
    size = (
        bytes([0x80 | len(payload)])
        if len(payload) < 126
        else struct.pack("!BH", 0x80 | 126, len(payload))
    )
    return b"\x81" + size + b"\0\0\0\0" + payload


@pytest.mark.parametrize("size", [1, 60_000])
def test_a_flood_that_nobody_reads_is_held_back_not_stored(web, size):
    before = rss(web.pid)
    peer = web.upgrade("/ws/stuck")
    block = frame(b"x" * size) * max(1, 60_000 // (size + 6))
    peer.settimeout(2)
    sent = 0
    try:
        while sent < 400 * MEBIBYTE:
            sent += peer.send(block)
    except TimeoutError:
        pass  # held back
    assert sent < 50 * MEBIBYTE
    assert rss(web.pid) - before < 20 * MEBIBYTE
    assert get(web.port)[0] == 200
    peer.close()


def test_a_peer_that_does_not_read_makes_its_sender_wait(web):
    before = rss(web.pid)
    peer = web.upgrade("/ws/flood", buffer=65536)

    def stands_still():
        first = get(web.port, "/flooded")[1]
        time.sleep(1)
        return get(web.port, "/flooded")[1] == first

    wait_for(stands_still, "a sender that waits")
    assert rss(web.pid) - before < 20 * MEBIBYTE
    peer.settimeout(10)
    sent_before = int(get(web.port, "/flooded")[1])
    for _ in range(2000):
        peer.recv(65536)
    wait_for(lambda: int(get(web.port, "/flooded")[1]) > sent_before, "a sender that goes on")
    peer.close()


# --- the end -------------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_sigterm_lets_running_requests_finish_and_exits_with_0(server):
    with serving(server) as web:
        answers = []
        slow = threading.Thread(target=lambda: answers.append(get(web.port, "/slow?1.5")))
        slow.start()
        idle = socket.create_connection(("127.0.0.1", web.port))
        time.sleep(0.5)
        web.process.send_signal(signal.SIGTERM)
        slow.join()
        assert answers == [(200, "0")]
        assert web.process.wait(15) == 0
        idle.close()
