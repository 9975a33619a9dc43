import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text, one_line, read_json
from helpdesk.core.web.markdown import render

NAUGHTY = Path(__file__).resolve().parents[3] / "shared" / "data" / "naughty.json"


@given(st.text())
def test_cleaning_is_done_once(text):
    try:
        once = clean_text(text)
    except Invalid:
        return
    assert clean_text(once) == once
    assert "\x00" not in once
    once.encode()


@pytest.mark.parametrize("value", [None, 7, [], {}, b"bytes", True])
def test_only_text_is_text(value):
    with pytest.raises(Invalid):
        clean_text(value)


def test_the_limit_is_in_characters():
    assert clean_text("字" * 10, limit=10)
    with pytest.raises(Invalid):
        clean_text("字" * 11, limit=10)


def test_families_of_emoji_and_scripts_with_joiners_stay():
    for text in ("👩‍👩‍👧", "می‌خواهم", "क्‍ष", "é"):
        assert clean_text(text) == text


@given(st.text(max_size=500), st.integers(2, 50))
def test_one_line_is_one_line(text, limit):
    line = one_line(text, limit=limit)
    assert "\n" not in line
    assert len(line) <= limit


class Tags(HTMLParser):
    """Every tag with its attributes, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


OURS = {"p", "br", "a", "em", "strong", "s", "code", "pre", "ul", "ol", "li", "blockquote"}


def assert_harmless(html: str) -> None:
    for tag, attributes in Tags(html).found:
        assert tag in OURS
        assert set(attributes) <= {"href", "target", "rel", "start"}
        href = attributes.get("href") or ""
        assert not href or href.lower().startswith(("http://", "https://", "mailto:", "tel:"))


@given(st.text(alphabet="<>&\"'()[]*_`~#-!\n :/hjavscriptp.x=1", max_size=300), st.booleans())
def test_no_message_brings_its_own_html(body, rich):
    assert_harmless(render(body, rich=rich))


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("**bold** and *soft*", "<strong>bold</strong>"),
        ("see https://example.com/x?a=1", 'href="https://example.com/x?a=1"'),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("line\nbreak", "<br>"),
        ("`<b>`", "&lt;b&gt;"),
    ],
)
def test_light_markdown(body, shown):
    assert shown in render(body, rich=True)


def test_a_customers_stars_stay_stars():
    assert "**bold**" in render("**bold**", rich=False)


@pytest.mark.skipif(not NAUGHTY.exists(), reason="the hostile strings are not part of the project")
def test_hostile_strings_are_kept_or_refused_and_never_run():
    for raw in json.loads(NAUGHTY.read_text())["strings"]:
        try:
            text = clean_text(raw)
        except Invalid:
            continue
        for rich in (True, False):
            assert_harmless(render(text, rich=rich))


# --- JSON somebody sent --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (rb'{"a\u0000": ["\ud800x", {"b": "\u0000"}]}', {"a": ["x", {"b": ""}]}),
        (rb'["\ud83d\ude00", 1.5, null]', ["\U0001f600", 1.5, None]),
    ],
)
def test_what_came_can_be_stored(raw, value):
    assert read_json(raw) == value


@pytest.mark.parametrize("raw", [b"NaN", b"[-Infinity]", b"1e999", b"[" * 100_000, b"\xff", b""])
def test_what_is_no_json_is_refused(raw):
    with pytest.raises(ValueError):  # noqa: PT011  (which of them is Python's affair)
        read_json(raw)
