"""Opening hours: intervals by weekday in the inbox's own time zone.

`{"mon": [["09:00", "12:30"], ["13:30", "18:00"]], "sat": [["10:00", "24:00"]]}`; a weekday that is
not named is closed, and no hours at all mean always open.
"""

import re
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Invalid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST = 6  # intervals of one day
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")

Hours = dict[str, list[list[str]]]


def is_open(hours: Hours, time_zone: str, moment: datetime) -> bool:
    """Whether an interval of the local day holds the moment; its end does not belong to it."""
    if not hours:
        return True
    local = moment.astimezone(ZoneInfo(time_zone))
    clock = f"{local:%H:%M}"
    return any(begin <= clock < end for begin, end in hours.get(WEEKDAYS[local.weekday()], ()))


def read_hours(value: Any) -> Hours:
    """Opening hours in order of the week. Raises Invalid for anything but the shape above."""
    if not isinstance(value, dict) or not set(value) <= set(WEEKDAYS):
        raise Invalid(_("Opening hours are given by weekday, mon to sun."))
    return {day: _read_day(value[day]) for day in WEEKDAYS if value.get(day)}


def _read_day(value: Any) -> list[list[str]]:
    if not isinstance(value, list) or len(value) > MOST:
        raise Invalid(_("A day has at most %(most)s opening intervals.") % {"most": MOST})
    day = sorted(_read_interval(interval) for interval in value)
    if any(later[0] < earlier[1] for earlier, later in pairwise(day)):
        raise Invalid(_("Opening intervals of one day overlap."))
    return day


def _read_interval(value: Any) -> list[str]:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(isinstance(time, str) and TIME.fullmatch(time) for time in value)
        or value[0] >= value[1]
    ):
        raise Invalid(_("An opening interval is two times like 09:00 and 18:00, in order."))
    return value


def read_time_zone(value: Any) -> str:
    """A time zone's name, like Asia/Shanghai. Raises Invalid."""
    if not isinstance(value, str) or value not in available_timezones():
        raise Invalid(_("This time zone is not known."))
    return value
