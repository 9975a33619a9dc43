"""How the team writes together: one query for each kind of row, however many days there are."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import MD5, Cast, Coalesce, Concat, TruncDate

from collaboration.drafts.models import DraftVersion, PrivateDraft
from collaboration.reports.scope import By, Scope
from collaboration.suggestions.models import SETTLED, SETTLED_AT, Suggestion
from conversations.collisions.models import Collision
from conversations.threads.models import Entry, EntryEdit
from permissions.accounts.models import Agent

LATER = timedelta(days=1)  # a reply sent after this is not the one that was held
Key = date | int | None  # a day, or the number of an inbox or a team


@dataclass(slots=True)
class Tally:
    """What happened on one day, in one inbox or in one team."""

    replies: int = 0
    changed: int = 0  # held, read, and sent with another text
    unchanged: int = 0  # held, and sent as it was
    left: int = 0  # held, and not sent
    at_once: int = 0  # a colleague had sent it at the same moment
    together: int = 0  # replies that several wrote
    used: int = 0  # suggestions
    declined: int = 0

    @property
    def alone(self) -> int:
        return max(0, self.replies - self.together)

    @property
    def collisions(self) -> int:
        return self.changed + self.unchanged + self.left + self.at_once

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, one.name) for one in fields(self))

    def add(self, other: "Tally") -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(slots=True)
class Report:
    rows: list[tuple[Key, Tally]]
    total: Tally
    causes: Mapping[str, int] = field(default_factory=dict)  # what came while one wrote


def working_together(scope: Scope) -> Report:
    """The figures of a scope, in four queries; in eight by teams: agents may be in several."""
    tallies, causes = _tallied(scope)
    everything = tallies
    if scope.by == By.TEAM:
        everything, causes = _tallied(replace(scope, by=By.INBOX))
    total = Tally()
    for tally in everything.values():
        total.add(tally)
    return Report([(key, tallies[key]) for key in _keys(scope, tallies)], total, causes)


def _keys(scope: Scope, found: Iterable[Key]) -> list[Key]:
    """The latest day first; inboxes and teams by name."""
    if scope.by == By.DAY:
        return [*reversed(scope.dates)]
    names = scope.inboxes if scope.by == By.INBOX else scope.teams
    return [pk for pk in names if pk in found]


def _tallied(scope: Scope) -> tuple[defaultdict[Key, Tally], Mapping[str, int]]:
    tallies: defaultdict[Key, Tally] = defaultdict(Tally)
    causes: dict[str, int] = {}
    for key, count in _counted(scope, _REPLIES):
        tallies[key].replies = count
    for key, count in _counted(scope, _TOGETHER):
        tallies[key].together = count
    for key, state, count in _counted(scope, _SUGGESTIONS, "settled_as"):
        setattr(tallies[key], state, count)
    for key, became, cause, count in _counted(scope, _COLLISIONS, "became", "cause"):
        tally = tallies[key]
        setattr(tally, became, getattr(tally, became) + count)
        causes[cause] = causes.get(cause, 0) + count
    return tallies, causes


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rows that are counted: when they were, in which inbox, and whose."""

    rows: Callable[[], QuerySet[Any]]
    at: str = "at"
    inbox: str = "conversation__inbox"
    agent: str = "agent"


def _counted(scope: Scope, kind: _Kind, *by: str) -> Iterable[tuple[Any, ...]]:
    """How many there are of a kind in this scope: (key, *by, count)."""
    inside = {f"{kind.at}__gte": scope.since, f"{kind.inbox}__in": scope.in_inboxes}
    rows = kind.rows().filter(**inside)
    if scope.team:
        members = Agent.objects.filter(groups__team=scope.team)
        rows = rows.filter(**{f"{kind.agent}__in": members.values("pk")})
    key = {
        By.DAY: TruncDate(kind.at, tzinfo=scope.zone),
        By.INBOX: F(kind.inbox),
        By.TEAM: F(f"{kind.agent}__groups__team"),
    }[scope.by]
    keyed = rows.annotate(key_=key).order_by().values_list("key_", *by)
    return keyed.annotate(count_=Count("pk"))


# --- what is counted -------------------------------------------------------------------------


def _replies() -> QuerySet[Entry]:
    return Entry.objects.filter(kind=Entry.Kind.REPLY)


class _SeveralWrote(Func):
    """Whether there are runs of another agent than the first."""

    template = (
        "jsonb_path_exists(%(expressions)s, '$[*][0] ? (@ != $first && @ != null)',"
        " jsonb_build_object('first', %(expressions)s #> '{0,0}'))"
    )
    output_field = BooleanField()


def _together() -> QuerySet[DraftVersion]:
    """Texts that went out as replies and have words of several agents in them."""
    entries = Entry.objects.filter(
        conversation=OuterRef("draft__conversation"), client_id=OuterRef("client_id")
    )
    sent = DraftVersion.objects.filter(client_id__isnull=False, draft__kind=PrivateDraft.Mode.REPLY)
    return sent.filter(_SeveralWrote("runs"), Exists(entries))


def _suggestions() -> QuerySet[Suggestion]:
    state = Case(When(used_at__isnull=False, then=Value("used")), default=Value("declined"))
    return Suggestion.objects.filter(SETTLED).annotate(settled_at=SETTLED_AT, settled_as=state)


def _collisions() -> QuerySet[Collision]:
    """With what became of each: the next reply of the same agent says it."""
    first_text = EntryEdit.objects.filter(entry=OuterRef("pk")).order_by("at", "pk").values("body")
    body = Coalesce(Subquery(first_text[:1]), F("body"))
    next_reply = (
        Entry.objects.filter(
            conversation=OuterRef("conversation"),
            seq__gt=OuterRef("came"),
            kind=Entry.Kind.REPLY,
            agent=OuterRef("agent"),
            at__lt=OuterRef("at") + LATER,
        )
        .order_by("seq")
        .values(digest_=MD5(Concat(Cast("conversation", TextField()), body)))
    )
    became = Case(
        When(cause=Collision.Cause.SENT, then=Value("at_once")),
        When(next_digest=None, then=Value("left")),
        When(next_digest=F("digest"), then=Value("unchanged")),
        default=Value("changed"),
    )
    return Collision.objects.annotate(next_digest=Subquery(next_reply[:1])).annotate(became=became)


_REPLIES = _Kind(_replies)
_TOGETHER = _Kind(_together, inbox="draft__conversation__inbox", agent="author")
_SUGGESTIONS = _Kind(_suggestions, at="settled_at", agent="author")
_COLLISIONS = _Kind(_collisions, inbox="inbox")
