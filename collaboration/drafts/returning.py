"""Who comes again: one statement of the loop tells whether all is as it was.

A seat follows from the rows of its session and its agent, a right to write from those of its stamp.
While none of them has a new version, what was found then holds, and no thread is asked.
"""

import json
from collections import OrderedDict
from typing import NamedTuple

from django.db import OperationalError

from collaboration.drafts.writing import HANDS, STAMP, stamp_of
from collaboration.workspace.seats import Seat
from helpdesk.core.live import wire

_LOOK = f"""
SELECT concat_ws('.', session.xmin, agent.xmin), {STAMP}
FROM (SELECT given.conversation, given.key, sign_in.agent_id AS agent
      FROM json_to_record($1) AS given (conversation uuid, key text)
      JOIN permissions_signin sign_in ON sign_in.session_key = given.key) AS asked {HANDS}
"""  # noqa: S608 ours

_kept: OrderedDict[str, tuple[str, Seat]] = OrderedDict()  # by session, with the rows' versions
_KEEP = 4096


class Return(NamedTuple):
    """What is known of a session that asks for a draft."""

    versions: str | None = None  # of the rows its seat follows from
    seat: Seat | None = None  # if they are those of a seat that was taken before
    writes: bool = False  # for sure


async def look(session_key: str, conversation_id: str, kind: str) -> Return:
    asked = {"conversation": conversation_id, "key": session_key}
    try:
        found = await wire.ask(_LOOK, json.dumps(asked))
    except OperationalError:  # a connection from before PostgreSQL's restart: a thread asks instead
        return Return()
    for versions, stamp in found:
        known, seat = _kept.get(session_key, (None, None))
        if seat is None or known != versions:
            return Return(versions)
        return Return(versions, seat, stamp == stamp_of(conversation_id, kind, seat.agent_id))
    return Return()


def remember(seat: Seat, versions: str | None) -> None:
    """A seat that was taken after these versions were read."""
    if versions and not seat.sight.exceptions:  # which end by the clock
        _kept[seat.session_key] = versions, seat
        while len(_kept) > _KEEP:
            _kept.popitem(last=False)
