"""What lists can be narrowed by, and the filters that are set, in words."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from collaboration.saved.models import SavedView
from collaboration.saved.queries import listings
from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox
from conversations.threads.listing import VIEWS, Listing
from conversations.threads.models import Conversation, Priority, Status
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import granted, seen
from permissions.acts.vocabulary import Act

NAMES: dict[str, str | Promise] = {
    "inbox": gettext_lazy("Inbox"),
    "team": gettext_lazy("Team"),
    "assignee": gettext_lazy("Responsible"),
    "status": gettext_lazy("Status"),
    "priority": gettext_lazy("Priority"),
    "tag": gettext_lazy("Tag"),
    "type": gettext_lazy("Type"),
    "waiting": gettext_lazy("Waiting at least"),
    "customer": gettext_lazy("Customer"),
}
WAITING = (15, 60, 4 * 60, 24 * 60, 3 * 24 * 60)  # minutes that are offered
RECENT = 2000  # conversations whose tags and types are offered


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    name: str
    is_set: bool


@dataclass(frozen=True, slots=True)
class Field:
    key: str
    name: str
    choices: list[Choice]
    single: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is set, and the address of the list without it."""

    key: str
    name: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A list one can turn to: a view of everybody's, or a saved one."""

    key: str
    name: str
    query: str
    count: int | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class Tabs:
    """Those always in sight, those in the menu, and the saved ones."""

    first: list[Tab]
    others: list[Tab]
    saved: list[Tab]

    @property
    def current(self) -> Tab | None:
        """The one of the menu that is shown now."""
        return next((tab for tab in [*self.others, *self.saved] if tab.is_current), None)


FIRST = 4  # views always in sight


def tabs(listing: Listing, views: list[SavedView], counts: Mapping[str, int]) -> Tabs:
    names = {str(view.pk): view.name for view in views}
    saved = [
        Tab(f"saved-{pk}", names[pk], shown.query, counts.get(pk), shown == listing)
        for pk, shown in listings(views).items()
    ]
    is_saved = any(tab.is_current for tab in saved)
    every = [
        Tab(
            key,
            str(view.name),
            Listing(view=key).query,
            counts.get(key),
            not is_saved and key == listing.view,
        )
        for key, view in VIEWS.items()
    ]
    return Tabs(every[:FIRST], every[FIRST:], saved)


@dataclass(frozen=True, slots=True)
class Offers:
    """What acts on many may be told. Tags and types are None to who may change them nowhere."""

    people: list[Agent]
    teams: list[Team]
    priorities: list[tuple[str, str]]
    times: list[tuple[str, str]]
    tags: list[str] | None
    issue_types: list[str] | None


TIMES = (
    ("1h", gettext_lazy("In an hour")),
    ("3h", gettext_lazy("In three hours")),
    ("tomorrow", gettext_lazy("Tomorrow")),
    ("monday", gettext_lazy("On Monday")),
    ("week", gettext_lazy("In a week")),
)


def bulk_offers(reader: Agent) -> Offers:
    tags, types = in_use(reader)
    return Offers(
        _colleagues(reader),
        _teams(reader),
        [(one.key, str(one.label)) for one in reversed(Priority)],
        [(value, str(name)) for value, name in TIMES],
        tags if granted(reader, Act.TAG) else None,
        types if granted(reader, Act.CLASSIFY) else None,
    )


def _teams(reader: Agent) -> list[Team]:
    found = Team.objects.filter(inboxes__in=seen(reader))
    return list(found.distinct().order_by("name"))


