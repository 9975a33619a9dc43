"""`manage.py up` with real processes: it starts, survives kills, stops, and says what is wrong."""

import os
import signal
import socket
import subprocess
import threading
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import redis

from helpdesk.stack import addresses
from tests.stack.processes import Up, alive, free_port, get, wait_for

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")


@pytest.fixture
def not_the_first(tmp_path, prepared):
    """What this test starts on was started before."""
    prepared.copy("tiny", tmp_path / "data")


@pytest.fixture
def up(tmp_path):
    """Starts `manage.py up` on directories of this test; leaves no process behind."""
    started = []

    def start(*options, folder=tmp_path / "data", **more):
        started.append(Up(folder, "--no-worker", *options, **more))
        return started[-1]

    yield start
    for one in reversed(started):
        one.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    one = Up(tmp_path_factory.mktemp("up") / "data", "--no-worker", "--web", "1", DEMO="1")
    yield one.wait_until_up()
    one.stop()


def database(one, name="tandem"):
    address = f"postgresql://tandem@{quote(str(one.folder / 'sockets'), safe='')}/{name}"
    return psycopg.connect(address, autocommit=True)


def broker(one):
    return redis.Redis(unix_socket_path=str(one.folder / "sockets" / "redis.sock"))


def rows(one):
    with database(one) as connection:
        return [row[0] for row in connection.execute("SELECT n FROM kept ORDER BY n")]


# --- starting and stopping -----------------------------------------------------------------


def test_it_says_where_it_is_and_with_which_password(running):
    said = "\n".join(running.printed)
    password = (running.folder / "demo-password").read_text().strip()
    assert f"http://localhost:{running.port}/" in said
    assert f"http://localhost:{running.port}/demo/" in said
    assert password in said
    assert "agent1" in said
    assert (running.folder / "demo-password").stat().st_mode & 0o077 == 0


def test_the_database_is_durable_and_private(running):
    with database(running) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",)
        assert connection.execute("SHOW max_connections").fetchone() == ("100",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SELECT lower('ÄÉ')").fetchone() == ("äé",)
        superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(superuser).fetchone() == (False,)
    assert (running.folder / "sockets").stat().st_mode & 0o077 == 0
    assert broker(running).config_get("appendonly") == {"appendonly": "yes"}


def test_ctrl_c_stops_everything_and_it_starts_again(not_the_first, up):
    one = up("--web", "2").wait_until_up()
    family = one.family()
    assert len(family) >= 5
    assert {"supervisor", "postgres", "redis", "web-1", "web-2"} == set(one.pids())
    one.process.send_signal(signal.SIGINT)
    code, printed = one.ended()
    assert code == 0, printed
    assert not [pid for pid in family if alive(pid)]
    assert not one.family()
    assert not list((one.folder / "run").glob("*.pid"))
    up("--web", "2").wait_until_up()


def test_ctrl_c_while_it_starts_stops_it_too(up):
    one = up()
    one.pid("supervisor")
    one.process.send_signal(signal.SIGINT)
    code, printed = one.ended()
    assert (code, one.family()) == (0, set()), printed
    sockets = one.folder / "sockets"
    sockets.mkdir(exist_ok=True)
    (sockets / ".s.PGSQL.5432.lock").write_text("")  # PostgreSQL was cut while it wrote this
    up().wait_until_up()


def test_a_first_start_that_was_cut_is_made_anew(up):
    one = up()
    wait_for(
        lambda: (one.folder / "postgres" / "unfinished" / "base").exists(),
        "initdb at work",
    )
    one.process.kill()
    wait_for(lambda: not one.family(), "no process left")
    assert not (one.folder / "postgres" / "data").exists()
    again = up().wait_until_up()
    with database(again) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("name", ["long path" * 20, """a, "b" \\ 'c' #%20 并肩"""])
def test_a_data_directory_may_be_called_anything(up, tmp_path, monkeypatch, name):
    one = up(folder=tmp_path / name).wait_until_up()
    assert get(one.port)[0] == 200
    assert not (one.folder / "sockets").exists()
    monkeypatch.setenv("TANDEM_DATA", str(one.folder))
    with psycopg.connect(addresses.database_url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with redis.Redis.from_url(addresses.redis_url()) as client:
        assert client.ping()
    assert addresses.socket_directory().exists()
    one.stop()
    assert not addresses.socket_directory().exists()


# --- kills ---------------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_while_a_web_process_is_restarted_connections_wait_and_are_answered(
    not_the_first, up, server
):
    one = up("--web", "1", "--server", server).wait_until_up()
    killed = one.pid("web-1")
    os.kill(killed, signal.SIGKILL)
    for _ in range(20):
        assert get(one.port)[0] == 200
    assert one.pid("web-1") != killed
    assert int(get(one.port, "/pid")[1]) == one.pid("web-1")
    one.wait_for_line("web-1 was killed by signal 9")


def test_a_killed_database_comes_back_with_every_row(running):
    with database(running) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 5)")
        killed = running.pid("postgres")
        os.kill(killed, signal.SIGKILL)
        running.wait_for_line("postgres was killed by signal 9")

    def back():
        try:
            return rows(running)
        except psycopg.OperationalError:
            return None

    log = running.folder / "log" / "supervisor.log"
    assert wait_for(back, f"a database that answers; see {log}") == [1, 2, 3, 4, 5]
    assert running.pid("postgres") != killed


