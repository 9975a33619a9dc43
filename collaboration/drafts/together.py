"""The way of nearly every keystroke: what came for all open drafts goes into one commit.

One statement locks the drafts and asks who may write, one appends. A draft of which more has to be
asked is left to `log.append`: somebody else has it or wrote in it, somebody's right is not sure, or
an update is to be refused.
"""

import json
from collections.abc import Sequence

from collaboration.drafts.documents import NOTHING, Unfit
from collaboration.drafts.log import (
    COLUMNS,
    MOST_BYTES,
    Batch,
    Change,
    Key,
    News,
    Row,
    as_draft,
    begins_anew,
    finish,
    store,
)
from collaboration.drafts.models import SharedDraft
from collaboration.drafts.writing import HANDS, STAMP, Hand, may_surely_write
from helpdesk.core import failpoints, rows

# Who else has a draft is not waited for: everybody here would wait with us.
_LOCK = f"""
WITH free AS MATERIALIZED (
  SELECT {COLUMNS}
  FROM json_to_recordset(%s) AS wanted(conversation uuid, of text)
  JOIN collaboration_shareddraft draft ON conversation_id = conversation AND kind = of
  FOR NO KEY UPDATE OF draft SKIP LOCKED
)
SELECT array(
  SELECT concat_ws(' ', agent.id, asked.key, {STAMP})
  FROM json_to_recordset(%s) AS asked(conversation uuid, of text, agent bigint, key text) {HANDS}
  WHERE asked.conversation = free.conversation_id AND asked.of = free.kind
), free.* FROM free
"""  # noqa: S608 ours


def append_together(batches: Sequence[Batch]) -> list[News | None]:
    """Append to each draft what came for it; None for a draft that is to be appended to alone."""
    found: list[News | None] = []
    changes: list[Change] = []
    with rows.in_one_go():
        free = _lock(batches)
        for batch in batches:
            draft, news = free.get(batch.key), None
            if draft and (kept := _take_in(batch)) is not None:
                assert batch.document is not None
                news = finish(News(batch.document, draft.generation), draft, batch, kept)
                if kept:
                    changes.append(Change(draft, batch.written(kept), batch.document.length))
            found.append(news)
        if changes:
            failpoints.reach("draft_applied_before_store")
            store(changes)
    return found


def _lock(batches: Sequence[Batch]) -> dict[Key, SharedDraft]:
    """The drafts that are as we know them and whose writers may all write, locked."""
    wanted = [{"conversation": pk, "of": kind} for pk, kind in (batch.key for batch in batches)]
    asked = [
        {**key, "agent": agent_id, "key": session_key}
        for key, batch in zip(wanted, batches, strict=True)
        for agent_id, session_key in batch.hands
    ]
    free: dict[Key, SharedDraft] = {}
    given = {batch.key: batch for batch in batches}
    for hands, *found in rows.prepared(_LOCK, [json.dumps(wanted), json.dumps(asked)]).fetchall():
        draft = as_draft(found)
        batch = given[str(draft.conversation_id), draft.kind]
        if (
            batch.document
            and batch.document.n == draft.n
            and not begins_anew(draft, batch.document, batch.offers[0].agent_id)
            and batch.hands == set(filter(None, (_sure(hand, batch.key) for hand in hands)))
        ):
            free[batch.key] = draft
    return free


def _sure(found: str, key: Key) -> Hand | None:
    agent_id, session_key, stamp = found.split(" ")
    sure = may_surely_write(*key, int(agent_id), stamp)
    return (int(agent_id), session_key) if sure else None


def _take_in(batch: Batch) -> list[Row] | None:
    """What of it is new. None if anything has to be refused; the document is of no use then."""
    document, kept = batch.document, []
    assert document is not None
    try:
        with document.listening():
            for position, offer in enumerate(batch.offers):
                if document.size + len(offer.update) > MOST_BYTES:
                    raise Unfit
                if offer.update != NOTHING and document.admit(offer.update, offer.agent_id):
                    document.n += 1
                    kept.append(Row(document.n, offer.update, position))
    except Unfit:
        batch.document = None
        return None
    return kept