def choices(reader: Agent, listing: Listing) -> list[Field]:
    """Every filter with what it offers this reader."""
    tags, types = in_use(reader)
    inboxes = Inbox.objects.visible_to(reader).order_by("name").values_list("key", "name")
    offered: dict[str, list[tuple[str, str]]] = {
        "assignee": [("me", _("Me")), ("none", _("Nobody"))]
        + [(str(one.pk), str(one)) for one in _colleagues(reader) if one.pk != reader.pk],
        "priority": [(one.key, str(one.label)) for one in reversed(Priority)],
        "status": [(one.value, str(one.label)) for one in Status],
        "waiting": [(str(minutes), span(minutes)) for minutes in WAITING],
        "tag": [(tag, tag) for tag in tags],
        "type": [(kind, kind) for kind in types],
        "inbox": list(inboxes),
        "team": [("none", _("No team"))] + [(str(one.pk), one.name) for one in _teams(reader)],
    }
    return [
        Field(
            key,
            str(NAMES[key]),
            [Choice(value, name, value in _values(listing, key)) for value, name in found],
            single=key == "waiting",
        )
        for key, found in offered.items()
        if found
    ]


def chips(reader: Agent, listing: Listing) -> list[Chip]:
    """The filters that are set. Names are asked for only where there are any."""
    found = []
    for key in listing.filters:
        values = _values(listing, key)
        names = _names(reader, key, values)
        for value in values:
            rest = [other for other in values if other != value]
            without = Listing.read(listing.data | {key: rest or None})
            found.append(Chip(key, str(NAMES[key]), names.get(value, value), without.query))
    return found


def span(minutes: int) -> str:
    if minutes < 60:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    if minutes < 24 * 60:
        hours = minutes // 60
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    days = minutes // (24 * 60)
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


def _values(listing: Listing, key: str) -> tuple[str, ...]:
    value = getattr(listing, key)
    if isinstance(value, int):
        return (str(value),) if value else ()
    return tuple(value)


def _names(reader: Agent, key: str, values: tuple[str, ...]) -> dict[str, str]:
    ids = [value for value in values if value.isdecimal()]
    match key:
        case "status":
            return {one.value: str(one.label) for one in Status}
        case "priority":
            return {one.key: str(one.label) for one in Priority}
        case "waiting":
            return {value: span(int(value)) for value in values}
        case "assignee":
            people = Agent.objects.filter(pk__in=ids)
            named = {str(one.pk): str(one) for one in people} if ids else {}
            return {"me": _("Me"), "none": _("Nobody")} | named
        case "team":
            named = {str(one.pk): one.name for one in Team.objects.filter(pk__in=ids)}
            return {"none": _("No team")} | named
        case "inbox":
            mine = Inbox.objects.visible_to(reader).filter(key__in=values)
            return dict(mine.values_list("key", "name"))
        case "customer":
            theirs = Conversation.objects.visible_to(reader).filter(
                customer__in=map(uuid.UUID, values)
            )
            people_ = Customer.objects.filter(pk__in=theirs.values("customer"))
            return {str(one.pk): str(one) for one in people_}
    return {}


def _colleagues(reader: Agent) -> list[Agent]:
    """Members of the teams of the inboxes one sees."""
    inboxes = seen(reader)
    found = Agent.objects.filter(is_active=True, groups__team__inboxes__in=inboxes)
    return list(found.distinct().order_by("name"))


_IN_USE = """
WITH recent AS (
  SELECT tags, issue_type FROM conversations_conversation
  WHERE inbox_id = ANY(%(inboxes)s) AND NOT status = 'resolved'
  ORDER BY last_activity_at DESC, id DESC LIMIT %(recent)s)
SELECT 'tag', tag, count(*) FROM recent, unnest(tags) AS tag GROUP BY tag
UNION ALL
SELECT 'type', issue_type, count(*) FROM recent WHERE issue_type <> '' GROUP BY issue_type
ORDER BY 1, 3 DESC, 2
"""


def in_use(reader: Agent) -> tuple[list[str], list[str]]:
    """Tags and issue types of what is being worked on, the frequent ones first."""
    with connection.cursor() as cursor:
        inboxes = list(seen(reader))
        cursor.execute(_IN_USE, {"inboxes": inboxes, "recent": RECENT})
        rows = cursor.fetchall()
    return (
        [value for kind, value, _count in rows if kind == "tag"][:40],
        [value for kind, value, _count in rows if kind == "type"][:40],
    )
