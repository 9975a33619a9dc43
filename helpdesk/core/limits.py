"""Rate limits. The counters are rows, so neither a restart nor another process resets them.

Each limit is a token bucket: it holds at most `count` and refills evenly, `count` per `seconds`.
Times are the database's, so clocks of processes do not matter.
"""

import math
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise

from helpdesk.core.refusals import TooMany
from helpdesk.core.rows import Changes, prepared

_SPEND = """
INSERT INTO core_allowance AS a (key, left_, at) VALUES (%s, %s - 1, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET
  left_ = LEAST(%s, a.left_ + EXTRACT(EPOCH FROM clock_timestamp() - a.at) * %s) - 1,
  at = clock_timestamp()
RETURNING left_
""".replace("left_", '"left"')

Bucket = dict[str, Any]
NO_BUCKET: Bucket = {"key": "", "count": 0.0, "rate": 0.0}
# What is left in a bucket, as a column beside others that are asked for.
LEFT = """COALESCE((
  SELECT LEAST(%(count)s, "left" + EXTRACT(EPOCH FROM clock_timestamp() - at) * %(rate)s)
  FROM core_allowance WHERE key = %(key)s), %(count)s)"""


def bucket(limit: str, who: object) -> Bucket:
    count, seconds = settings.LIMITS[limit]
    return {
        "key": f"{limit}:{who}"[:120],
        "count": float(count),
        "rate": count / seconds,
    }


def spend(limit: str, who: object, sentence: str | Promise | None = None) -> None:
    """Use one of what `who` is allowed; raises TooMany when nothing is left.

    Inside a transaction the refusal rolls the spending back, so an emptied bucket stays as it is.
    """
    mine, changes = bucket(limit, who), Changes()

    def take(left: float) -> None:
        if left < 0:
            raise TooMany(sentence, retry_after=_wait(left + 1, mine))

    changes.add(_SPEND, _spending(mine), take)
    try:
        changes.store()
    except TooMany:
        with connection.cursor() as cursor:  # outside a transaction the failed try cost nothing
            cursor.execute(
                'UPDATE core_allowance SET "left" = "left" + 1 WHERE key = %(key)s', mine
            )
        raise


def spend_with(changes: Changes, mine: Bucket, *, left: float | None = None) -> None:
    """Use one when the changes are stored. Raises TooMany if none is left now, or was `left` when
    that was read.

    Those who ask in the same moment may all get one: the bucket then owes what they took, and
    whoever comes next waits for that, too.
    """
    left = _left(mine) if left is None else left
    if left < 1:
        raise TooMany(retry_after=_wait(left, mine))
    changes.add(_SPEND, _spending(mine), lambda left: None)


def exhausted(limit: str, who: object) -> int:
    """Seconds until `who` may try again; 0 when something is left. Spends nothing."""
    mine = bucket(limit, who)
    left = _left(mine)
    return 0 if left >= 1 else _wait(left, mine)


def _left(mine: Bucket) -> float:
    left: float = prepared(f"SELECT {LEFT}", mine).fetchone()[0]
    return left


def _spending(mine: Bucket) -> list[Any]:
    return [mine["key"], mine["count"], mine["count"], mine["rate"]]


def _wait(left: float, mine: Bucket) -> int:
    """Seconds until there is one again."""
    return max(1, math.ceil((1 - left) / mine["rate"]))
