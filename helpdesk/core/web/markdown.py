"""Light Markdown for replies and notes, links and line breaks for what customers write.

Rendered by markdown-it-py from a short list of rules, without raw HTML, then cleaned by nh3: two
walls, because one is a mistake away from none. Input is at most a message long.
"""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_plain = MarkdownIt("zero", {"linkify": True, "breaks": True, "maxNesting": 20})
_plain.enable(["newline", "linkify"])
_rich = MarkdownIt("zero", {"linkify": True, "breaks": True, "maxNesting": 20})
_rich.enable(
    [
        *("newline", "linkify", "emphasis", "strikethrough", "backticks", "link", "escape"),
        *("list", "fence", "blockquote"),
    ]
)
_SCHEMES = {"http", "https", "mailto", "tel"}
# A link leads out or nowhere: a relative one would point into our own pages.
_rich.validateLink = _plain.validateLink = (  # type: ignore[method-assign]
    lambda url: url.partition(":")[0].lower() in _SCHEMES
)
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
    attributes={"a": {"href", "target"}, "ol": {"start"}},
    url_schemes=_SCHEMES,
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def render(body: str, *, rich: bool) -> SafeString:
    """Safe HTML of a message. Customers' words stay as typed (`rich` False), links aside."""
    html = (_rich if rich else _plain).render(body)
    return mark_safe(_cleaner.clean(html))  # noqa: S308 cleaned one call before
