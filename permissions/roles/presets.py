"""The roles an installation begins with. Names and descriptions are translated when shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_noop as _

from permissions.acts.command import command
from permissions.acts.vocabulary import (
    ADMIN_ACTS,
    ADMIN_DUTIES,
    AGENT_ACTS,
    AUDITOR_ACTS,
    AUDITOR_DUTIES,
    LEADING_ACTS,
    LEADING_DUTIES,
    SENIOR_ACTS,
    Act,
    Duty,
)
from permissions.roles.models import Role


@dataclass(frozen=True)
class Preset:
    name: str
    description: str
    # Rights on every inbox. Where nothing shows the inbox to its holder (the role's own VIEW, or a
    # team), they count for nothing.
    everywhere: frozenset[Act] = frozenset()
    duties: frozenset[Duty] = frozenset()


PRESETS: Mapping[str, Preset] = {
    "admin": Preset(
        _("Admin"), _("Sets Tandem up and sees every inbox."), ADMIN_ACTS, ADMIN_DUTIES
    ),
    "supervisor": Preset(
        _("Supervisor"), _("Leads the teams and sees every inbox."), LEADING_ACTS, LEADING_DUTIES
    ),
    "senior": Preset(_("Senior agent"), _("Answers customers and guides colleagues."), SENIOR_ACTS),
    "agent": Preset(_("Agent"), _("Answers customers of the team's inboxes."), AGENT_ACTS),
    "trainee": Preset(_("Trainee"), _("Learns the work in the team's inboxes.")),
    "auditor": Preset(
        _("Auditor"), _("Reads everything, changes nothing."), AUDITOR_ACTS, AUDITOR_DUTIES
    ),
}


def install_roles() -> dict[str, Role]:
    """The preset roles by key; made where they are missing."""
    roles = {role.key: role for role in Role.objects.select_related("group")}
    for key, preset in PRESETS.items():
        if key not in roles:
            with command("role.create", actor=None, on=None) as step:
                group = Group.objects.create(name=preset.name)
                group.permissions.set(duty_permissions(preset.duties))
                roles[key] = Role.objects.create(
                    key=key,
                    group=group,
                    description=preset.description,
                    acts=sorted(preset.everywhere),
                )
                step.on = roles[key]
    return roles


def duty_permissions(duties: Iterable[Duty]) -> list[Permission]:
    kind = ContentType.objects.get_for_model(Role)
    return [
        Permission.objects.get_or_create(
            content_type=kind, codename=duty.value, defaults={"name": duty.name}
        )[0]
        for duty in duties
    ]
