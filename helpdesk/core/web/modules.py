"""Which modules a script of ours brings along, so that a page can ask for all of them at once."""

import re
from functools import cache
from pathlib import Path, PurePosixPath

from django.contrib.staticfiles import finders

_IMPORT = re.compile(r'^(?:import|export)\s(?:[^"]*?\sfrom\s)?"(\.[^"]+)";', re.M)


@cache
def imported_by(script: str) -> tuple[str, ...]:
    """Names of the static files it imports, and of what these import, each once."""
    found: list[str] = []
    waiting = [script]
    while waiting:
        name = waiting.pop(0)
        path = finders.find(name)
        for relative in _IMPORT.findall(Path(path).read_text()) if path else ():
            imported = _resolve(PurePosixPath(name).parent, relative)
            if imported not in found:
                found.append(imported)
                waiting.append(imported)
    return tuple(found)


def _resolve(folder: PurePosixPath, relative: str) -> str:
    parts = list(folder.parts)
    for part in relative.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
