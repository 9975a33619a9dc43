"""Every act on a conversation by its name: the command, and how its input is read.

One table behind the doors of single conversations and the bulk acts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

from django.utils.translation import gettext_lazy as _

from conversations.merging.commands import merge
from conversations.modes.commands import switch_mode
from conversations.modes.enforcing import offered_modes
from conversations.threads import commands
from conversations.threads.forms import read_label, read_tags, read_uuid
from conversations.threads.models import MAX_BODY, Priority
from conversations.threads.moments import read_moment
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text, one_line
from helpdesk.core.web.negotiation import read_number
from permissions.accounts.models import Agent, Team

Data = Mapping[str, Any]
Arguments = dict[str, Any]
MOST_ID = 2**62


def _nothing(data: Data, agent: Agent) -> Arguments:
    return {}


@dataclass(frozen=True, slots=True)
class WorkspaceAct:
    command: Callable[..., object]
    read: Callable[[Data, Agent], Arguments] = _nothing
    in_bulk: bool = False


# --- input ---------------------------------------------------------------------------------


def _read_agent(value: Any) -> Agent:
    found = Agent.objects.filter(pk=read_number(value, most=MOST_ID), is_active=True).first()
    if found is None:
        raise Invalid(_("There is no such colleague."))
    return found


def _read_team(value: Any) -> Team:
    found = Team.objects.filter(pk=read_number(value, most=MOST_ID)).first()
    if found is None:
        raise Invalid(_("There is no such team."))
    return found


def _read_seen_owner(data: Data) -> dict[str, int | EllipsisType | None]:
    """Who the agent saw as responsible, if their screen said so."""
    if "instead_of" not in data:
        return {}
    seen = data["instead_of"]
    return {"instead_of": None if seen in (None, "") else read_number(seen, most=MOST_ID)}


def _read_assignment(data: Data, agent: Agent) -> Arguments:
    to = data.get("to", data.get("agent"))
    return {"to": None if to in (None, "") else _read_agent(to)} | _read_seen_owner(data)


def _read_transfer(data: Data, agent: Agent) -> Arguments:
    """To `agent` or `team` (a form's choice may also say `to=agent-7`), with a note or without."""
    kind, dash, pk = str(data.get("to") or "").partition("-")
    to: Agent | Team
    if data.get("team") not in (None, "") or (dash and kind == "team"):
        to = _read_team(data.get("team") or pk)
    elif data.get("agent") not in (None, "") or (dash and kind == "agent"):
        to = _read_agent(data.get("agent") or pk)
    else:
        raise Invalid(_("Choose a colleague or a team."))
    note = clean_text(data.get("note") or "", limit=MAX_BODY).strip()
    client_id = data.get("client_id")
    return {
        "to": to,
        "note": note,
        "client_id": read_uuid(client_id) if client_id else None,
    } | _read_seen_owner(data)


def _read_invitation(data: Data, agent: Agent) -> Arguments:
    return {"who": _read_agent(data.get("agent"))}


def _read_snooze(data: Data, agent: Agent) -> Arguments:
    return {"until": read_moment(data.get("until"), agent=agent, zone=data.get("time_zone"))}


def _read_block(data: Data, agent: Agent) -> Arguments:
    until = data.get("until")
    for_ever = until == "forever"
    moment = None if for_ever else read_moment(until, agent=agent, zone=data.get("time_zone"))
    reason = one_line(clean_text(data.get("reason") or "", limit=1000), limit=200)
    return {"until": moment, "reason": reason}


def _read_priority(data: Data, agent: Agent) -> Arguments:
    for priority in Priority:
        if priority.key == data.get("priority"):
            return {"priority": priority}
    raise Invalid(_("There is no such priority."))


def _read_tagging(data: Data, agent: Agent) -> Arguments:
    """All the tags it is to have; a form sends one empty `tags` for none."""
    seen = {"instead_of": read_tags(data["instead_of"])} if "instead_of" in data else {}
    return {"tags": read_tags(data.get("tags"))} | seen


def _read_issue_type(data: Data, agent: Agent) -> Arguments:
    seen = {"instead_of": read_label(data["instead_of"])} if "instead_of" in data else {}
    return {"issue_type": read_label(data.get("issue_type"))} | seen


def _read_tag(data: Data, agent: Agent) -> Arguments:
    tag = read_label(data.get("tag"))
    if not tag:
        raise Invalid(_("Write a tag first."))
    return {"tag": tag}


def _read_mode(data: Data, agent: Agent) -> Arguments:
    for mode in offered_modes():
        if mode.value == data.get("mode"):
            return {"mode": mode}
    raise Invalid(_("There is no such mode."))


def _read_entry(data: Data, agent: Agent) -> Arguments:
    return {"seq": read_number(data.get("entry"))}


def _read_edit(data: Data, agent: Agent) -> Arguments:
    """The new text of a reply, and how often it had been edited when the agent began."""
    body = clean_text(data.get("body"), limit=MAX_BODY).strip()
    return _read_entry(data, agent) | {"body": body, "was": read_number(data.get("was"))}


def _read_target(data: Data, agent: Agent) -> Arguments:
    return {"into": read_uuid(data.get("into"))}


# --- the table -----------------------------------------------------------------------------

ACTS: Mapping[str, WorkspaceAct] = {
    "join": WorkspaceAct(commands.join),
    "leave": WorkspaceAct(commands.leave),
    "invite": WorkspaceAct(commands.invite, _read_invitation),
    "claim": WorkspaceAct(commands.claim, in_bulk=True),
    "take-over": WorkspaceAct(commands.take_over, lambda data, agent: _read_seen_owner(data)),
    "assign": WorkspaceAct(commands.assign, _read_assignment, in_bulk=True),
    "transfer": WorkspaceAct(commands.transfer, _read_transfer, in_bulk=True),
    "resolve": WorkspaceAct(commands.resolve, in_bulk=True),
    "reopen": WorkspaceAct(commands.reopen, in_bulk=True),
    "snooze": WorkspaceAct(commands.snooze, _read_snooze, in_bulk=True),
    "priority": WorkspaceAct(commands.prioritise, _read_priority, in_bulk=True),
    "tags": WorkspaceAct(commands.set_tags, _read_tagging),
    "add-tag": WorkspaceAct(commands.add_tag, _read_tag, in_bulk=True),
    "remove-tag": WorkspaceAct(commands.remove_tag, _read_tag, in_bulk=True),
    "issue-type": WorkspaceAct(commands.set_issue_type, _read_issue_type, in_bulk=True),
    "mode": WorkspaceAct(switch_mode, _read_mode),
    "spam": WorkspaceAct(commands.mark_spam, in_bulk=True),
    "not-spam": WorkspaceAct(commands.not_spam, in_bulk=True),
    "block": WorkspaceAct(commands.block, _read_block),
    "unblock": WorkspaceAct(commands.unblock),
    "merge": WorkspaceAct(merge, _read_target),
    "edit": WorkspaceAct(commands.edit_reply, _read_edit),
    "recall": WorkspaceAct(commands.recall, _read_entry),
    "unread": WorkspaceAct(commands.mark_unread, in_bulk=True),
}
