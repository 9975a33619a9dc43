"""Who may do what in an inbox: set for a role or a team, and read as one matrix."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from conversations.inboxes.models import Inbox, InboxGroupRight
from helpdesk.core.refusals import Conflict, NotFound
from permissions.accounts.models import Agent
from permissions.acts.checks import give, raise_version, require_duty, take
from permissions.acts.command import command
from permissions.acts.scope import AccessChanged
from permissions.acts.shown import require_unchanged
from permissions.acts.vocabulary import Act, Duty, one_scope
from permissions.roles.bounds import never_above
from permissions.roles.models import ADMIN
from permissions.roles.wording import shown_group


def rights_on(inbox: Inbox) -> dict[int, set[str]]:
    """The acts of each role's and team's group in the inbox."""
    found: dict[int, set[str]] = {}
    rows = InboxGroupRight.objects.filter(content_object=inbox)
    for group, act in rows.values_list("group", "permission__codename"):
        found.setdefault(group, set()).add(act)
    return found


@dataclass(frozen=True, slots=True)
class Reach:
    """In how many inboxes a role or a team may do each of some acts."""

    name: str
    is_team: bool
    inboxes: list[int]


def how_far(acts: Sequence[Act]) -> list[Reach]:
    """Roles, then teams: where each may do these acts. Two queries."""
    rows = InboxGroupRight.objects.filter(permission__codename__in=[act.value for act in acts])
    count = rows.values_list("group", "permission__codename").annotate(Count("content_object"))
    found = {(group, act): many for group, act, many in count}
    return [
        Reach(
            shown_group(group.name),
            not hasattr(group, "role"),
            [found.get((group.pk, act.value), 0) for act in acts],
        )
        for group in holders()
    ]


def holders() -> list[Group]:
    """Roles first, then teams."""
    found = Group.objects.filter(Q(role__isnull=False) | Q(team__isnull=False))
    rows = found.select_related("role", "team").order_by("role__pk", "team__name")
    return sorted(rows, key=lambda group: not hasattr(group, "role"))


def state_of(inbox: Inbox) -> list[Any]:
    """What a form of the inbox's rights shows."""
    return [[group, sorted(acts)] for group, acts in sorted(rights_on(inbox).items())]


def set_rights(
    *,
    actor: Agent,
    inbox: Inbox,
    rights: Mapping[Group, Iterable[Act]],
    shown: str | None = None,
) -> Inbox:
    """Say what these roles and teams may do in the inbox, at once and on open screens too.

    Conflict if the rights are not as they were `shown`. Those of admins stay as they are.
    """
    with command("inbox.rights", actor=actor, on=inbox) as step, never_above(actor):
        require_duty(actor, Duty.ROLES)
        found = Inbox.objects.select_for_update(no_key=True).filter(pk=inbox.pk).first()
        if found is None:
            raise NotFound
        require_unchanged(shown, state_of(found), of=found)
        held, changes = rights_on(found), []
        for group, acts in rights.items():
            before = {Act(act) for act in held.get(group.pk, ()) if act in Act.values}
            after = one_scope(map(Act, acts))
            if after == before:
                continue
            if getattr(group, "role", None) and group.role.key == ADMIN:
                raise Conflict(_("Admins may always do everything."))
            give(after - before, group, found)
            take(before - after, group, found)
            changes.append(
                {
                    "group": group.name,
                    "given": sorted(after - before),
                    "taken": sorted(before - after),
                }
            )
        if not changes:
            step.nothing_changed()
            return found
        step.note(changes=changes)
        step.tell(
            AccessChanged(raise_version(Agent.objects.filter(groups__in=list(rights)).distinct()))
        )
        return found
