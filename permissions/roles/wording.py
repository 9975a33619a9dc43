"""What administrators did, in sentences: the history at the foot of the pages of rights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.core.templatetags.parts import pair
from permissions.accounts.models import Agent, Team
from permissions.acts.shown import history
from permissions.acts.vocabulary import Act, Duty
from permissions.audit.models import AuditRecord
from permissions.roles.models import Role

SHOWN = 8

DONE: Mapping[str, str | Promise] = {
    "agent.invite": gettext_lazy("invited"),
    "agent.change": gettext_lazy("changed"),
    "agent.deactivate": gettext_lazy("deactivated"),
    "agent.reactivate": gettext_lazy("reactivated"),
    "agent.password_link": gettext_lazy("made a link for a new password"),
    "team.create": gettext_lazy("made the team"),
    "team.change": gettext_lazy("changed"),
    "team.join": gettext_lazy("added a member"),
    "team.leave": gettext_lazy("removed a member"),
    "role.create": gettext_lazy("made the role"),
    "role.change": gettext_lazy("changed"),
    "inbox.rights": gettext_lazy("changed the rights"),
    "inbox.open": gettext_lazy("opened the inbox"),
}
FIELDS: Mapping[str, str | Promise] = {
    "name": gettext_lazy("Name"),
    "public_name": gettext_lazy("Name shown to customers"),
    "description": gettext_lazy("Description"),
    "roles": gettext_lazy("Roles"),
    "teams": gettext_lazy("Teams"),
    "members": gettext_lazy("Members"),
    "acts": gettext_lazy("Rights"),
    "duties": gettext_lazy("Duties"),
}


@dataclass(frozen=True)
class Told:
    """One line of a history: who did what when, and what became different by it."""

    who: str
    what: str | Promise
    at: Any
    changes: list[str]


def told(of: Any) -> list[Told]:
    """The latest changes of a role, team, agent or inbox's rights."""
    found: list[AuditRecord] = list(history(of).filter(verb__in=DONE)[:SHOWN])
    names = _Names(found)
    return [
        Told(one.actor_name or _("Tandem"), DONE[one.verb], one.at, names.changes(one.detail))
        for one in found
    ]


def removed(verb: str) -> list[Told]:
    """The teams or roles that were removed last: they have no page any more that tells of it."""
    found = AuditRecord.objects.filter(verb=verb).order_by("-pk")[:SHOWN]
    return [
        Told(
            one.actor_name or _("Tandem"),
            _("removed %(name)s") % {"name": shown_group(one.detail["before"]["name"])},
            one.at,
            [],
        )
        for one in found
    ]


class _Names:
    """The names behind the ids that the records keep, read once for all of them."""

    def __init__(self, records: list[AuditRecord]) -> None:
        ids: dict[str, set[int]] = {"roles": set(), "teams": set(), "members": set()}
        for record in records:
            for side in (record.detail.get("before"), record.detail.get("after")):
                for key, known in ids.items() if isinstance(side, dict) else ():
                    known.update(side.get(key, ()))
        self.names: dict[str, dict[Any, str]] = {
            "roles": {
                role.pk: role.shown_name
                for role in Role.objects.filter(pk__in=ids["roles"]).select_related("group")
            },
            "teams": dict(Team.objects.filter(pk__in=ids["teams"]).values_list("pk", "name")),
            "members": dict(Agent.objects.filter(pk__in=ids["members"]).values_list("pk", "name")),
            "acts": {act.value: str(act.label) for act in Act},
            "duties": {duty.value: str(duty.label) for duty in Duty},
        }

    def changes(self, detail: Mapping[str, Any]) -> list[str]:
        before, after = detail.get("before"), detail.get("after")
        if isinstance(before, dict) and isinstance(after, dict):
            keys = [key for key in after if key in FIELDS and after[key] != before.get(key)]
            return [self._change(key, before.get(key), after[key]) for key in keys]
        return [self._rights(one) for one in detail.get("changes", ())]

    def _change(self, key: str, before: Any, after: Any) -> str:
        if key in self.names:
            return pair(FIELDS[key], self._difference(key, before or (), after))
        return pair(FIELDS[key], f"{before or '–'} → {after or '–'}")

    def _rights(self, change: Mapping[str, Any]) -> str:
        return pair(
            shown_group(change["group"]),
            self._difference("acts", change["taken"], change["given"]),
        )

    def _difference(self, key: str, before: Any, after: Any) -> str:
        names = self.names[key]
        added = [f"+ {names.get(one, one)}" for one in after if one not in before]
        gone = [f"− {names.get(one, one)}" for one in before if one not in after]
        return " · ".join(added + gone)


def shown_group(name: str) -> str:
    """A team's or role's name, as people call it."""
    return name.removeprefix("team: ") if name.startswith("team: ") else _(name)
