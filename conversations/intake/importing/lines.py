"""The lines of a file, packed with gzip or not: one at a time, however large the file is."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

MAX_LINE = 8 * 1024 * 1024  # bytes; a longer line is skipped without being held
_GZIP = b"\x1f\x8b"
_DAMAGE = (EOFError, zlib.error, OSError)


@dataclass(frozen=True, slots=True)
class Line:
    """A line and its number, counted from 1. `content` is None if it is longer than MAX_LINE."""

    number: int
    content: bytes | None


class Lines:
    """Reads a file once. What cannot be read ends it: `damage` then says how."""

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self.damage = ""
        self._raw = path.open("rb")
        packed = self._raw.peek(2)[:2] == _GZIP
        self._file: IO[bytes] = gzip.GzipFile(fileobj=self._raw) if packed else self._raw  # type: ignore[assignment]

    def __enter__(self) -> "Lines":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
        self._raw.close()

    @property
    def position(self) -> int:
        """Bytes of the file that have been read, of `size`."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[Line]:
        """Every line that is not blank."""
        number = 0
        while True:
            try:
                content = self._next()
            except _DAMAGE as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                self.damage = f"it cannot be read beyond line {number}: {reason}"
                return
            if content == b"":
                return
            number += 1
            if content is None or not content.isspace():
                yield Line(number, content)

    def _next(self) -> bytes | None:
        content = self._file.readline(MAX_LINE + 1)
        if len(content) <= MAX_LINE or content.endswith(b"\n"):
            return content
        while content and not content.endswith(b"\n"):
            content = self._file.readline(65_536)
        return None
