"""Who must wait after failed sign-ins, for how long, and that administrators learn of it."""

import math
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpdesk.core.limits import exhausted
from permissions.accounts.models import Agent
from permissions.acts.command import command

ACCOUNT = "sign-in failures per account"
ADDRESS = "sign-in failures per address"
SECOND_FACTOR = "second factor failures"


def sentence(seconds: int) -> str:
    """What the person is told."""
    minutes = max(1, math.ceil(seconds / 60))
    return ngettext(
        "Too many failed sign-ins. Please try again in %(minutes)d minute.",
        "Too many failed sign-ins. Please try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}


def tell(agent: Agent | None, limit: str, who: object) -> None:
    """Record that the last failure shut the door."""
    if exhausted(limit, who):
        with command("agent.locked_out", actor=None, on=agent) as step:
            step.note(limit=limit)


@dataclass(frozen=True, slots=True)
class Lockout:
    limit: str
    who: str  # a name or an address
    seconds: int

    @property
    def minutes(self) -> int:
        return max(1, math.ceil(self.seconds / 60))

    @property
    def why(self) -> str:
        return {
            ACCOUNT: _("Wrong passwords for this account"),
            ADDRESS: _("Wrong passwords from this address"),
            SECOND_FACTOR: _("Wrong codes"),
        }[self.limit]


_SHUT = """
SELECT substr(key, %(begins)s + 1), (1 - now_left) / %(rate)s FROM (
  SELECT key, "left" + EXTRACT(EPOCH FROM clock_timestamp() - at) * %(rate)s AS now_left
  FROM core_allowance WHERE key >= %(from)s AND key < %(to)s
) buckets WHERE now_left < 1 ORDER BY 2 DESC LIMIT 100
"""


def standing() -> list[Lockout]:
    """Everybody who must wait now."""
    found = []
    for limit in (ACCOUNT, ADDRESS, SECOND_FACTOR):
        count, seconds = settings.LIMITS[limit]
        prefix = f"{limit}:"
        with connection.cursor() as cursor:
            cursor.execute(
                _SHUT,
                {
                    "begins": len(prefix),
                    "rate": count / seconds,
                    "from": prefix,
                    "to": f"{limit};",
                },
            )
            found += [Lockout(limit, who, math.ceil(left)) for who, left in cursor.fetchall()]
    return _named(found)


def _named(found: list[Lockout]) -> list[Lockout]:
    """Accounts behind a second factor stand there by their number."""
    ids = [int(lock.who) for lock in found if lock.limit == SECOND_FACTOR and lock.who.isdigit()]
    names = dict(Agent.objects.filter(pk__in=ids).values_list("pk", "username"))
    return [
        Lockout(lock.limit, names.get(int(lock.who), lock.who), lock.seconds)
        if lock.limit == SECOND_FACTOR and lock.who.isdigit()
        else lock
        for lock in found
    ]
