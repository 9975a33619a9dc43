"""What stands on a team: the floors above name it here, so that nothing is lost with the team.

belongs_to_teams(Belonging("conversations", count=…, pass_on=…))
"""

from collections.abc import Callable
from dataclasses import dataclass

from permissions.accounts.models import Agent, Team
from permissions.acts.command import Step


@dataclass(frozen=True, slots=True)
class Belonging:
    """`sentence` says how many there are; `pass_on` gives all of it to another team, inside of the
    command that removes the first."""

    sentence: Callable[[int], str]
    count: Callable[[Team], int]
    pass_on: Callable[[Step, Agent | None, Team, Team], None]


_kinds: list[Belonging] = []


def belongs_to_teams(kind: Belonging) -> None:
    _kinds.append(kind)


def belongings(team: Team) -> list[str]:
    """What stands on the team, in sentences."""
    counted = [(kind, kind.count(team)) for kind in _kinds]
    return [kind.sentence(count) for kind, count in counted if count]


def pass_on(step: Step, actor: Agent | None, team: Team, heir: Team) -> None:
    for kind in _kinds:
        kind.pass_on(step, actor, team, heir)
