"""Which conversations a list shows: a view and filters, said once.

A `Where` says the same thing twice, as SQL and for one row in memory, and is built from a few
conditions that say both. So page, count, bulk act and socket cannot disagree.
"""

import operator
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cached_property, reduce
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.inboxes.models import Inbox
from conversations.threads.forms import read_uuid
from conversations.threads.models import Conversation, Priority, Status
from helpdesk.core.refusals import Invalid
from helpdesk.core.web.negotiation import read_number
from permissions.accounts.models import Agent, Team

MOST_VALUES = 20  # of one filter
MOST_WAITING = 60 * 24 * 365  # minutes


# --- conditions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Where:
    q: Q
    holds: Callable[[Conversation], bool]

    def __and__(self, other: "Where") -> "Where":
        return Where(self.q & other.q, lambda row: self.holds(row) and other.holds(row))

    def __or__(self, other: "Where") -> "Where":
        return Where(self.q | other.q, lambda row: self.holds(row) or other.holds(row))

    def __invert__(self) -> "Where":
        return Where(~self.q, lambda row: not self.holds(row))


def equal(field: str, value: Any) -> Where:
    return Where(Q(**{field: value}), lambda row: getattr(row, field) == value)


def among(field: str, values: Iterable[Any]) -> Where:
    found = frozenset(values)
    return Where(Q(**{f"{field}__in": found}), lambda row: getattr(row, field) in found)


def missing(field: str) -> Where:
    return Where(Q(**{f"{field}__isnull": True}), lambda row: getattr(row, field) is None)


def tagged(tags: Iterable[str]) -> Where:
    found = set(tags)
    # That there are any at all is what the index of tags goes by.
    asked = Q(tags__overlap=list(found)) & ~Q(tags=[])
    return Where(asked, lambda row: not found.isdisjoint(row.tags))


def waiting_for(minutes: int) -> Where:
    """The customer has waited at least so long. By the database's clock, or this machine's."""
    span = timedelta(minutes=minutes)

    def holds(row: Conversation) -> bool:
        return row.waiting_since is not None and row.waiting_since <= timezone.now() - span

    return Where(Q(waiting_since__lte=Now() - span), holds)


# --- readers -------------------------------------------------------------------------------


class Reader:
    """An agent as far as lists depend on them."""

    def __init__(self, agent: Agent) -> None:
        self.id = agent.pk
        self.version = agent.authz_version

    @cached_property
    def _of_teams(self) -> list[tuple[int, int | None]]:
        found = Team.objects.filter(group__user=self.id)
        return list(found.values_list("pk", "inboxes"))

    @property
    def teams(self) -> set[int]:
        return {team for team, _inbox in self._of_teams}

    @property
    def team_inboxes(self) -> set[int]:
        return {inbox for _team, inbox in self._of_teams if inbox is not None}


# --- views ---------------------------------------------------------------------------------

unresolved = ~equal("status", Status.RESOLVED)
present = unresolved & ~equal("status", Status.SNOOZED)


@dataclass(frozen=True, slots=True)
class View:
    """One of the lists everybody has."""

    name: str | Promise
    where: Callable[[Reader], Where]
    # Counted wherever it is named; what is done grows for ever and is counted only when asked.
    counted: bool = True


VIEWS: Mapping[str, View] = {
    "mine": View(_("Mine"), lambda reader: present & equal("assignee_id", reader.id)),
    "unassigned": View(_("Unassigned"), lambda reader: present & missing("assignee_id")),
    "team": View(
        _("My teams"),
        lambda reader: (
            present
            & (
                among("team_id", reader.teams)
                | (missing("team_id") & among("inbox_id", reader.team_inboxes))
            )
        ),
    ),
    "all": View(_("All"), lambda reader: unresolved),
    "unanswered": View(_("Unanswered"), lambda reader: present & ~missing("waiting_since")),
    "snoozed": View(_("Snoozed"), lambda reader: equal("status", Status.SNOOZED)),
    "resolved": View(
        _("Resolved"),
        lambda reader: equal("status", Status.RESOLVED) & equal("is_spam", False),
        counted=False,
    ),
    "spam": View(_("Spam"), lambda reader: equal("is_spam", True), counted=False),
}
COUNTED = tuple(key for key, view in VIEWS.items() if view.counted)


