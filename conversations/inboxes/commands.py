import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from conversations.inboxes.colours import read_colour
from conversations.inboxes.hours import read_hours, read_time_zone
from conversations.inboxes.models import Inbox
from helpdesk.core.refusals import Invalid, NotFound
from helpdesk.core.text import clean_text, one_line
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import give, raise_version, require
from permissions.acts.command import command
from permissions.acts.scope import AccessChanged
from permissions.acts.vocabulary import AGENT_ACTS, Act
from permissions.roles.presets import PRESETS, install_roles


def open_inbox(
    *,
    actor: Agent | None,
    key: str,
    name: str,
    teams: Iterable[Team],
    greeting: str = "",
) -> Inbox:
    """Make an inbox that the teams' members work in; leading roles and auditors see it too."""
    roles = install_roles()
    with command("inbox.open", actor=actor, on=None) as step:
        inbox = Inbox.objects.create(
            key=key, name=name, greeting=greeting, signing_secret=secrets.token_urlsafe(32)
        )
        teams = list(teams)
        inbox.teams.set(teams)
        for team in teams:
            give(AGENT_ACTS, team.group, inbox)
        for key_, preset in PRESETS.items():
            if preset.everywhere:
                give(preset.everywhere, roles[key_].group, inbox)
        step.on = inbox
        step.note(key=key, teams=[team.pk for team in teams])
        concerned = Agent.objects.filter(groups__in=[team.group_id for team in teams])
        concerned |= Agent.objects.filter(groups__role__isnull=False)
        step.tell(AccessChanged(raise_version(concerned.distinct())))
        return inbox


def change_inbox(*, actor: Agent | None, inbox: Inbox, changes: Mapping[str, Any]) -> Inbox:
    """Change how an inbox looks and what its rules are; `CHANGEABLE` names what can be.

    All of it or, if anything is not as it should be, nothing. The system itself is actor None.
    """
    with command("inbox.change", actor=actor, on=inbox) as step:
        found = _locked(actor, inbox)
        if unknown := set(changes) - set(CHANGEABLE):
            raise Invalid(_("There is no such setting."), settings=sorted(unknown))
        after = {name: CHANGEABLE[name](value) for name, value in changes.items()}
        after = {name: value for name, value in after.items() if getattr(found, name) != value}
        if not after:
            step.nothing_changed()
            return found
        step.note(before={name: getattr(found, name) for name in after}, after=after)
        for name, value in after.items():
            setattr(found, name, value)
        found.save(update_fields=list(after))
        return found


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
}
