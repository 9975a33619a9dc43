"""The settings: each feature names its pages here, and a person finds those they may use.

register(SettingsPage("canned:index", _("Canned replies"), PERSONAL, icon="bolt"))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

PERSONAL = pgettext_lazy("settings", "You")
TEAMWORK = _("Working together")
CUSTOMERS = _("Customers")
PEOPLE = _("People and rights")
SAFETY = _("Safety")
SECTIONS = (PERSONAL, TEAMWORK, CUSTOMERS, PEOPLE, SAFETY)


def _everybody(agent: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class SettingsPage:
    url_name: str
    title: str | Promise
    section: str | Promise
    icon: str = "settings"
    allowed: Callable[[Any], bool] = _everybody


_pages: list[SettingsPage] = []


def register(page: SettingsPage) -> None:
    """Called once for each page, when its app is ready."""
    if all(known.url_name != page.url_name for known in _pages):
        _pages.append(page)


def pages_for(agent: Any) -> list[tuple[str | Promise, list[SettingsPage]]]:
    """The pages this agent may use, by section; sections without any are left out."""
    may = [page for page in _pages if page.allowed(agent)]
    found = [(name, [page for page in may if page.section is name]) for name in SECTIONS]
    return [(name, pages) for name, pages in found if pages]
