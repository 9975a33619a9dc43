"""The product's visual vocabulary on one page, light beside dark: `/styleguide/`."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from permissions.accounts.doors import AgentRequest, agents_only

SECTIONS = (
    ("tokens", _("Colour, type, space"), _("Everything is made of these.")),
    ("text", _("Typography"), _("Chinese, Latin and both together.")),
    ("buttons", _("Buttons"), _("One strong button at a time; the others stay quiet.")),
    ("fields", _("Fields"), _("What one fills in, chooses or switches.")),
    ("people", _("People"), _("One person has one colour; the ring says whether they are there.")),
    ("marks", _("Marks"), _("Small words beside larger ones.")),
    ("menus", _("Menus, popovers, tooltips"), _("What opens beside what was pressed.")),
    ("dialogs", _("Dialogs and toasts"), _("What comes between, and what only passes by.")),
    ("tables", _("Tabs and tables"), _("Rows of facts, and ways between them.")),
    ("talk", _("A conversation"), _("The customer is plain, we are tinted, notes are dashed.")),
    ("states", _("States"), _("Nothing there, not yet there, not reachable, not allowed.")),
)


@agents_only
@require_GET
def styleguide(request: AgentRequest) -> HttpResponse:
    sections = [
        (key, title, sentence, f"demo/styleguide/{key}.html") for key, title, sentence in SECTIONS
    ]
    context = {"sections": sections, "themes": ("light", "dark")}
    return render(request, "demo/styleguide.html", context)
