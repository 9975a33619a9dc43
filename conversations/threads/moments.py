"""Times as people name them: "3h", "tomorrow", "monday", or a date with a clock time."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Agent

MORNING = time(9)
FARTHEST = timedelta(days=5 * 366)
_SPAN = re.compile(r"([1-9]\d{0,3})([hd])")
_DAYS: Mapping[str, Callable[[datetime], int]] = {
    "tomorrow": lambda now: 1,
    "monday": lambda now: 7 - now.weekday(),
    "week": lambda now: 7,
}


def read_moment(value: Any, *, agent: Agent, zone: Any = "") -> datetime:
    """The moment a name or an ISO date means to the agent. Raises Invalid.

    Days begin at nine in the agent's time zone: their own setting, else that of their browser.
    """
    if not isinstance(value, str) or not 0 < len(value) <= 40:
        raise Invalid(_("A time is missing."))
    now = timezone.now().astimezone(zone_of(agent, zone))
    if span := _SPAN.fullmatch(value):
        size = int(span[1])
        moment = now + (timedelta(hours=size) if span[2] == "h" else timedelta(days=size))
    elif value in _DAYS:
        day = now.date() + timedelta(days=_DAYS[value](now))
        moment = datetime.combine(day, MORNING, now.tzinfo)
    else:
        moment = _date(value, now)
    if moment > now + FARTHEST:
        raise Invalid(_("This time is too far away."))
    return moment


def _date(value: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
    except ValueError:
        raise Invalid(_("This is not a time.")) from None


def zone_of(agent: Agent, asked: Any) -> ZoneInfo:
    """The agent's own setting, else that of their browser, else the server's."""
    known = available_timezones()
    for name in (agent.time_zone, asked):
        if isinstance(name, str) and name in known:
            return ZoneInfo(name)
    return ZoneInfo(settings.TIME_ZONE)
