"""Which operations need an approval: an administrator's rules, the first that fits counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Duty
from permissions.policies.rules import current, rules
from permissions.roles.models import Role

SHORTEST, LONGEST = 1, 7 * 24 * 60  # minutes
Names = Sequence[str] | Callable[[], Sequence[str]]


@dataclass(frozen=True)
class Rule:
    """One line of the table. An empty role, tag or issue type means any; `by` narrows the
    approvers of an inbox to these roles."""

    operation: str
    role: str = ""
    tag: str = ""
    issue_type: str = ""
    by: tuple[str, ...] = ()
    minutes: int = 60

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", tuple(self.by))  # JSON knows lists only


_PARTS = frozenset(field.name for field in fields(Rule))


@rules("approvals", Duty.SETTINGS)
@dataclass(frozen=True)
class ApprovalRules:
    """What needs a colleague's approval first; nothing until an administrator says so."""

    rules: tuple[dict[str, Any], ...] = ()

    def lines(self) -> list[Rule]:
        """The rules in their order; one that this release does not understand is left out."""
        return [
            Rule(**{key: line[key] for key in _PARTS & line.keys()})
            for line in self.rules
            if isinstance(line, dict) and "operation" in line
        ]


def needed(
    operation: str,
    *,
    agent: Agent,
    tags: Names = (),
    issue_type: str | Sequence[str] = "",
    rules: ApprovalRules | None = None,
) -> Rule | None:
    """The rule that wants an approval for this operation of this agent here, if one does.

    One short statement while no rule is about the operation, none if the `rules` as they are now
    were read already. Tags may be a function: they are asked for only if a rule is about tags. Of
    several issue types any may be the one.
    """
    types = {"", issue_type} if isinstance(issue_type, str) else {"", *issue_type}
    lines = (rules or current(ApprovalRules)).lines()
    about = [rule for rule in lines if rule.operation == operation]
    if not about:
        return None
    mine = roles_of(agent) if any(rule.role for rule in about) else frozenset()
    known: Sequence[str] | None = None
    for rule in about:
        if (rule.role and rule.role not in mine) or rule.issue_type not in types:
            continue
        if rule.tag:
            known = (tags() if callable(tags) else tags) if known is None else known
            if rule.tag not in known:
                continue
        return rule
    return None


def roles_of(agent: Agent) -> frozenset[str]:
    """The keys of the agent's roles as they are now."""
    return frozenset(Role.objects.filter(group__user=agent.pk).values_list("key", flat=True))