# --- a view with filters -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listing:
    """A view and the filters on it, as an address or a saved view says them."""

    view: str = "mine"
    inbox: tuple[str, ...] = ()  # keys
    team: tuple[str, ...] = ()  # ids, or "none"
    assignee: tuple[str, ...] = ()  # ids, "me" or "none"
    status: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    customer: tuple[str, ...] = ()
    waiting: int = 0  # minutes at least

    @classmethod
    def read(cls, data: QueryDict | Mapping[str, Any]) -> "Listing":
        """Raises Invalid for views, values and numbers that do not exist."""
        view = data.get("view") or "mine"
        if not isinstance(view, str) or view not in VIEWS:
            raise Invalid(_("There is no such view."))
        return cls(
            view=view,
            inbox=_texts(data, "inbox"),
            team=_ids(data, "team", "none"),
            assignee=_ids(data, "assignee", "none", "me"),
            status=_known(data, "status", Status.values),
            priority=_known(data, "priority", [priority.key for priority in Priority]),
            tag=_texts(data, "tag"),
            type=_texts(data, "type"),
            customer=tuple(str(read_uuid(value)) for value in _texts(data, "customer")),
            waiting=read_number(data.get("waiting"), most=MOST_WAITING),
        )

    @property
    def filters(self) -> dict[str, Any]:
        """The filters that are set, as JSON keeps them."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value and name != "view"
        }

    @property
    def data(self) -> dict[str, Any]:
        return {"view": self.view} | self.filters

    @property
    def query(self) -> str:
        """As part of an address."""
        return urlencode(self.data, doseq=True)

    @property
    def is_counted(self) -> bool:
        return VIEWS[self.view].counted

    def where(self, reader: Reader) -> Where:
        """All it says, except that the reader may see the row."""
        found = [VIEWS[self.view].where(reader)]
        if self.inbox:
            keys = Inbox.objects.filter(key__in=self.inbox)
            found.append(among("inbox_id", keys.values_list("pk", flat=True)))
        if self.team:
            found.append(_one_of("team_id", self.team, reader))
        if self.assignee:
            found.append(_one_of("assignee_id", self.assignee, reader))
        if self.status:
            found.append(among("status", self.status))
        if self.priority:
            keys_ = {priority.key: priority.value for priority in Priority}
            found.append(among("priority", [keys_[key] for key in self.priority]))
        if self.tag:
            found.append(tagged(self.tag))
        if self.type:
            found.append(~equal("issue_type", "") & among("issue_type", self.type))
        if self.customer:
            found.append(among("customer_id", map(uuid.UUID, self.customer)))
        if self.waiting:
            found.append(waiting_for(self.waiting))
        return reduce(operator.and_, found)


def _one_of(field: str, values: Iterable[str], reader: Reader) -> Where:
    """Ids, where "me" is the reader's and "none" stands for nobody."""
    ids = [reader.id if value == "me" else int(value) for value in values if value != "none"]
    found = among(field, ids)
    return found | missing(field) if "none" in values else found


def _texts(data: QueryDict | Mapping[str, Any], name: str) -> tuple[str, ...]:
    raw = data.getlist(name) if isinstance(data, QueryDict) else data.get(name) or []
    values = raw if isinstance(raw, list | tuple) else [raw]
    if len(values) > MOST_VALUES:
        raise Invalid(_("Too many values for one filter."), limit=MOST_VALUES)
    texts = [value if isinstance(value, str) else _plain(value) for value in values]
    if any(len(text) > 80 or "\0" in text or not text.isprintable() for text in texts):
        raise Invalid
    return tuple(dict.fromkeys(text for text in texts if text))


def _plain(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid
    return str(value)


def _known(data: QueryDict | Mapping[str, Any], name: str, known: Iterable[str]) -> tuple[str, ...]:
    values = _texts(data, name)
    if not set(values) <= set(known):
        raise Invalid
    return values


def _ids(data: QueryDict | Mapping[str, Any], name: str, *words: str) -> tuple[str, ...]:
    return tuple(
        value if value in words else str(read_number(value, most=2**62))
        for value in _texts(data, name)
    )
