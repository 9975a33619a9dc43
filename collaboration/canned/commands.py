"""Everything that changes canned replies."""

from dataclasses import dataclass

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from collaboration.canned.models import CannedReply, leads_everyone, led_teams
from helpdesk.core.refusals import Conflict, NotAllowed, NotFound
from permissions.accounts.models import Agent, Team
from permissions.acts.command import command

TAKEN = _("Another canned reply is found by this shortcut already.")


@dataclass(frozen=True)
class Content:
    """What a canned reply says, and whose it is: `owner`, `team`, or both None for everyone."""

    title: str
    shortcut: str
    body: str
    owner: Agent | None
    team: Team | None


def _require(agent: Agent, content: Content) -> None:
    if content.owner is not None:
        may = content.owner == agent and content.team is None
    elif content.team is not None:
        may = led_teams(agent).filter(pk=content.team.pk).exists()
    else:
        may = leads_everyone(agent)
    if not may:
        raise NotAllowed


def _save(reply: CannedReply, content: Content) -> None:
    reply.title, reply.shortcut, reply.body = content.title, content.shortcut, content.body
    reply.owner, reply.team = content.owner, content.team
    reply.save()


def add_canned_reply(*, agent: Agent, content: Content) -> CannedReply:
    """Keep a text for oneself, or with the right to it for a team or for everyone."""
    try:
        with command("canned_reply.add", actor=agent, on=None) as step:
            _require(agent, content)
            step.on = reply = CannedReply()
            _save(reply, content)
            step.note(**_facts(reply))
            return reply
    except IntegrityError:
        raise Conflict(TAKEN) from None


def change_canned_reply(*, agent: Agent, reply: int, content: Content) -> CannedReply:
    try:
        with command("canned_reply.change", actor=agent, on=None) as step:
            step.on = found = _lock(agent, reply)
            _require(agent, content)
            step.note(before=_facts(found))
            _save(found, content)
            step.note(after=_facts(found))
            return found
    except IntegrityError:
        raise Conflict(TAKEN) from None


def remove_canned_reply(*, agent: Agent, reply: int) -> None:
    with command("canned_reply.remove", actor=agent, on=None) as step:
        found = _lock(agent, reply)
        step.on = CannedReply(pk=found.pk)
        step.note(**_facts(found))
        found.delete()


def _facts(reply: CannedReply) -> dict[str, str]:
    """What the audit record says of it: of an agent's own no word."""
    named = {} if reply.owner_id is not None else {"title": reply.title}
    return {"scope": reply.scope} | named


def _lock(agent: Agent, pk: int) -> CannedReply:
    """The reply, if this agent may change it. NotFound if unseen, NotAllowed if only seen."""
    found = CannedReply.objects.select_for_update().filter(pk=pk).first()
    if found is None or not CannedReply.objects.visible_to(agent).filter(pk=pk).exists():
        raise NotFound
    if not CannedReply.objects.changeable_by(agent).filter(pk=pk).exists():
        raise NotAllowed
    return found
