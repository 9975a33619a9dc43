"""Small parts every page is made of."""

from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from helpdesk.core.web.modules import imported_by
from helpdesk.core.web.settings_pages import pages_for

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
def settings_pages(context: Context) -> list[tuple[object, list[dict[str, Any]]]]:
    """The settings pages of whoever looks, by section, with `here` on the one they are on."""
    request = context["request"]
    sections: list[tuple[object, list[dict[str, Any]]]] = [
        (section, [{"page": page, "address": reverse(page.url_name)} for page in pages])
        for section, pages in pages_for(request.user)
    ]
    links = [link for _section, found in sections for link in found]
    # A page below another one's address belongs to it.
    on = [link for link in links if request.path.startswith(str(link["address"]))]
    for link in sorted(on, key=lambda link: len(str(link["address"])))[-1:]:
        link["here"] = True
    return sections


@register.filter
def moment(at: datetime) -> SafeString:
    """When something was, with its day; the screen shows it in its reader's own zone."""
    return format_html(
        '<time datetime="{}" data-show="moment">{}</time>',
        at.isoformat(),
        date_format(localtime(at), "SHORT_DATETIME_FORMAT"),
    )


@register.filter
def pair(name: object, value: object) -> str:
    """“Priority: high”, with the colon of the language."""
    return _("%(name)s: %(value)s") % {"name": name, "value": value}


@register.filter
def initial(name: object) -> str:
    """What an avatar shows of a name: its first letter or character."""
    text = str(name or "").strip()
    return text[:1].upper() if text else "?"
