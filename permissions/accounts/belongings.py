"""What stands on a team or an agent: the floors above name it here, so that nothing is lost.

belongs_to_teams(Belonging("conversations", count=…, pass_on=…))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from permissions.accounts.models import Agent, Team
from permissions.acts.command import Step

Of = TypeVar("Of", Team, Agent)
To = TypeVar("To")


@dataclass(frozen=True, slots=True)
class Belonging(Generic[Of, To]):
    """`sentence` says how many there are; `pass_on` gives all of it to the heir, inside of the
    command that removes the team or ends the agent's access."""

    sentence: Callable[[int], str]
    count: Callable[[Of], int]
    pass_on: Callable[[Step, Agent | None, Of, To], None]


_kinds: dict[type, list[Belonging[Any, Any]]] = {Team: [], Agent: []}


def belongs_to_teams(kind: Belonging[Team, Team]) -> None:
    _kinds[Team].append(kind)


def belongs_to_agents(kind: Belonging[Agent, Agent | Team | None]) -> None:
    """What goes to nobody waits for somebody to take it."""
    _kinds[Agent].append(kind)


def belongings(of: Team | Agent) -> list[str]:
    """What stands on them, in sentences."""
    counted = [(kind, kind.count(of)) for kind in _kinds[type(of)]]
    return [kind.sentence(count) for kind, count in counted if count]


def pass_on(step: Step, actor: Agent | None, of: Team | Agent, heir: Team | Agent | None) -> None:
    for kind in _kinds[type(of)]:
        kind.pass_on(step, actor, of, heir)
