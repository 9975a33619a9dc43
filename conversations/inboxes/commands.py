import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import TextChoices
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.inboxes.colours import read_colour
from conversations.inboxes.events import InboxChanged
from conversations.inboxes.hours import read_hours, read_time_zone
from conversations.inboxes.models import MOST_KEY, Inbox
from conversations.modes.floor import MOST, Joining, Mode, Shown
from helpdesk.core.refusals import Conflict, Invalid, NotFound
from helpdesk.core.text import clean_text, one_line
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import give, raise_version, require, require_duty, take
from permissions.acts.command import Step, command
from permissions.acts.scope import AccessChanged
from permissions.acts.vocabulary import TEAM_ACTS, Act, Duty
from permissions.roles.models import Role
from permissions.roles.presets import install_roles


def open_inbox(
    *,
    actor: Agent | None,
    key: str,
    name: str,
    teams: Iterable[Team],
    greeting: str = "",
) -> Inbox:
    """Make an inbox that the teams' members work in; leading roles and auditors see it too.

    It gives rights, so it takes the duty to do so. Raises Invalid for a key that is taken or is
    none.
    """
    install_roles()
    with command("inbox.open", actor=actor, on=None) as step:
        if actor is not None:
            require_duty(actor, Duty.ROLES)
        teams = list(teams)
        if not teams:
            raise Invalid(_("An inbox needs a team that works in it."))
        inbox = _new_inbox(key, CHANGEABLE["name"](name), greeting)
        inbox.teams.set(teams)
        for team in teams:
            give(TEAM_ACTS, team.group, inbox)
        for role in Role.objects.select_related("group"):
            give(map(Act, role.acts), role.group, inbox)
        step.on = inbox
        step.note(key=key, teams=[team.pk for team in teams])
        concerned = Agent.objects.filter(groups__in=[team.group_id for team in teams])
        concerned |= Agent.objects.filter(groups__role__isnull=False)
        step.tell(AccessChanged(raise_version(concerned.distinct())))
        return inbox


def _new_inbox(key: str, name: str, greeting: str) -> Inbox:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) or len(key) > MOST_KEY:
        raise Invalid(_("A key has small letters, digits and single hyphens only."))
    try:
        with transaction.atomic():
            return Inbox.objects.create(
                key=key, name=name, greeting=greeting, signing_secret=secrets.token_urlsafe(32)
            )
    except IntegrityError:
        raise Invalid(_("Another inbox has this key already.")) from None


def change_inbox(
    *,
    actor: Agent | None,
    inbox: Inbox,
    changes: Mapping[str, Any],
    teams: Iterable[Team] | None = None,
    version: int | None = None,
) -> Inbox:
    """Change how an inbox looks and what its rules are; `CHANGEABLE` names what can be.

    All of it or, if anything is not as it should be, nothing. Conflict if somebody changed it
    since `version` was shown. The system itself is actor None.
    """
    with command("inbox.change", actor=actor, on=inbox) as step:
        found = _locked(actor, inbox)
        if version is not None and version != found.version:
            who = found.changed_by or _("Somebody")
            raise Conflict(
                _("%(name)s changed this meanwhile. Look at it again, then save.")
                % {"name": str(who)}
            )
        if unknown := set(changes) - set(CHANGEABLE):
            raise Invalid(_("There is no such setting."), settings=sorted(unknown))
        after = {name: CHANGEABLE[name](value) for name, value in changes.items()}
        after = {name: value for name, value in after.items() if getattr(found, name) != value}
        before = {name: getattr(found, name) for name in after}
        moved = teams is not None and _set_teams(step, actor, found, set(teams))
        if not after and not moved:
            step.nothing_changed()
            return found
        step.note(before=before, after=after)
        for name, value in after.items():
            setattr(found, name, value)
        found.version += 1
        found.changed_by, found.changed_at = actor, Now()
        found.save(update_fields=[*after, "version", "changed_by", "changed_at"])
        found.refresh_from_db(fields=["changed_at"])
        step.tell(InboxChanged(inbox_id=found.pk))
        return found


