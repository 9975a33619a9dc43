"""What an agent sees: said once, as SQL, for a row at hand, and turned round (who sees this?).

Everything that is shown begins with it: page, list, count, socket, file, notice, export.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Q, QuerySet

from conversations.grants.models import FEW, Grant
from conversations.grants.named import NamedBy, Names
from permissions.accounts.models import Agent, AgentQuerySet
from permissions.acts.checks import holders, rights_of
from permissions.acts.vocabulary import SCOPES, Act

if TYPE_CHECKING:
    from conversations.threads.models import Conversation


@dataclass(frozen=True, slots=True)
class Sight:
    """Inboxes by how much of them the agent sees; each narrow one also shows what is theirs.

    A conversation handed to no team is every team's of its inbox.
    """

    agent_id: int
    all_of: frozenset[int]
    team_of: frozenset[int]  # and what is unassigned
    unassigned_of: frozenset[int]
    own_of: frozenset[int]
    teams: frozenset[int]
    exceptions: int

    @property
    def inboxes(self) -> frozenset[int]:
        """Those of which anything may be seen by a right on them."""
        return self.all_of | self._narrow

    @property
    def _narrow(self) -> frozenset[int]:
        return self.team_of | self.unassigned_of | self.own_of

    @property
    def q(self) -> Q:
        found = self._by_inbox
        return found | self._given(each=self.exceptions > FEW) if self.exceptions else found

    @property
    def parts(self) -> list[Q]:
        """The same in parts that share no row: to count, each is found along its own index."""
        found = self._by_inbox
        return [found, self._given(each=False) & ~found] if self.exceptions else [found]

    @property
    def _by_inbox(self) -> Q:
        found = Q(inbox__in=self.all_of)
        if self._narrow:
            joined = _joined(self.agent_id, each=bool(self.all_of | self.team_of))
            found |= Q(inbox__in=self._narrow) & (Q(assignee=self.agent_id) | Q(joined))
        if waiting := self.team_of | self.unassigned_of:
            found |= Q(inbox__in=waiting, assignee=None)
        if self.team_of:
            found |= Q(inbox__in=self.team_of) & (Q(team=None) | Q(team__in=self.teams))
        return found

    def _given(self, *, each: bool) -> Q:
        return Q(_given("conversation", "pk", self.agent_id, each=each)) | Q(
            _given("customer", "customer", self.agent_id, each=each)
        )

    def sees(self, row: "Conversation") -> bool | None:
        """The same of a row at hand; None where only the database knows (joined, granted)."""
        inbox = row.inbox_id
        if inbox in self.all_of:
            return True
        if inbox in self._narrow:
            if row.assignee_id == self.agent_id:
                return True
            if row.assignee_id is None and inbox in self.team_of | self.unassigned_of:
                return True
            if inbox in self.team_of and (row.team_id is None or row.team_id in self.teams):
                return True
            return None
        return None if self.exceptions else False


def sight_of(agent: Agent) -> Sight:
    rights = rights_of(agent)
    left, by_scope = rights.seen, {}
    for scope in SCOPES:  # the widest counts
        by_scope[scope] = rights.where(scope) & left
        left -= by_scope[scope]
    return Sight(
        agent_id=agent.pk,
        all_of=by_scope[Act.VIEW],
        team_of=by_scope[Act.VIEW_TEAM],
        unassigned_of=by_scope[Act.VIEW_UNASSIGNED],
        own_of=by_scope[Act.VIEW_OWN],
        teams=rights.teams,
        exceptions=rights.exceptions,
    )


def readers(conversation: "Conversation") -> AgentQuerySet:
    """The active agents who may see it, each once."""
    inbox, assignee, team = (
        conversation.inbox_id,
        conversation.assignee_id,
        conversation.team_id,
    )
    free = [Act.VIEW]
    if assignee is None:
        free += [Act.VIEW_TEAM, Act.VIEW_UNASSIGNED]
    elif team is None:
        free += [Act.VIEW_TEAM]
    found = Q(pk__in=_ids(holders(free, inbox)))
    if team is not None and assignee is not None:
        members = Agent.objects.filter(groups__team=team)
        found |= Q(pk__in=_ids(holders(Act.VIEW_TEAM, inbox))) & Q(pk__in=_ids(members))
    theirs = Q(pk=assignee or 0) | Q(pk__in=_joined_in(conversation))
    found |= Q(pk__in=_ids(holders(SCOPES, inbox))) & theirs
    given = Grant.objects.live().filter(
        Q(conversation=conversation.pk) | Q(customer=conversation.customer_id), act=Act.VIEW
    )
    return Agent.objects.filter(found | Q(pk__in=given.values("agent")), is_active=True)


def _ids(agents: QuerySet[Agent]) -> QuerySet[Any]:
    return agents.values("pk")


def _participants() -> QuerySet[Any]:
    model: Any = apps.get_model("conversations", "Participant")  # it stands on what is above us
    return model.objects.filter(left_at=None)


def _joined(agent_id: int, *, each: bool) -> NamedBy:
    where = f"t.agent_id = {agent_id:d} AND t.left_at IS NULL"
    names = Names(_participants().model._meta.db_table, "conversation_id", where)
    return NamedBy("pk", names, each=each)


def _given(kind: str, field: str, agent_id: int, *, each: bool) -> NamedBy:
    """Whether an exception that holds now (`Grant.live`) lets the agent see it."""
    where = (
        f"t.agent_id = {agent_id:d} AND t.act = '{Act.VIEW.value}' AND t.revoked_at IS NULL "
        "AND (t.expires_at IS NULL OR t.expires_at > statement_timestamp())"
    )
    return NamedBy(field, Names(Grant._meta.db_table, f"{kind}_id", where), each=each)


def _joined_in(conversation: "Conversation") -> QuerySet[Any]:
    return _participants().filter(conversation=conversation.pk).values("agent")


def unknown_among(sight: Sight, rows: Iterable["Conversation"]) -> list["Conversation"]:
    """The rows of which only the database knows whether they are seen."""
    return [row for row in rows if sight.sees(row) is None]
