"""What another team takes over when a team is removed: its inboxes and its conversations; and who
gets the conversations of an agent whose access ends."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.grants.matrix import rights_on
from conversations.inboxes.events import InboxChanged
from conversations.inboxes.models import Inbox, InboxGroupRight
from conversations.modes.floor import Collaboration
from conversations.threads import steps
from conversations.threads.commands.people import hand_over, require_answerable
from conversations.threads.models import Conversation, ConversationQuerySet
from helpdesk.core.refusals import Conflict, Refusal
from permissions.accounts.belongings import Belonging, belongs_to_agents, belongs_to_teams
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import give, require_duty, take
from permissions.acts.command import Step
from permissions.acts.vocabulary import Act, Duty, one_scope
from permissions.policies.events import PolicyChanged
from permissions.policies.models import Policy
from permissions.policies.rules import name_of

MOST = 500  # open conversations that are handed on in one go


def _inboxes_said(count: int) -> str:
    return ngettext("%(count)s inbox", "%(count)s inboxes", count) % {"count": count}


def _inboxes_of(team: Team) -> Q:
    """Those it looks after, and those in which it may do anything besides."""
    rights = InboxGroupRight.objects.filter(group=team.group_id)
    return Q(pk__in=team.inboxes.values("pk")) | Q(pk__in=rights.values("content_object"))


def _pass_on_inboxes(step: Step, actor: Agent | None, team: Team, heir: Team) -> None:
    """The heir may do there what the team might. It gives rights, so it takes the duty to."""
    inboxes = list(Inbox.objects.filter(_inboxes_of(team)).select_for_update(no_key=True))
    for inbox in inboxes:
        held = rights_on(inbox)
        before = set(map(Act, held.get(heir.group_id, ())))
        after = one_scope(before | set(map(Act, held.get(team.group_id, ()))))
        looks_after = inbox.teams.filter(pk=team.pk).exists()
        gains = looks_after and not inbox.teams.filter(pk=heir.pk).exists()
        if actor is not None and (gains or after != before):
            require_duty(actor, Duty.ROLES)
        give(after - before, heir.group, inbox)
        take(before - after, heir.group, inbox)
        if looks_after:
            inbox.teams.add(heir)
            inbox.teams.remove(team)
    step.note(inboxes=sorted(inbox.pk for inbox in inboxes))


def _instead(groups: list[int], team: Team, heir: Team) -> list[Any]:
    return sorted({heir.group_id if one == team.group_id else one for one in groups})


def _named_in_rules(team: Team) -> int:
    """How many rules of who may join name it."""
    everywhere = Policy.objects.filter(
        name=name_of(Collaboration), value__groups__contains=team.group_id
    )
    named = Inbox.objects.filter(joining_groups__contains=team.group_id)
    return named.count() + everywhere.count()


def _rules_said(count: int) -> str:
    said = ngettext("%(count)s rule of who may join", "%(count)s rules of who may join", count)
    return said % {"count": count}


def _pass_on_rules(step: Step, actor: Agent | None, team: Team, heir: Team) -> None:
    named = Inbox.objects.filter(joining_groups__contains=team.group_id)
    for inbox in named.select_for_update(no_key=True):
        inbox.joining_groups = _instead(inbox.joining_groups, team, heir)
        inbox.version += 1
        inbox.save(update_fields=["joining_groups", "version"])
        step.tell(InboxChanged(inbox_id=inbox.pk))
    subject = name_of(Collaboration)
    for policy in Policy.objects.filter(name=subject).select_for_update(no_key=True):
        groups = policy.value.get("groups", [])
        if team.group_id in groups:
            policy.value["groups"] = _instead(groups, team, heir)
            policy.version += 1
            policy.save(update_fields=["value", "version"])
            step.tell(PolicyChanged(subject=subject))


def _conversations_said(count: int) -> str:
    said = ngettext("%(count)s open conversation", "%(count)s open conversations", count)
    return said % {"count": count}


def _pass_on_conversations(step: Step, actor: Agent | None, team: Team, heir: Team) -> None:
    """Each open one tells of it; those that are done only change their team."""
    theirs = Conversation.objects.filter(team=team)
    found = list(theirs.unresolved().order_by("pk").select_for_update(no_key=True)[: MOST + 1])
    if len(found) > MOST:
        raise Conflict(
            _("Too many conversations are open. Hand them over from the list first, many at once.")
        )
    to = {"kind": "team", "id": heir.pk, "name": str(heir)}
    for conversation in found:
        now = steps.standing(conversation).now
        conversation.team = heir
        step.changes.update(conversation, "team")
        steps.add_event(step, conversation, "transferred", author=actor, at=now, was=None, to=to)
        steps.save_head(step, conversation)
        step.changes.store()
    theirs.update(team=heir)
    step.note(conversations=len(found))


def _open_of(agent: Agent) -> ConversationQuerySet:
    return Conversation.objects.unresolved().filter(assignee=agent)


def _agents_conversations_said(count: int) -> str:
    if count <= MOST:
        return _conversations_said(count)
    return _("%(count)s open conversations, %(most)s of which go in one go") % {
        "count": count,
        "most": MOST,
    }


def _hand_over_conversations(
    step: Step, actor: Agent | None, agent: Agent, heir: Agent | Team | None
) -> None:
    """Each tells of it. What the heir may not have goes to nobody; what is too much for one go
    stays, for nothing may put off the end of somebody's access."""
    found = list(_open_of(agent).order_by("pk").select_for_update(no_key=True)[:MOST])
    for conversation in found:
        now = steps.standing(conversation).now
        try:
            if heir is not None:
                require_answerable(heir, conversation)
            hand_over(step, conversation, heir, author=actor, before=agent, at=now)
        except Refusal:
            hand_over(step, conversation, None, author=actor, before=agent, at=now)
        steps.save_head(step, conversation)
        step.changes.store()
    step.note(conversations=len(found))


def register() -> None:
    belongs_to_agents(
        Belonging(
            _agents_conversations_said,
            lambda agent: _open_of(agent).count(),
            _hand_over_conversations,
        )
    )
    belongs_to_teams(
        Belonging(
            _inboxes_said,
            lambda team: Inbox.objects.filter(_inboxes_of(team)).count(),
            _pass_on_inboxes,
        )
    )
    belongs_to_teams(Belonging(_rules_said, _named_in_rules, _pass_on_rules))
    belongs_to_teams(
        Belonging(
            _conversations_said,
            lambda team: Conversation.objects.unresolved().filter(team=team).count(),
            _pass_on_conversations,
        )
    )
