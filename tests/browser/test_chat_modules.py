"""The frame's scripts: all named for preloading, and small."""

import gzip
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
IMPORT = re.compile(r'^(?:import|export) .*?from "(\..+?)";', re.M | re.S)


def imported_by(module: Path) -> set[Path]:
    return {(module.parent / path).resolve() for path in IMPORT.findall(module.read_text())}


def all_modules() -> set[Path]:
    found, waiting = set(), [STATIC / "js/chat/main.js"]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(imported_by(module))
    return found


def test_every_module_is_preloaded():
    page = (ROOT / "templates/conversations/intake/chat.html").read_text()
    named = set(re.findall(r"modulepreload\" href=\"{% static '(.+?)' %}", page))
    needed = {str(module.relative_to(STATIC)) for module in all_modules()}
    assert named == needed - {"js/chat/main.js"}


def test_the_launcher_is_under_12_kb():
    assert (STATIC / "js/widget.js").stat().st_size < 12_000


def test_the_frames_scripts_are_under_30_kb_on_their_way():
    assert sum(len(gzip.compress(module.read_bytes())) for module in all_modules()) < 30_000
