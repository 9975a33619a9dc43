"""Taking figures out of the house: recorded."""

from collaboration.reports.scope import Scope
from permissions.accounts.models import Agent
from permissions.acts.command import command


def export(*, agent: Agent, report: str, scope: Scope) -> None:
    """Let the agent have a report as a file."""
    with command("report.export", actor=agent, on=None) as step:
        step.note(
            report=report,
            days=scope.days,
            by=scope.by.value,
            inboxes=sorted(scope.in_inboxes),
            team=scope.team,
        )
