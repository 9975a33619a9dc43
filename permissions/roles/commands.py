"""Everything that changes roles, and what they may do."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Conflict, Invalid, NotFound
from helpdesk.core.text import clean_text, one_line
from permissions.accounts.models import Agent
from permissions.acts.checks import give_everywhere, raise_version, require_duty, take_everywhere
from permissions.acts.command import command
from permissions.acts.scope import AccessChanged
from permissions.acts.shown import require_unchanged
from permissions.acts.vocabulary import Act, Duty, one_scope
from permissions.approvals.rules import ApprovalRules
from permissions.policies.rules import current
from permissions.roles.bounds import never_above, require_within
from permissions.roles.models import Role
from permissions.roles.presets import duty_permissions

TAKEN = _("There is a role of this name already.")


def state_of(role: Role) -> dict[str, Any]:
    """What may be changed of a role, as a form shows it."""
    return {
        "name": role.group.name,
        "description": role.description,
        "duties": sorted(role.duties),
        "acts": sorted(role.acts),
    }


def create_role(
    *,
    actor: Agent,
    name: str,
    description: str = "",
    duties: Iterable[Duty] = (),
    acts: Iterable[Act] = (),
) -> Role:
    """A new role with rights on every inbox. To copy one, give it the other's duties and acts."""
    try:
        with command("role.create", actor=actor, on=None) as step, never_above(actor):
            require_duty(actor, Duty.ROLES)
            duties, acts = list(duties), one_scope(acts)
            require_within(actor, duties)
            group = Group.objects.create(name=_name(name))
            group.permissions.set(duty_permissions(duties))
            step.on = role = Role.objects.create(
                key=f"{slugify(name)[:36] or 'role'}-{secrets.token_hex(3)}",
                group=group,
                description=_description(description),
                acts=sorted(acts),
            )
            give_everywhere(acts, group)
            step.note(after=state_of(role))
            return role
    except IntegrityError:
        raise Conflict(TAKEN) from None


def change_role(
    *,
    actor: Agent,
    role: Role,
    name: str,
    description: str,
    duties: Iterable[Duty],
    acts: Iterable[Act],
    shown: str | None = None,
) -> Role:
    """Change what a role is and may do, everywhere and at once, on open screens too.

    Rights on single inboxes that were set otherwise stay where this changes nothing. Conflict if
    it is not as it was `shown`.
    """
    try:
        with command("role.change", actor=actor, on=role) as step, never_above(actor):
            require_duty(actor, Duty.ROLES)
            found = _locked(role)
            before = state_of(found)
            require_unchanged(shown, before, of=found)
            wanted, duties = one_scope(acts), set(duties)
            if found.is_admin:  # holds all there is
                wanted, duties = set(map(Act, found.acts)), set(map(Duty, found.duties))
            require_within(actor, set(duties) ^ found.duties)
            found.group.name = _name(name)
            found.group.save(update_fields=["name"])
            found.group.permissions.set(duty_permissions(duties))
            had = set(map(Act, found.acts))
            give_everywhere(wanted - had, found.group)
            take_everywhere(had - wanted, found.group)
            found.description, found.acts = _description(description), sorted(wanted)
            found.save(update_fields=["description", "acts"])
            after = state_of(found)
            if after == before:
                step.nothing_changed()
                return found
            changed = [key for key in after if after[key] != before[key]]
            step.note(
                before={key: before[key] for key in changed},
                after={key: after[key] for key in changed},
            )
            step.tell(AccessChanged(raise_version(found.members)))
            return found
    except IntegrityError:
        raise Conflict(TAKEN) from None


def remove_role(*, actor: Agent, role: Role) -> None:
    """Take a role away that nobody has any more."""
    with command("role.remove", actor=actor, on=role) as step:
        require_duty(actor, Duty.ROLES)
        found = _locked(role)
        if found.is_admin:
            raise Conflict(_("The admin role is always needed."))
        require_within(actor, found.duties)
        if found.members.exists():
            raise Conflict(_("Somebody still has this role."))
        if any(found.key in (rule.role, *rule.by) for rule in current(ApprovalRules).lines()):
            raise Conflict(_("A rule about approvals names this role. Change the rule first."))
        step.note(before=state_of(found))
        group = found.group
        take_everywhere(Act, group)
        found.delete()
        group.delete()


def _locked(role: Role) -> Role:
    """With its group: nobody is given a role while it is changed or taken away."""
    locked = Role.objects.select_for_update(of=("self", "group")).select_related("group")
    found = locked.filter(pk=role.pk).first()
    if found is None:
        raise NotFound
    return found


def _name(value: str) -> str:
    if not (name := one_line(clean_text(value, limit=80), limit=80)):
        raise Invalid(_("A role needs a name."))
    return name


def _description(value: str) -> str:
    return one_line(clean_text(value, limit=200), limit=200)
