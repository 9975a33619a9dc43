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
from helpdesk.core.rows import Changes

_SPEND = """
INSERT INTO core_allowance AS a (key, left_, at) VALUES (%s, %s - 1, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET
  left_ = LEAST(%s, a.left_ + EXTRACT(EPOCH FROM clock_timestamp() - a.at) * %s) - 1,
  at = clock_timestamp()
RETURNING left_
""".replace("left_", '"left"')

_LEFT = """
SELECT LEAST(%(count)s, "left" + EXTRACT(EPOCH FROM clock_timestamp() - at) * %(rate)s)
FROM core_allowance WHERE key = %(key)s
"""


def _bucket(limit: str, who: object) -> dict[str, Any]:
    count, seconds = settings.LIMITS[limit]
    return {
        "key": f"{limit}:{who}"[:120],
        "count": float(count),
        "rate": count / seconds,
    }


def spend(
    limit: str,
    who: object,
    sentence: str | Promise | None = None,
    *,
    along_with: Changes | None = None,
) -> None:
    """Use one of what `who` is allowed; raises TooMany when nothing is left, now or when the
    changes are stored that it goes along with.

    Inside a transaction the refusal rolls the spending back, so an emptied bucket stays as it is.
    """
    bucket = _bucket(limit, who)

    def take(left: float) -> None:
        if left < 0:
            raise TooMany(sentence, retry_after=max(1, math.ceil(-left / bucket["rate"])))

    changes = along_with or Changes()
    count = bucket["count"]
    changes.add(_SPEND, [bucket["key"], count, count, bucket["rate"]], take)
    if along_with is not None:
        return
    try:
        changes.store()
    except TooMany:
        with connection.cursor() as cursor:  # outside a transaction the failed try cost nothing
            cursor.execute(
                'UPDATE core_allowance SET "left" = "left" + 1 WHERE key = %(key)s',
                bucket,
            )
        raise


def exhausted(limit: str, who: object) -> int:
    """Seconds until `who` may try again; 0 when something is left. Spends nothing."""
    bucket = _bucket(limit, who)
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, bucket)
        row = cursor.fetchone()
    if row is None or row[0] >= 1:
        return 0
    return max(1, math.ceil((1 - row[0]) / bucket["rate"]))
