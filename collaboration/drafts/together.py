"""The way of nearly every keystroke: what came for all open drafts is one statement and one commit.

What came is tried on the documents first; the statement appends to those drafts which are still as
we know them, whose writers may still write, and which nobody holds. A draft of which more has to be
asked is left to `log.append`: somebody else has it or wrote in it, somebody's right is not sure, or
an update is large or to be refused.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from collaboration.drafts.documents import Unfit, joined
from collaboration.drafts.log import (
    MOST_BYTES,
    Batch,
    News,
    Offer,
    Row,
    appended,
    begins_anew,
    finish,
)
from collaboration.drafts.writing import HANDS, STAMP, stamp_of
from helpdesk.core import failpoints
from helpdesk.core.live import wire

SMALL = 8 * 1024  # bytes of an update that holds up nobody while it is read
FEW = 4  # updates in one row: a document of long ones is read slowly

# Who else has a draft is not waited for: everybody here would wait with us.
# Each is found by its key: a plan that joins them reads through all drafts there are.
_APPEND = f"""
WITH given AS MATERIALIZED (
  SELECT * FROM json_to_recordset($1) AS given
    (draft bigint, n bigint, writer bigint, length bigint, hands json, updates json)
), free AS MATERIALIZED (
  SELECT draft.id, given.n, given.writer, given.length, given.updates
  FROM given CROSS JOIN LATERAL (
    SELECT id, conversation_id FROM collaboration_shareddraft
    WHERE id = given.draft AND n = given.n FOR NO KEY UPDATE SKIP LOCKED
  ) AS draft
  WHERE json_array_length(given.hands) = (
    SELECT count(*)
    FROM (SELECT draft.conversation_id AS conversation, hand.* FROM json_to_recordset(given.hands)
          AS hand(agent bigint, key text, stamp text)) AS asked {HANDS}
    WHERE asked.stamp = {STAMP}
  )
), added AS (
  INSERT INTO collaboration_draftupdate (draft_id, n, agent_id, update, at)
  SELECT free.id, free.n + place, (one->>0)::bigint, decode(one->>1, 'hex'), clock_timestamp()
  FROM free CROSS JOIN json_array_elements(free.updates) WITH ORDINALITY AS every(one, place)
)
UPDATE collaboration_shareddraft draft
SET n = free.n + json_array_length(free.updates), writer_id = free.writer, length = free.length,
  changed_at = clock_timestamp()
FROM free WHERE draft.id = free.id
RETURNING draft.id, draft.snapshot_n
"""  # noqa: S608 ours


async def append_together(batches: Sequence[Batch]) -> list[News | None]:
    """Append to each draft what came for it; None for a draft that is to be appended to alone.

    If this fails, no document is to be used any more: it may be ahead of the log.
    """
    taken = [_take_in(batch) if _is_sure(batch) else None for batch in batches]
    asked = [_asked(batch, kept) for batch, kept in zip(batches, taken, strict=True) if kept]
    snapshots: dict[int, int] = {}
    if asked:
        failpoints.reach("draft_applied_before_store")
        snapshots.update(await wire.ask(_APPEND, json.dumps(asked)))
    found: list[News | None] = []
    for batch, kept in zip(batches, taken, strict=True):
        document, draft, news = batch.document, batch.draft, None
        if kept is not None and document and draft:
            if not kept or draft.pk in snapshots:
                news = News(document, draft)
                if kept:
                    draft.snapshot_n = snapshots[draft.pk]
                    appended(draft, batch.written(kept))
                finish(news, batch, kept)
            else:
                batch.document = None  # it is ahead of the log
        found.append(news)
    return found


def _is_sure(batch: Batch) -> bool:
    """Whether nothing has to be asked but whether all is still as it was."""
    document, draft = batch.document, batch.draft
    return (
        document is not None
        and draft is not None
        and document.n == draft.n
        and not begins_anew(draft, batch.offers[0].agent_id)
        and all(len(offer.update) <= SMALL for offer in batch.offers)
        and all(stamp_of(*batch.key, agent_id) for agent_id, _ in batch.hands)
    )


def _take_in(batch: Batch) -> list[Row] | None:
    """What of it is new. None if anything has to be refused; the document is of no use then."""
    document, kept = batch.document, []
    assert document is not None
    try:
        for offers in _in_rows(batch.offers):
            update = joined([batch.offers[position].update for position in offers])
            if document.size + len(update) > MOST_BYTES:
                raise Unfit
            if document.admit(update):
                document.n += 1
                kept.append(Row(document.n, update, offers))
    except Unfit:
        batch.document = None
        return None
    return kept


def _in_rows(offers: Sequence[Offer]) -> Iterator[list[int]]:
    """Which offers are stored as one: a few keys of one agent.

    What two agents typed before either saw the other's has no order of its own.
    """
    of_agents: dict[int, list[int]] = {}
    for position, offer in enumerate(offers):
        if offer.has_content:
            of_agents.setdefault(offer.agent_id, []).append(position)
    for positions in of_agents.values():
        for at in range(0, len(positions), FEW):
            yield positions[at : at + FEW]


def _asked(batch: Batch, kept: Sequence[Row]) -> dict[str, Any]:
    """What the statement is to append, and on which conditions."""
    assert batch.document is not None
    assert batch.draft is not None
    written = batch.written(kept)
    return {
        "draft": batch.draft.pk,
        "n": batch.draft.n,
        "writer": written[-1][0],
        "length": batch.document.length,
        "hands": [
            {"agent": agent_id, "key": key, "stamp": stamp_of(*batch.key, agent_id)}
            for agent_id, key in batch.hands
        ],
        "updates": [(author, update.hex()) for author, update in written],
    }
