"""The Chinese catalogue: complete, checked, compiled, and in step with the source.

The last needs gettext's tools. Where they are missing it is skipped, but never in CI.
"""

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

import pytest
from django.conf import settings
from django.utils import translation

ROOT = Path(settings.BASE_DIR)
FOLDER = Path("locale", "zh_Hans", "LC_MESSAGES")
# The command of docs/translating.md.
IGNORED = (".venv", "var", "benchmarks", "tests", "node_modules", "static/vendor")
SOURCES = ("helpdesk", "permissions", "conversations", "collaboration", "templates", "static")
PERCENT = re.compile(r"%(?:\((\w+)\))?[sdfr%]")
BEGINNING = re.compile(r'(msgctxt|msgid|msgid_plural|msgstr)(?:\[(\d)\])? (".*")')


@dataclass
class Text:
    """One text of a catalogue: its key, and its translation or translations."""

    parts: dict[str, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.parts.get("msgctxt", ""), self.parts.get("msgid", "")

    @property
    def source(self) -> str:
        return self.parts["msgid"]

    @property
    def translations(self) -> list[str]:
        return [part for name, part in self.parts.items() if name.startswith("msgstr")]


def texts(path: Path) -> Iterator[Text]:
    """What a .po file holds; obsolete texts and its header are left out."""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        text, name = Text(), ""
        for line in block.splitlines():
            if line.startswith("#,"):
                text.fuzzy |= "fuzzy" in line
            elif line.startswith("#"):
                continue
            elif found := BEGINNING.fullmatch(line):
                name = f"{found[1]}[{found[2]}]" if found[2] else found[1]
                text.parts[name] = ast.literal_eval(found[3])
            elif line.startswith('"'):
                text.parts[name] += ast.literal_eval(line)
            else:
                raise AssertionError(f"{path.name} cannot be read: {line}")
        if text.parts.get("msgid"):
            yield text


CATALOGUES = sorted((ROOT / FOLDER).glob("*.po"))


def every_text() -> list[Text]:
    return [text for path in CATALOGUES for text in texts(path)]


def placeholders(text: str) -> set[str]:
    """The names that are filled in, in either spelling."""
    found = {match[1] or match[0] for match in PERCENT.finditer(text) if match[0] != "%%"}
    return found | {name for _, name, *_ in Formatter().parse(text) if name}


def test_there_is_a_catalogue() -> None:
    assert next(path.name for path in CATALOGUES) == "django.po"
    assert len(every_text()) > 100


def test_every_text_is_translated_and_none_is_fuzzy() -> None:
    untranslated = [text.source for text in every_text() if not all(text.translations)]
    fuzzy = [text.source for text in every_text() if text.fuzzy]
    assert (untranslated, fuzzy) == ([], [])


def test_placeholders_and_line_breaks_are_the_same() -> None:
    for text in every_text():
        for translated in text.translations:
            assert placeholders(text.source) == placeholders(translated), text.source
            assert text.source.startswith("\n") == translated.startswith("\n"), text.source
            assert text.source.endswith("\n") == translated.endswith("\n"), text.source


def test_chinese_sentences_have_chinese_punctuation() -> None:
    wrong = re.compile(r"[\u4e00-\u9fff][,:;!?]|[\u4e00-\u9fff]\(")
    assert [part for t in every_text() for part in t.translations if wrong.search(part)] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    found = {key: text for key, text in compiled._catalog.items() if key}  # type: ignore[attr-defined]
    written: dict[object, str] = {}
    for text in texts(path):
        context, source = text.key
        key = f"{context}\x04{source}" if context else source
        if "msgid_plural" in text.parts:
            written |= {(key, form): part for form, part in enumerate(text.translations)}
        else:
            written[key] = text.parts["msgstr"]
    assert found == written


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_the_catalogue_is_in_step_with_the_source(domain: str, tmp_path: Path) -> None:
    if shutil.which("xgettext") is None:
        if os.environ.get("CI"):
            pytest.fail("gettext is missing: apt-get install gettext")
        pytest.skip("gettext is not installed")
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__", "vendor", "*.mo")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "manage.py", tmp_path)
    (tmp_path / "locale").mkdir()
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "-d", domain]
        + [part for name in IGNORED for part in ("-i", name)],
        cwd=tmp_path,
        env=os.environ | {"TANDEM_DATA": str(tmp_path / "var"), "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
        capture_output=True,
    )
    name = FOLDER / f"{domain}.po"
    in_source = (
        {text.key for text in texts(tmp_path / name)} if (tmp_path / name).exists() else set()
    )
    in_catalogue = {text.key for text in texts(ROOT / name)} if (ROOT / name).exists() else set()
    assert sorted(in_source - in_catalogue) == [], "run makemessages: docs/translating.md"
    assert sorted(in_catalogue - in_source) == [], "nothing says this any more"


def test_a_page_speaks_chinese() -> None:
    with translation.override("zh-hans"):
        assert translation.gettext("Unassigned") == "未分配"
        assert translation.gettext("Catching up…") == "正在同步…"
