"""May this agent do this here? The only module that asks guardian.

Rights are given on few objects (inboxes); the many rows below are filtered by their ids. An
agent's rights are read once and kept under their `authz_version`, which every change of rights
raises in its own transaction, so what is kept can never be out of date for a fresh agent row.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, cast

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

from helpdesk.core.refusals import NotAllowed
from permissions.accounts.models import Agent, AgentQuerySet, Team
from permissions.acts.scope import exceptions_of, protected_model
from permissions.acts.vocabulary import NARROW, SCOPES, Act, Duty


@dataclass(frozen=True, slots=True)
class Rights:
    """The acts an agent may do, by id of the protected object, and their duties everywhere.

    An object of which nothing is seen is not among them: other acts on it count for nothing.
    """

    by_object: Mapping[int, frozenset[str]]
    duties: frozenset[str] = frozenset()
    teams: frozenset[int] = frozenset()
    exceptions: int = 0  # on single conversations or customers, counted as far as it matters

    @property
    def has_exceptions(self) -> bool:
        return self.exceptions > 0

    def allows(self, act: Act, on_id: int) -> bool:
        return act.value in self.by_object.get(on_id, ())

    def where(self, act: Act) -> frozenset[int]:
        """Ids of the objects on which the act is allowed."""
        return frozenset(pk for pk, acts in self.by_object.items() if act.value in acts)

    def covers(self, other: "Rights") -> bool:
        """Whether nothing of the other's goes beyond these."""
        return other.duties <= self.duties and all(
            acts - (NARROW if Act.VIEW in self.by_object.get(pk, ()) else frozenset())
            <= self.by_object.get(pk, frozenset())
            for pk, acts in other.by_object.items()
        )

    @property
    def seen(self) -> frozenset[int]:
        """Ids of the objects of which anything is seen, all of it or a part."""
        return frozenset(self.by_object)


NONE = Rights({})
_kept: OrderedDict[tuple[int, int], Rights] = OrderedDict()
_lock = Lock()
_KEEP = 2048


def rights_of(agent: Agent) -> Rights:
    """All rights of a freshly loaded agent. None at all when inactive or unsaved."""
    if agent.pk is None or not agent.is_active:
        return NONE
    key = (agent.pk, agent.authz_version)
    rights = _kept.get(key)
    if rights is None:
        rights = read_rights(agent)
        with _lock:
            _kept[key] = rights
            while len(_kept) > _KEEP:
                _kept.popitem(last=False)
    return rights


def forget_rights() -> None:
    """Empty what is kept (tests roll versions back; the product never needs to)."""
    _kept.clear()


def read_rights(agent: Agent) -> Rights:
    """The rights as they stand in the tables, also within a transaction that changes them."""
    model: Any = protected_model()
    own = cast(Any, get_user_obj_perms_model(model)).objects.filter(user=agent)
    groups = cast(Any, get_group_obj_perms_model(model)).objects.filter(group__user=agent)
    pairs = own.values_list("content_object_id", "permission__codename").union(
        groups.values_list("content_object_id", "permission__codename")
    )
    by_object: dict[int, set[str]] = {}
    for pk, codename in pairs:
        by_object.setdefault(pk, set()).add(codename)
    duties = Permission.objects.filter(
        codename__in=Duty.values, content_type__app_label="permissions", group__user=agent
    )
    teams = Team.objects.filter(group__user=agent)
    return Rights(
        {pk: frozenset(acts) for pk, acts in by_object.items() if not acts.isdisjoint(SCOPES)},
        frozenset(duties.values_list("codename", flat=True)),
        frozenset(teams.values_list("pk", flat=True)),
        exceptions_of(agent.pk),
    )


def allowed(agent: Agent, act: Act, on: models.Model | int) -> bool:
    return rights_of(agent).allows(act, on if isinstance(on, int) else on.pk)


def require(agent: Agent, act: Act, on: models.Model | int) -> None:
    """Raises NotAllowed unless the agent may do the act on the protected object."""
    if not allowed(agent, act, on):
        raise NotAllowed


