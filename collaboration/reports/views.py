"""The reports: pages for whoever may see them on any inbox, and their figures as a file."""

import csv
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from collaboration.reports import commands
from collaboration.reports.charts import Series, by_day
from collaboration.reports.queries import Key, working_together
from collaboration.reports.scope import DAYS, By, Scope, read_scope
from conversations.collisions.models import Collision
from helpdesk.core.text import for_spreadsheets
from permissions.accounts.doors import AgentRequest, agents_only

REPLIES = [
    Series("alone", gettext_lazy("Written by one")),
    Series("together", gettext_lazy("Written by several")),
]
COLLISIONS = [
    Series("changed", gettext_lazy("Held, then changed")),
    Series("unchanged", gettext_lazy("Held, then sent as it was")),
    Series("left", gettext_lazy("Held and not sent")),
    Series("at_once", gettext_lazy("Sent by a colleague at that moment")),
]
OTHERS = [
    Series("used", gettext_lazy("Suggestions used")),
    Series("declined", gettext_lazy("Suggestions declined")),
]


@agents_only
@require_GET
def together(request: AgentRequest) -> HttpResponse:
    """How the team writes together, and what the send guard prevented."""
    scope = read_scope(request.user, request.GET)
    report = working_together(scope)
    causes = Collision.Cause
    context: dict[str, Any] = {
        "scope": scope,
        "report": report,
        "rows": [(_label(scope, key), tally) for key, tally in report.rows],
        "days": [(days, scope.address(days=days)) for days in DAYS],
        "groups": [(by, scope.address(by=by.value)) for by in By],
        "causes": [(cause.label, report.causes.get(cause, 0)) for cause in causes],
    }
    if scope.by == By.DAY:
        context["charts"] = {
            "collisions": by_day(report, COLLISIONS),
            "replies": by_day(report, REPLIES),
        }
    return render(request, "collaboration/reports/together.html", context)


@agents_only
@require_POST
def export_together(request: AgentRequest) -> HttpResponse:
    """The same figures for a spreadsheet."""
    scope = read_scope(request.user, request.POST)
    commands.export(agent=request.user, report="working together", scope=scope)
    report = working_together(scope)
    name = f"working-together-{scope.today.isoformat()}.csv"
    answer = HttpResponse(
        "\ufeff",  # without it spreadsheets take Chinese for something else
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    series = [Series("replies", _("Replies sent")), REPLIES[1], *COLLISIONS, *OTHERS]
    table = csv.writer(answer)
    table.writerow([scope.row_name, *(str(one.label) for one in series)])
    for key, tally in report.rows:
        first = for_spreadsheets(_label(scope, key))
        table.writerow([first, *(getattr(tally, one.name) for one in series)])
    return answer


def _label(scope: Scope, key: Key) -> Any:
    """A day as it is; an inbox or a team by its name."""
    if scope.by == By.DAY or not isinstance(key, int):
        return key
    return (scope.inboxes if scope.by == By.INBOX else scope.teams)[key]
