"""What the supervisor runs: one Program per process."""

import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from helpdesk.stack.account import Account


@dataclass(frozen=True)
class Program:
    """One process to keep running: how to start, recognise and stop it. Times in seconds."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    account: Account | None = None
    keep_open: tuple[int, ...] = ()  # file descriptors it inherits
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 12.0
    echo: bool = False  # its errors also go to the terminal
    recover: Callable[[], None] | None = None  # before each start: clear what a dead run left
    is_ready: Callable[[int], Awaitable[bool]] | None = None  # asked with its pid
