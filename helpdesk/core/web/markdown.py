"""Light Markdown for replies and notes, links and line breaks for what customers write.

Rendered by markdown-it-py from a short list of rules, without raw HTML, then cleaned by nh3: two
walls, because one is a mistake away from none. Input is at most a message long, and no text is
lost to its marks: what they would hide is shown as it was typed.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

_SCHEMES = {"http", "https", "mailto", "tel"}
_DEEPEST = 20  # quotes and lists in each other
_KEPT = 500  # drawn messages that are kept: the conversations that are open now
_EAST_ASIAN = re.compile(
    r"[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe6f\uff00-\uffef"
    r"\U00020000-\U0003ffff]"
)
_MOST_LINKS = 100  # in a paragraph; whoever looks for them reads all of it for each "//"
# Chinese puts no space behind an address: its punctuation ends one.
_ENDS_A_LINK = str.maketrans(dict.fromkeys("，。；：！？、…（）【】《》「」『』“”‘’", " "))


class _Links(LinkifyIt):
    """Bare links, where there are not so many that to look for them takes seconds."""

    def match(self, text: str):  # type: ignore[no-untyped-def]
        if _has_too_many(text):
            return None
        return super().match(text.translate(_ENDS_A_LINK))

    def match_at_start(self, text: str):  # type: ignore[no-untyped-def]
        return super().match_at_start(text.translate(_ENDS_A_LINK))


def _has_too_many(text: str) -> bool:
    return text.count("//") > _MOST_LINKS


class _State(StateInline):
    """Where stars and tildes begin and end something: as people expect, not as CommonMark says."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        found = super().scanDelims(start, canSplitWord)
        if not canSplitWord:  # underscores
            return found
        end = start + found.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if self.src[start] == "*" and _is_sign(before, found.length, after):
            return Scanned(False, False, found.length)
        begins, ends = found.can_open, found.can_close
        if _EAST_ASIAN.match(before) or _EAST_ASIAN.match(after):
            begins, ends = not after.isspace(), not before.isspace()
        if self.src[start] == "~" and before.isalnum():
            begins = False  # 好的~~ is a tone of voice
        return Scanned(begins, ends, found.length)


def _is_sign(before: str, length: int, after: str) -> bool:
    """Whether stars stand for themselves: 20*30 cm, and the masked number 138****8000."""
    return length > 3 or all(side.isascii() and side.isalnum() for side in (before, after))


class _Inline(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        state.linkLevel = int(_has_too_many(src))  # as if within a link, where none is looked for
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _parser(*rules: str) -> MarkdownIt:
    parser = MarkdownIt("zero")
    parser.inline, parser.linkify = _Inline(), _Links()
    options = {"linkify": True, "breaks": True, "maxNesting": _DEEPEST}
    parser.configure("zero", options_update=options).enable(["newline", "linkify", *rules])
    # A link leads out or nowhere: a relative one would point into our own pages.
    parser.validateLink = (  # type: ignore[method-assign]
        lambda url: url.partition(":")[0].lower() in _SCHEMES
    )
    return parser


def _heading(
    self: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    """A line in bold: a message is no page."""
    return "<p><strong>" if tokens[at].nesting == 1 else "</strong></p>\n"


def _fence(
    self: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    """What stands beside the opening marks is the language, or else a line of the code."""
    first, rest = tokens[at].info.strip(), tokens[at].content
    text = rest if rest and " " not in first else f"{first}\n{rest}"
    return f"<pre><code>{escape(text)}</code></pre>\n"


_plain = _parser()
_rich = _parser(
    *("emphasis", "strikethrough", "backticks", "link", "escape"),
    *("list", "fence", "blockquote", "heading"),
)
_rich.add_render_rule("heading_open", _heading)
_rich.add_render_rule("heading_close", _heading)
_rich.add_render_rule("fence", _fence)
_TAGS = {
    "p",
    "br",
    "a",
    "em",
    "strong",
    "s",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "blockquote",
}
_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes={"*": set(), "a": {"href", "target"}, "ol": {"start"}},
    url_schemes=_SCHEMES,
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)
_NOTHING_SEEN = re.compile(r"(?:<[^>]*>|\s)*")


@lru_cache(_KEPT)
def render(body: str, *, rich: bool) -> SafeString:
    """Safe HTML of a message. Customers' words stay as typed (`rich` False), links aside."""
    html = _with_marks(body) if rich else _plain.render(body)
    return mark_safe(_cleaner.clean(html))  # noqa: S308 cleaned one call before


def _with_marks(body: str) -> str:
    env: EnvType = {}
    tokens = _rich.parse(body, env)
    if any(token.level >= _DEEPEST - 1 for token in tokens):  # deeper ones were dropped
        return _plain.render(body)
    html = _rich.renderer.render(tokens, _rich.options, env)
    return _plain.render(body) if _NOTHING_SEEN.fullmatch(html) else html
