"""Small parts every page is made of."""

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from helpdesk.core.web.modules import imported_by
from helpdesk.core.web.settings_pages import SettingsPage, pages_for

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


@register.simple_tag
def module(script: str) -> SafeString:
    """A script of ours, and early word of all the modules that it imports."""
    preloads = format_html_join(
        "\n",
        '<link rel="modulepreload" href="{}">',
        ((static(name),) for name in imported_by(script)),
    )
    return format_html('{}\n<script type="module" src="{}"></script>', preloads, static(script))


@register.simple_tag(takes_context=True)
def settings_pages(context: Context) -> list[tuple[object, list[SettingsPage]]]:
    """The settings pages of whoever looks, by section."""
    return list(pages_for(context["request"].user))


@register.filter
def initial(name: object) -> str:
    """What an avatar shows of a name: its first letter or character."""
    text = str(name or "").strip()
    return text[:1].upper() if text else "?"
