"""Small parts every page is made of."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite; decoration only, so hidden from screen readers."""
    return format_html(
        '<svg class="icon-svg {}" aria-hidden="true" focusable="false"><use href="{}#i-{}"/></svg>',
        extra,
        static("icons.svg"),
        name,
    )


@register.filter
def initial(name: object) -> str:
    """What an avatar shows of a name: its first letter or character."""
    text = str(name or "").strip()
    return text[:1].upper() if text else "?"
