"""The frame's scripts: all named for preloading, and small."""

import gzip
import re
from pathlib import Path

from helpdesk.core.web.static import without_comments

PARSES = """source => {
  try {
    new Function(`async () => {${source}}`);
    return "fine";
  } catch (error) {
    return String(error);
  }
}"""
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


def test_all_our_scripts_are_under_30_kb_on_their_way():
    scripts = [STATIC / "js/widget.js", *all_modules()]
    sent = [without_comments(script.read_text()).encode() for script in scripts]
    assert sum(len(gzip.compress(script)) for script in sent) < 30_000


def test_without_comments_every_script_is_still_a_program(person):
    page = person().page  # an empty one, whose policy lets us try
    for script in [STATIC / "js/widget.js", *all_modules()]:
        source = script.read_text()
        shorter = without_comments(source)
        assert len(shorter) < len(source)
        body = re.sub(r"^(import .*?;|export )", "", shorter, flags=re.M | re.S)
        assert page.evaluate(PARSES, body) == "fine", script


def test_what_only_looks_like_a_comment_stays():
    script = """/* one
   two */
const a = "; // kept"; // gone
  // gone
const b = "x"; // isn't worth the risk

const css = `; // kept
  /* kept */
  // kept
`;
const c = /; \\/\\/ x/;
"""
    assert (
        without_comments(script)
        == """const a = "; // kept";
const b = "x"; // isn't worth the risk
const css = `; // kept
  /* kept */
  // kept
`;
const c = /; \\/\\/ x/;
"""
    )