def test_a_killed_redis_comes_back_with_what_it_had_stored(running):
    broker(running).rpush("celery", "job")
    wait_for(lambda: broker(running).info()["aof_pending_bio_fsync"] == 0, "a written log")
    killed = running.pid("redis")
    os.kill(killed, signal.SIGKILL)

    def back():
        try:
            return broker(running).lrange("celery", 0, -1)
        except redis.RedisError:
            return None

    assert wait_for(back, "a Redis that answers") == [b"job"]
    assert running.pid("redis") != killed


def test_a_redis_log_that_cannot_be_read_does_not_keep_tandem_from_running(not_the_first, up):
    one = up().wait_until_up()
    broker(one).set("key", "value")
    one.process.send_signal(signal.SIGINT)
    one.ended()
    for log in (one.folder / "redis").rglob("*.aof"):
        log.write_bytes(b"*1\r\n$9\r\nnot redis at all\r\n" * 9)
    up().wait_until_up()
    assert list((one.folder / "redis").glob("unreadable-*"))


def test_after_kill_9_of_the_supervisor_nothing_lives_on_and_the_next_start_has_every_row(
    not_the_first, up
):
    one = up("--web", "2").wait_until_up()
    with database(one) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
        one.process.kill()
    wait_for(lambda: not one.family(), "no process left", 20)
    again = up("--web", "2", port=one.port).wait_until_up()
    assert rows(again) == [7]


def test_servers_that_outlived_their_supervisor_are_taken_down_first(not_the_first, up):
    one = up().wait_until_up()
    left = one.pids()
    # Stopped, they cannot follow the signal that the death of their parent sends.
    for name in ("postgres", "redis", "web-1"):
        os.kill(left[name], signal.SIGSTOP)
    one.process.kill()
    one.process.wait()
    again = up(port=one.port)
    again.wait_until_up()
    assert not [pid for pid in left.values() if alive(pid)]
    assert get(again.port)[0] == 200


def test_a_stale_pid_file_that_names_somebody_else_harms_nobody(not_the_first, up):
    one = up().wait_until_up()
    one.process.send_signal(signal.SIGINT)
    one.ended()
    innocent = subprocess.Popen(["sleep", "60"])
    try:
        lock = one.folder / "postgres" / "data" / "postmaster.pid"
        for path in (
            lock,
            one.folder / "run" / "redis.pid",
            one.folder / "run" / "web-1.pid",
        ):
            path.write_text(f"{innocent.pid}\n")
        up().wait_until_up()
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


# --- one sentence that says what to do -----------------------------------------------------


def refused(one, *words):
    """It ended with a failure, and its last line is a sentence with these words."""
    code, printed = one.ended()
    said = "\n".join(printed)
    assert code not in (0, None), said
    assert "Traceback" not in said
    assert all(word in printed[-1] for word in words), said
    assert not one.family()


def test_a_port_that_is_taken(up):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused(up(port=port), f"Port {port} is taken", f"PORT={port + 1}")


def test_a_data_directory_in_use(running, up):
    refused_one = Up(running.folder, "--no-worker")
    code, printed = refused_one.ended()
    assert code != 0
    assert f"already runs on {running.folder} by process {running.process.pid}" in printed[-1]
    assert get(running.port)[0] == 200


def test_a_data_directory_that_cannot_be_written(up, tmp_path):
    (tmp_path / "file").write_text("in the way")
    refused(up(folder=tmp_path / "file" / "data"), "cannot be written", "TANDEM_DATA")


def test_a_full_disk(up, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a small disk")
    try:
        refused(up(folder=small / "data"), "disk", "full", "free")
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "postgresql://127.0.0.1:{closed}/tandem",
            ["No PostgreSQL answers at DATABASE_URL"],
        ),
        ("mysql://127.0.0.1/tandem", ["DATABASE_URL", "write it like postgresql://"]),
        (
            "postgresql://tandem@{sockets}/absent",
            ["database of DATABASE_URL is missing"],
        ),
        ("postgresql://nobody@{sockets}/tandem", ["DATABASE_URL is not let in"]),
    ],
)
def test_a_wrong_database_url(running, up, address, words):
    sockets = quote(str(running.folder / "sockets"), safe="")
    given = address.format(closed=free_port(), sockets=sockets)
    refused(up(DATABASE_URL=given), *words)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("redis://127.0.0.1:{closed}/0", ["No Redis answers at REDIS_URL"]),
        ("http://127.0.0.1/", ["REDIS_URL", "write it like redis://"]),
    ],
)
def test_a_wrong_redis_url(up, address, words):
    refused(up(REDIS_URL=address.format(closed=free_port())), *words)


def test_a_database_with_the_wrong_password(up):
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_ask_for_a_password_and_refuse, args=[server], daemon=True).start()
        port = server.getsockname()[1]
        given = f"postgresql://tandem:wrong@127.0.0.1:{port}/tandem?sslmode=disable"
        refused(up(DATABASE_URL=given), "DATABASE_URL is not let in", "password")


def _ask_for_a_password_and_refuse(server):
    """As much of PostgreSQL's protocol as a wrong password needs."""
    peer, _ = server.accept()
    with peer:
        peer.recv(4096)
        peer.sendall(b"R\0\0\0\x08\0\0\0\x03")
        peer.recv(4096)
        fields = b'SFATAL\0C28P01\0Mpassword authentication failed for user "tandem"\0\0'
        peer.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)


def test_a_python_that_is_too_old_is_told_so(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.version_info = (3, 10, 1)\n")
    result = subprocess.run(
        ["python3", "manage.py", "up"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "Tandem needs Python 3.11 or newer" in result.stderr
    assert "Traceback" not in result.stderr