def has_duty(agent: Agent, duty: Duty) -> bool:
    return duty.value in rights_of(agent).duties


def holder_of(*duties: Duty) -> Callable[[Agent], bool]:
    """Whether somebody has one of these duties: who may use a settings page."""
    return lambda agent: any(has_duty(agent, duty) for duty in duties)


def require_duty(agent: Agent, duty: Duty) -> None:
    """Raises NotAllowed unless one of the agent's roles carries the duty."""
    if not has_duty(agent, duty):
        raise NotAllowed


def granted(agent: Agent, act: Act) -> frozenset[int]:
    """Ids of the few objects on which the agent may do the act; rows are filtered by them."""
    return rights_of(agent).where(act)


def seen(agent: Agent) -> frozenset[int]:
    """Ids of the few objects of which the agent sees anything."""
    return rights_of(agent).seen


def holders(acts: Act | Iterable[Act], on: models.Model | int) -> AgentQuerySet:
    """The active agents who may do one of the acts on the protected object, each once."""
    asked = {acts} if isinstance(acts, Act) else set(acts)
    found = _holding(asked, on)
    if not asked <= set(SCOPES):  # what is not seen counts for nothing
        found &= _holding(SCOPES, on)
    return Agent.objects.filter(found, is_active=True)


def _holding(acts: Iterable[Act], on: models.Model | int) -> models.Q:
    model: Any = protected_model()
    given = {
        "content_object": on if isinstance(on, int) else on.pk,
        "permission__codename__in": [act.value for act in acts],
    }
    own = cast(Any, get_user_obj_perms_model(model)).objects.filter(**given)
    groups = cast(Any, get_group_obj_perms_model(model)).objects.filter(**given)
    of_groups = Agent.groups.through.objects.filter(group__in=groups.values("group"))
    return models.Q(pk__in=own.values("user")) | models.Q(pk__in=of_groups.values("agent"))


def give(acts: Iterable[Act], to: Agent | Group, on: models.Model) -> None:
    """Give rights. Call inside a command that raises the version of those concerned."""
    _give(acts, to, [on.pk])


def take(acts: Iterable[Act], to: Agent | Group, on: models.Model) -> None:
    _given(acts, to).filter(content_object=on.pk).delete()


def give_everywhere(acts: Iterable[Act], to: Group) -> None:
    """Give rights on every protected object, as `give` does on one."""
    _give(acts, to, cast(Any, protected_model()).objects.values_list("pk", flat=True))


def take_everywhere(acts: Iterable[Act], to: Group) -> None:
    _given(acts, to).delete()


def _give(acts: Iterable[Act], to: Agent | Group, on: Iterable[int]) -> None:
    table, holder = _table_of(to)
    kind = ContentType.objects.get_for_model(protected_model())
    permissions = Permission.objects.filter(content_type=kind, codename__in=[a.value for a in acts])
    objects = list(on)
    rows = [
        table(permission=permission, content_object_id=pk, **{holder: to})
        for permission in permissions
        for pk in objects
    ]
    table.objects.bulk_create(rows, ignore_conflicts=True)


def _given(acts: Iterable[Act], to: Agent | Group) -> Any:
    """The rows of guardian that say so."""
    table, holder = _table_of(to)
    codenames = [act.value for act in acts]
    return table.objects.filter(permission__codename__in=codenames, **{holder: to})


def _table_of(to: Agent | Group) -> tuple[Any, str]:
    """Guardian's table for this kind of holder, and the name of their column."""
    if isinstance(to, Group):
        return get_group_obj_perms_model(cast(Any, protected_model())), "group"
    return get_user_obj_perms_model(cast(Any, protected_model())), "user"


def raise_version(agents: models.QuerySet[Agent]) -> tuple[int, ...]:
    """Make whoever kept these agents' rights ask anew. Returns their ids, for AccessChanged."""
    ids = tuple(agents.order_by("pk").values_list("pk", flat=True))
    Agent.objects.filter(pk__in=ids).update(authz_version=models.F("authz_version") + 1)
    return ids
