"""Times by name, in the agent's own zone."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from conversations.threads.moments import read_moment
from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Agent

NOW = datetime(2026, 3, 4, 22, 30, tzinfo=UTC)  # a Wednesday; Thursday morning in Shanghai


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1h", "2026-03-04T23:30+00:00"),
        ("3h", "2026-03-05T01:30+00:00"),
        ("7d", "2026-03-11T22:30+00:00"),
        ("tomorrow", "2026-03-06T09:00+08:00"),
        ("monday", "2026-03-09T09:00+08:00"),
        ("week", "2026-03-12T09:00+08:00"),
        ("2026-04-01T08:15", "2026-04-01T08:15+08:00"),
        ("2026-04-01T08:15+02:00", "2026-04-01T08:15+02:00"),
    ],
)
def test_names_of_times(name, expected):
    with time_machine.travel(NOW, tick=False):
        found = read_moment(name, agent=Agent(time_zone="Asia/Shanghai"))
    assert found == datetime.fromisoformat(expected)


def test_on_a_monday_the_next_one_is_meant():
    with time_machine.travel(datetime(2026, 3, 9, 7, tzinfo=UTC), tick=False):
        found = read_moment("monday", agent=Agent(time_zone="UTC"))
    assert found == datetime(2026, 3, 16, 9, tzinfo=UTC)


def test_without_a_setting_the_browsers_zone_counts():
    with time_machine.travel(NOW, tick=False):
        found = read_moment("tomorrow", agent=Agent(), zone="America/New_York")
        other = read_moment("tomorrow", agent=Agent(), zone="../../etc/passwd")
    assert found.utcoffset() == timedelta(hours=-5)
    assert other.hour == 9


@pytest.mark.parametrize("value", ["", None, 5, "x", "0h", "1000000h", "9999-01-01", "1h" * 40])
def test_what_is_no_time(value):
    with pytest.raises(Invalid):
        read_moment(value, agent=Agent())
