"""Log files of bounded size, and the supervisor's lines in the terminal."""

import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

LOG_BYTES = 10 * 1024 * 1024
OLD_LOGS = 3


class LogFile:
    """A file that only grows to LOG_BYTES, then becomes NAME.log.1 (… .3). Writing never raises."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._size = path.stat().st_size

    def write(self, data: bytes) -> None:
        try:
            if self._size + len(data) > LOG_BYTES and self._size:
                self._rotate()
            self._file.write(data)
        except OSError:
            return  # a full disk must not stop what is being logged
        self._size += len(data)

    def close(self) -> None:
        self._file.close()

    def _rotate(self) -> None:
        for number in range(OLD_LOGS, 0, -1):
            newer = self.path if number == 1 else self._old(number - 1)
            if newer.exists():
                newer.replace(self._old(number))
        self._file.close()
        self._file = self.path.open("ab", buffering=0)
        self._size = 0

    def _old(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


class Terminal:
    """Says things to the operator and keeps them in supervisor.log."""

    def __init__(self, folder: Path) -> None:
        self._log = LogFile(folder / "supervisor.log")

    def say(self, text: str) -> None:
        """A line for the operator, with its time in the log."""
        self._log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ} {text}\n".encode())
        _print(sys.stdout, text)

    def note(self, text: str) -> None:
        """A line that only the log keeps."""
        self._log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ} {text}\n".encode())

    def echo(self, name: str, line: bytes) -> None:
        """A line that a process wrote."""
        _print(sys.stderr, f"{name} | {line.decode(errors='replace').rstrip()}")


def _print(stream: TextIO, text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # the terminal is gone; the log has it
        print(text, file=stream, flush=True)
