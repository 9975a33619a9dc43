"""What a report is about: how many days, of which inbox and team, and what its rows are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.inboxes.models import Inbox
from conversations.threads.moments import zone_of
from helpdesk.core.refusals import NotAllowed, NotFound
from helpdesk.core.web.negotiation import read_number
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import granted
from permissions.acts.vocabulary import Act

DAYS = (7, 30, 90)


class By(TextChoices):
    DAY = "day", gettext_lazy("By day")
    INBOX = "inbox", gettext_lazy("By inbox")
    TEAM = "team", gettext_lazy("By team")


@dataclass(frozen=True, slots=True)
class Scope:
    """Never wider than what its reader may see reports on."""

    inboxes: Mapping[int, str]  # those one may choose from, by name
    teams: Mapping[int, str]
    days: int
    by: By
    inbox: int | None
    team: int | None
    zone: ZoneInfo
    today: date

    @property
    def dates(self) -> list[date]:
        """Each day, the earliest first."""
        return [self.today - timedelta(days=back) for back in reversed(range(self.days))]

    @property
    def row_name(self) -> str:
        return {By.DAY: _("Day"), By.INBOX: _("Inbox"), By.TEAM: _("Team")}[self.by]

    @property
    def since(self) -> datetime:
        return datetime.combine(self.dates[0], datetime.min.time(), self.zone)

    @property
    def in_inboxes(self) -> list[int]:
        return [self.inbox] if self.inbox else list(self.inboxes)

    def address(self, **other: object) -> str:
        """The query that leads here, or to what differs from it."""
        facts = {"days": self.days, "by": self.by.value, "inbox": self.inbox, "team": self.team}
        return urlencode({name: value for name, value in (facts | other).items() if value})


def may_see(agent: Agent) -> bool:
    """Whether there is any inbox on which the agent sees reports."""
    return bool(granted(agent, Act.REPORT))


def read_scope(agent: Agent, data: Mapping[str, str]) -> Scope:
    """From an address. NotAllowed without any right, NotFound for an inbox or team of others."""
    allowed = granted(agent, Act.REPORT)
    if not allowed:
        raise NotAllowed
    inboxes = dict(Inbox.objects.filter(pk__in=allowed).order_by("name").values_list("pk", "name"))
    looking_after = Team.objects.filter(inboxes__in=allowed).distinct().order_by("name")
    teams = dict(looking_after.values_list("pk", "name"))
    days = read_number(data.get("days"), 30)
    inbox = read_number(data.get("inbox"), 0) or None
    team = read_number(data.get("team"), 0) or None
    if (inbox and inbox not in inboxes) or (team and team not in teams):
        raise NotFound
    by = data.get("by", "")
    zone = zone_of(agent, data.get("time_zone"))
    return Scope(
        inboxes=inboxes,
        teams=teams,
        days=days if days in DAYS else 30,
        by=By(by) if by in By.values else By.DAY,
        inbox=inbox,
        team=team,
        zone=zone,
        today=timezone.localdate(timezone=zone),
    )