def _set_teams(step: Step, actor: Agent | None, inbox: Inbox, teams: set[Team]) -> bool:
    """Let these teams' members, and no other team's, work in the inbox. Whether any changed.

    It gives rights, so it takes the duty to do so.
    """
    before = set(inbox.teams.all())
    if not teams:
        raise Invalid(_("An inbox needs a team that works in it."))
    if teams == before:
        return False
    if actor is not None:
        require_duty(actor, Duty.ROLES)
    inbox.teams.set(teams)
    for team in teams - before:
        give(TEAM_ACTS, team.group, inbox)
    for team in before - teams:
        take(Act, team.group, inbox)
    changed = [team.group_id for team in teams ^ before]
    concerned = Agent.objects.filter(groups__in=changed).distinct()
    step.note(
        teams={"before": sorted(one.pk for one in before), "after": sorted(one.pk for one in teams)}
    )
    step.tell(AccessChanged(raise_version(concerned)))
    return True


def renew_signing_secret(*, actor: Agent | None, inbox: Inbox) -> str:
    """A new secret for the site's server; what was signed with the old one is refused from now."""
    with command("inbox.renew_signing_secret", actor=actor, on=inbox):
        found = _locked(actor, inbox)
        found.signing_secret = secrets.token_urlsafe(32)
        found.save(update_fields=["signing_secret"])
        return found.signing_secret


def _locked(actor: Agent | None, inbox: Inbox) -> Inbox:
    if actor is not None:
        if not Inbox.objects.visible_to(actor).filter(pk=inbox.pk).exists():
            raise NotFound
        require(actor, Act.CONFIGURE, inbox)
    return Inbox.objects.select_for_update(no_key=True).get(pk=inbox.pk)


def _line(limit: int) -> Callable[[Any], str]:
    return lambda value: one_line(clean_text(value, limit=limit), limit=limit)


def _text(limit: int) -> Callable[[Any], str]:
    return lambda value: clean_text(value, limit=limit).strip()


def _name(value: Any) -> str:
    if not (name := _line(80)(value)):
        raise Invalid(_("An inbox needs a name."))
    return name


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid(_("Yes or no is expected here."))
    return value


def _position(value: Any) -> str:
    if value not in Inbox.Position.values:
        raise Invalid(_("The button stands on the left or on the right."))
    return str(value)


def _one_of(choices: type[TextChoices]) -> Callable[[Any], str]:
    """One of these, or '' for what holds where the inbox says nothing."""

    def read(value: Any) -> str:
        if value not in ("", *choices.values):
            raise Invalid(_("This cannot be chosen here."))
        return str(value)

    return read


def _groups(value: Any) -> list[int]:
    """Ids of the groups of teams and roles, in order."""
    known = Group.objects.exclude(team=None, role=None).filter(pk__in=value)
    found = sorted(known.values_list("pk", flat=True))
    if found != sorted(set(value)):
        raise Invalid(_("There is no such team or role."))
    return found


def _most(value: Any) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= MOST):
        return value
    raise Invalid(_("At most %(most)s can be asked for.") % {"most": MOST})


def read_sites(value: Any) -> list[str]:
    """Addresses like https://shop.example, whose pages may show the chat. Raises Invalid."""
    if not isinstance(value, list) or len(value) > MOST_SITES:
        raise Invalid(_("At most %(most)s sites can be named.") % {"most": MOST_SITES})
    if not all(isinstance(site, str) and SITE.fullmatch(site) for site in value):
        raise Invalid(_("A site is written like https://shop.example, one on each line."))
    return list(dict.fromkeys(value))


MOST_SITES = 50
SITE = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")
CHANGEABLE: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "greeting": _text(300),
    "colour": read_colour,
    "position": _position,
    "greets_visitors": _flag,
    "shows_typing": _flag,
    "time_zone": read_time_zone,
    "opening_hours": read_hours,
    "away_text": _text(300),
    "sites": read_sites,
    "is_active": _flag,
    "mode": _one_of(Mode),
    "joining": _one_of(Joining),
    "joining_groups": _groups,
    "most_participants": _most,
    "shown_as": _one_of(Shown),
    "team_name": _line(80),
}
