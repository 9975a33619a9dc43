"""The product itself under `manage.py up`: all processes together, and a restart its users see."""

import contextlib
import os
import signal

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.stack.prepared import PRODUCT
from tests.stack.processes import Up, alive, get, wait_until_gone


@pytest.fixture
def up(tmp_path, prepared):
    folder = prepared.copy("product", tmp_path / "data")
    started = []

    def start(*options, **more):
        started.append(Up(folder, *options, **PRODUCT, **more))
        return started[-1].wait_until_up()

    yield start
    for one in reversed(started):
        one.stop()


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_a_web_process_that_is_told_to_stop_sends_its_sockets_elsewhere(up, server):
    one = up("--web", "1", "--no-worker", "--server", server)
    told = one.pid("web-1")
    with connect(f"ws://127.0.0.1:{one.port}/ws/chat/demo/") as screen:
        os.kill(told, signal.SIGTERM)
        with contextlib.suppress(ConnectionClosed):
            while screen.recv(timeout=30):
                pass
        assert screen.close_code == 1012
    one.wait_for_line("web-1 ended with code 0")
    assert get(one.port, "/healthz")[0] == 200
    assert one.pid("web-1") != told


def test_all_processes_run_and_kill_9_of_the_supervisor_leaves_none(up):
    one = up("--web", "2", DEMO="1")
    names = {"supervisor", "postgres", "redis", "web-1", "web-2", "worker", "beat"}
    assert set(one.pids()) == names
    assert get(one.port, "/login/")[0] == 200
    family = one.family()
    os.kill(one.process.pid, signal.SIGKILL)
    wait_until_gone(family, 30)
    again = up("--web", "2", port=one.port)
    assert get(again.port, "/readyz")[0] == 200


def test_ctrl_c_stops_the_worker_and_the_scheduler_too(up):
    one = up("--web", "1")
    family = one.family()
    one.process.send_signal(signal.SIGINT)
    code, printed = one.ended()
    assert code == 0, printed
    assert not [pid for pid in family if alive(pid)]
