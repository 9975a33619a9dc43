"""Why may they, or why not: for any agent and inbox, conversation or customer, each right with the
rules that give it. The verdicts are those of the product itself; the rules explain them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from conversations.customers.models import Customer
from conversations.grants.models import Grant
from conversations.grants.rights import acts_on, acts_on_customer
from conversations.grants.sight import sight_of
from conversations.inboxes.models import Inbox, InboxAgentRight, InboxGroupRight
from conversations.threads.models import Conversation
from permissions.accounts.models import Agent
from permissions.acts.checks import rights_of
from permissions.acts.vocabulary import ACT_GROUPS, NARROW, SCOPES, Act

Thing = Inbox | Conversation | Customer


@dataclass(frozen=True)
class Rule:
    """One rule that speaks for a right. `holds` is false where another one takes its effect."""

    text: str
    holds: bool = True
    ends: datetime | None = None


@dataclass
class Verdict:
    act: Act
    allowed: bool
    rules: list[Rule] = field(default_factory=list)


def why(agent: Agent, on: Thing) -> list[Verdict]:
    """Each right of the vocabulary. The narrow scopes are told as rules of seeing."""
    acts = held(agent, on)
    found = {act: Verdict(act, act.value in acts) for act in _listed()}
    for act, rule in _rules(agent, on):
        found[Act.VIEW if act in NARROW else act].rules.append(rule)
    if not agent.is_active:
        for verdict in found.values():
            verdict.rules = [Rule(_("The agent is deactivated and may do nothing."), holds=False)]
    return list(found.values())


def held(agent: Agent, on: Thing) -> frozenset[str]:
    """What the agent may do there, by the very functions that decide it."""
    if isinstance(on, Inbox):
        acts = rights_of(agent).by_object.get(on.pk, frozenset())
        seen = bool(acts)
    elif isinstance(on, Conversation):
        seen = on.is_visible_to(agent)
        acts = acts_on(agent, on) if seen else frozenset()
    else:
        seen = Customer.objects.visible_to(agent).filter(pk=on.pk).exists()
        acts = acts_on_customer(agent, on) if seen else frozenset()
    return (acts | {Act.VIEW.value}) if seen else frozenset()


def _listed() -> Iterable[Act]:
    yield Act.VIEW
    for _name, acts in ACT_GROUPS:
        yield from acts


def _rules(agent: Agent, on: Thing) -> Iterable[tuple[Act, Rule]]:
    if isinstance(on, Inbox):
        yield from _of_inbox(agent, on, None)
    elif isinstance(on, Conversation):
        yield from _of_inbox(agent, on.inbox, on)
        yield from _grants(agent, Q(conversation=on.pk) | Q(customer=on.customer_id))
    else:
        theirs = Conversation.objects.filter(customer=on.pk).select_related("inbox")
        latest = theirs.order_by("inbox", "-last_activity_at").distinct("inbox")
        for conversation in latest:
            seen = Conversation.objects.visible_to(agent).filter(
                customer=on.pk, inbox=conversation.inbox_id
            )
            yield from _of_inbox(agent, conversation.inbox, seen.first() or conversation)
        among = theirs.order_by().values("pk")
        yield from _grants(agent, Q(customer=on.pk) | Q(conversation__in=among))


def _of_inbox(
    agent: Agent, inbox: Inbox, conversation: Conversation | None
) -> Iterable[tuple[Act, Rule]]:
    """The rights of the agent's roles and teams and their own on the inbox."""
    sight = sight_of(agent)
    unseen = inbox.pk not in sight.inboxes
    excepted = conversation is not None and conversation.is_visible_to(agent)
    for act, holder in _held_by(agent, inbox):
        where = {"holder": holder, "inbox": inbox.name}
        if act in SCOPES:
            holds = conversation is None or _shows(act, sight, conversation)
            text = _("%(holder)s in %(inbox)s: %(scope)s") % {**where, "scope": act.label}
            if not holds:
                text += " " + _("(This one is not among them.)")
        else:
            holds = not unseen and (conversation is None or excepted)
            text = _("%(holder)s in %(inbox)s") % where
            if not holds:
                text += " " + _("(Counts for nothing: they do not see it.)")
        yield act, Rule(text, holds)


def _shows(act: Act, sight: Any, row: Conversation) -> bool:
    theirs = row.assignee_id == sight.agent_id or (
        row.participants.filter(agent=sight.agent_id, left_at=None).exists()
    )
    match act:
        case Act.VIEW:
            return True
        case Act.VIEW_TEAM:
            of_team = row.team_id is None or row.team_id in sight.teams
            return theirs or row.assignee_id is None or of_team
        case Act.VIEW_UNASSIGNED:
            return theirs or row.assignee_id is None
    return theirs


def _held_by(agent: Agent, inbox: Inbox) -> Iterable[tuple[Act, str]]:
    of_groups = InboxGroupRight.objects.filter(content_object=inbox, group__user=agent)
    rows = of_groups.select_related("permission", "group__role__group", "group__team")
    for right in rows.order_by("group"):
        if right.permission.codename in Act.values:
            yield Act(right.permission.codename), _holder(right.group)
    own = InboxAgentRight.objects.filter(content_object=inbox, user=agent)
    for codename in own.values_list("permission__codename", flat=True):
        if codename in Act.values:
            yield Act(codename), _("A right of their own")


def _holder(group: Any) -> str:
    if role := getattr(group, "role", None):
        return _("Role %(name)s") % {"name": role.shown_name}
    if team := getattr(group, "team", None):
        return _("Team %(name)s") % {"name": team.name}
    return str(group.name)


def _grants(agent: Agent, on: Q) -> Iterable[tuple[Act, Rule]]:
    for grant in Grant.objects.live().filter(on, agent=agent).select_related("given_by"):
        thing = _("this customer") if grant.customer_id else _("one conversation")
        text = _("Given on %(thing)s by %(name)s: “%(reason)s”") % {
            "thing": thing,
            "name": str(grant.given_by or _("Somebody")),
            "reason": grant.reason,
        }
        yield Act(grant.act), Rule(text, ends=grant.expires_at)
