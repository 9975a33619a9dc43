"""Agents' attendance: renewed by whoever serves their screens, read by whoever shows it.

No commands: that a tab is open is a passing fact, not an act, and has no audit record.
"""

from collections.abc import Iterable

from django.db import connection

from permissions.accounts.models import Agent, AgentStatus

_RENEW = """
INSERT INTO permissions_attendance AS a (agent_id, chosen, last_seen_at, active_at)
SELECT id, %(online)s, clock_timestamp(), clock_timestamp()
FROM permissions_agent WHERE id = ANY(%(here)s) ORDER BY id
ON CONFLICT (agent_id) DO UPDATE SET
  last_seen_at = EXCLUDED.last_seen_at,
  active_at = CASE WHEN a.agent_id = ANY(%(active)s) OR a.last_seen_at IS NULL
              THEN EXCLUDED.active_at ELSE a.active_at END
"""


def renew(here: Iterable[int], active: Iterable[int]) -> None:
    """These agents have a tab open now; the active ones just used it. One statement for all."""
    with connection.cursor() as cursor:
        cursor.execute(
            _RENEW,
            {"here": sorted(here), "active": list(active), "online": AgentStatus.ONLINE.value},
        )


def statuses() -> dict[int, str]:
    """Everybody's status; who is not in it is offline."""
    found = Agent.objects.filter(is_active=True).with_status()
    return dict(found.exclude(status_now=AgentStatus.OFFLINE).values_list("pk", "status_now"))
