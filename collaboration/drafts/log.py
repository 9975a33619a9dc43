"""The log of a shared draft: read by every process in its order, appended to under one lock.

Single edits are no business acts: the log tells who wrote what, so there is no audit record.
"""

import uuid
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from collaboration.drafts.documents import (
    NOTHING,
    Ahead,
    Author,
    Document,
    Signed,
    Unfit,
    in_characters,
)
from collaboration.drafts.events import DraftGrew
from collaboration.drafts.models import DraftVersion, SharedDraft
from collaboration.drafts.writing import Hand, verdicts
from helpdesk.core import failpoints, rows
from helpdesk.core.live import wire
from helpdesk.core.live.sockets import NO_RIGHT, NOT_SIGNED_IN, TOO_LARGE, UNREADABLE
from helpdesk.core.refusals import NotAllowed

MOST_BYTES = 8 * 1024 * 1024  # of one document with its history
PAUSE = timedelta(seconds=30)  # after which the text there was is kept as a version
APART = timedelta(seconds=5)  # between two versions
SMALL = 256 * 1024  # bytes of a document that holds up nobody while it is read

Key = tuple[str, str]  # conversation, kind


class Offer(NamedTuple):
    """An update as it came from an agent's socket."""

    agent_id: int
    session_key: str
    update: bytes
    is_early: bool = False  # its client has yet to say what it wrote before, and says this again

    @property
    def has_content(self) -> bool:
        """A client that has nothing of its own says so when it is asked."""
        return self.update != NOTHING

    @property
    def hand(self) -> Hand:
        return self.agent_id, self.session_key


@dataclass(slots=True)
class Batch:
    """What came for one draft while the last commit ran.

    `draft` is its row as it was when the document was looked at last, `told` the last number the
    room's sockets have, for when the document had to be read anew.
    """

    key: Key
    document: Document | None
    draft: SharedDraft | None
    told: int | None
    states: Sequence[bytes | None] = ()  # of those who ask what they lack
    offers: Sequence[Offer] = ()

    @property
    def hands(self) -> set[Hand]:
        return {offer.hand for offer in self.offers}

    def written(self, rows: Iterable["Row"]) -> list[tuple[Author, bytes]]:
        """Updates of this batch with their authors."""
        return [(self.offers[row.offers[0]].agent_id, row.update) for row in rows]


class Row(NamedTuple):
    n: int
    update: bytes
    offers: Sequence[int] = ()  # which of this batch it consists of: those of one agent


@dataclass(slots=True)
class News:
    """What is in the log beyond what its reader knew."""

    document: Document
    draft: SharedDraft | None = None
    rows: list[Row] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)  # offer → close code
    answers: list[bytes | None] = field(default_factory=list)  # what askers lack; None: no state
    begun: bool | None = None  # there is a text now, or none any more; None: as before
    is_long: bool = False  # the log, which is to be folded

    @property
    def generation(self) -> int:
        return self.draft.generation if self.draft else 0


# In the model's order. Without the snapshot, which is read only when somebody begins with it.
_CHANGING = ("generation", "n", "snapshot_n", "writer_id", "changed_at", "versioned_at", "length")
_LIGHT = ("id", "conversation_id", "kind", *_CHANGING)
COLUMNS = ", ".join(_LIGHT)
_FIND = f"""
SELECT {COLUMNS} FROM collaboration_shareddraft WHERE conversation_id = %s AND kind = %s
"""  # noqa: S608 ours
# In one statement: what it finds belongs together, whoever writes or folds meanwhile.
_WHOLE = f"""
SELECT {COLUMNS}, snapshot, ARRAY(
  SELECT update FROM collaboration_draftupdate
  WHERE draft_id = draft.id AND n > draft.snapshot_n ORDER BY n
)
FROM collaboration_shareddraft draft WHERE conversation_id = %s AND kind = %s
"""  # noqa: S608 ours
_SMALL = (
    _WHOLE % ("$1", "$2")
    + f"AND octet_length(snapshot) <= {SMALL} AND n - snapshot_n <= {SharedDraft.FOLD * 2}"
)
_BEGIN = """
INSERT INTO collaboration_shareddraft
  (conversation_id, kind, generation, n, snapshot, snapshot_n, runs, length)
VALUES (%s, %s, 0, 0, '', 0, '[]', 0) ON CONFLICT DO NOTHING
"""


def find(key: Key) -> SharedDraft | None:
    return _read(_FIND, key)


def lock(key: Key) -> SharedDraft:
    """The draft's row, begun if need be, locked until the end of the transaction."""
    draft = _read(f"{_FIND} FOR NO KEY UPDATE", key)
    while draft is None:
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN, [uuid.UUID(key[0]), key[1]])
        draft = _read(f"{_FIND} FOR NO KEY UPDATE", key)
    return draft


def _read(statement: str, key: Key) -> SharedDraft | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [uuid.UUID(key[0]), key[1]])
        found = cursor.fetchone()
    return as_draft(found) if found else None


def as_draft(columns: Sequence[Any]) -> SharedDraft:
    """From what COLUMNS says."""
    return SharedDraft.from_db(connection.alias, _LIGHT, columns)


def clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


# --- reading ---------------------------------------------------------------------------------


def load(draft: SharedDraft, upto: int | None = None) -> Signed:
    """The document with its authors, up to its last update, or up to a number: without what was
    taken out of it since, as it was sent. It goes beyond that number if that is folded already."""
    for _ in range(5):  # without a lock it may be folded while it is read
        draft.refresh_from_db(fields=["snapshot", "runs", "snapshot_n", "n", "generation"])
        document = Signed(bytes(draft.snapshot), draft.snapshot_n, draft.runs)
        _read_on(draft, document, upto)
        if document.n >= (draft.n if upto is None else min(upto, draft.n)):
            if document.n < draft.n:
                _take_out_of(draft, document)
            return document
    raise OperationalError(f"{draft} could not be read whole")


def load_text(key: Key) -> tuple[SharedDraft | None, Document]:
    """The document up to its last update, and its row as it is with it."""
    found = rows.prepared(_WHOLE, [uuid.UUID(key[0]), key[1]]).fetchone()
    return _whole(found) if found else (None, Document())


def _whole(found: Sequence[Any]) -> tuple[SharedDraft, Document]:
    *columns, snapshot, updates = found
    draft = as_draft(columns)
    if len(updates) != draft.n - draft.snapshot_n:
        raise OperationalError(f"{draft} could not be read whole")
    document = Document(bytes(snapshot), draft.n)
    document.replay((None, bytes(update)) for update in updates)
    return draft, document


def _take_out_of(draft: SharedDraft, document: Document) -> None:
    """Apply what the server itself did later."""
    later = draft.updates.filter(n__gt=document.n, agent=None).order_by("n")
    for update in later.values_list("update", flat=True):
        document.apply(bytes(update), None)


def _read_on(draft: SharedDraft, document: Document, upto: int | None = None) -> list[Row]:
    later = draft.updates.filter(n__gt=document.n).order_by("n")
    if upto is not None:
        later = later.filter(n__lte=upto)
    found: list[Row] = []
    written: list[tuple[Author, bytes]] = []
    for n, agent_id, update in later.values_list("n", "agent", "update"):
        if n != document.n + 1 + len(found):
            break
        found.append(Row(n, bytes(update)))
        written.append((agent_id, found[-1].update))
    document.replay(written)
    document.n += len(found)
    return found


def catch_up(batch: Batch) -> News:
    """Read what was appended since the document was looked at; without one, all of it."""
    return _answer(_catch_up(find(batch.key) if batch.document else None, batch), batch.states)


async def open_small(batch: Batch) -> News | None:
    """All of it, read by the loop itself; None if there is nothing, or too much for that."""
    try:
        for found in await wire.ask(_SMALL, *batch.key):
            return _answer(_opened(batch, *_whole(found)), batch.states)
    except OperationalError:  # a connection from before PostgreSQL's restart: a thread asks instead
        pass
    return None


def answer(batch: Batch) -> News:
    """What askers lack of a document that is as others have it, as far as anybody told."""
    assert batch.document is not None
    return _answer(News(batch.document, batch.draft), batch.states)


def _catch_up(draft: SharedDraft | None, batch: Batch) -> News:
    """The same, with the draft's row if it has just been read."""
    document = batch.document
    if draft is None or document is None or draft.snapshot_n > document.n:
        return _opened(batch, *load_text(batch.key))
    return News(document, draft, _read_on(draft, document) if draft.n > document.n else [])


def _opened(batch: Batch, draft: SharedDraft | None, document: Document) -> News:
    news = News(document, draft)
    if batch.told is not None and batch.told < document.n:
        news.rows = [Row(document.n, document.update_since())]
    return news


def _answer(news: News, states: Sequence[bytes | None]) -> News:
    for state in states:
        try:
            news.answers.append(news.document.update_since(state))
        except Unfit:
            news.answers.append(None)
    return news


# --- appending -------------------------------------------------------------------------------


def append(batch: Batch) -> News:
    """Append what came, in one transaction, after what others appended meanwhile.

    If this fails, the document given is not to be used any more: it may be ahead of the log.
    """
    with transaction.atomic(durable=True):
        news = _catch_up(lock(batch.key), batch)
        draft = news.draft
        assert draft is not None
        anew = begins_anew(draft, batch.offers[0].agent_id)
        kept = _take_in(batch, news)
        if kept:
            if anew:
                _version_before(draft).save(force_insert=True)
                draft.versioned_at = timezone.now()
            failpoints.reach("draft_applied_before_store")
            store([Change(draft, batch.written(kept), news.document.length)])
    return finish(news, batch, kept)


def _take_in(batch: Batch, news: News) -> list[Row]:
    known = verdicts(batch.hands, *batch.key)
    kept: list[Row] = []
    for position, offer in enumerate(batch.offers):
        if not offer.has_content:
            continue
        verdict = known.get(offer.hand)  # none: their session is over
        may = verdict is not None and verdict.writes
        if news.document.size + len(offer.update) > MOST_BYTES:
            news.refused[position] = TOO_LARGE
            continue
        try:
            changed = news.document.admit(offer.update)
            if changed and not may:  # who reads may say what is known already, as clients do
                raise NotAllowed
        except (Unfit, NotAllowed) as error:
            if not (may and offer.is_early and isinstance(error, Ahead)):
                why_not = NO_RIGHT if verdict else NOT_SIGNED_IN
                news.refused[position] = UNREADABLE if may else why_not
            _, news.document = load_text(batch.key)
            for _, update in batch.written(kept):
                news.document.apply(update)
            news.document.n += len(kept)
            continue
        if changed:
            news.document.n += 1
            kept.append(Row(news.document.n, offer.update, (position,)))
    return kept


def finish(news: News, batch: Batch, kept: list[Row]) -> News:
    """What is known once it is stored."""
    draft, document = news.draft, news.document
    assert draft is not None
    news.rows += kept
    if kept:
        if bool(draft.length) != bool(document.length):
            news.begun = bool(document.length)
        draft.length, draft.changed_at = document.length, timezone.now()
    after = document.n - draft.snapshot_n
    news.is_long = after // SharedDraft.FOLD > (after - len(kept)) // SharedDraft.FOLD
    return _answer(news, batch.states)


@dataclass(slots=True)
class Change:
    """What a locked draft goes on with: updates, their authors, how long its text is then."""

    draft: SharedDraft
    updates: Sequence[tuple[Author, bytes]]
    length: int


# The rows and the numbers they end with, in one statement: it is asked with every keystroke.
_STORE = """
WITH added AS (
  INSERT INTO collaboration_draftupdate (draft_id, n, agent_id, update, at)
  SELECT draft, n, agent, content, clock_timestamp()
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[])
    AS given(draft, n, agent, content)
)
UPDATE collaboration_shareddraft draft
SET n = head.n, writer_id = head.writer, changed_at = clock_timestamp(),
  versioned_at = head.versioned, generation = head.generation, length = head.length
FROM unnest(
  %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[]
) AS head(id, n, writer, versioned, generation, length)
WHERE draft.id = head.id
"""


def store(changes: Iterable[Change]) -> None:
    """Number the updates and append them to their drafts, which are locked."""
    updates, heads = [], []
    for change in changes:
        draft = change.draft
        rows_of = enumerate(change.updates, draft.n + 1)
        updates += [(draft.pk, n, author, update) for n, (author, update) in rows_of]
        appended(draft, change.updates)
        facts = (draft.writer_id, draft.versioned_at, draft.generation, change.length)
        heads.append((draft.pk, draft.n, *facts))
    columns = (*zip(*updates, strict=True), *zip(*heads, strict=True))
    rows.prepared(_STORE, [list(column) for column in columns])


def appended(draft: SharedDraft, updates: Sequence[tuple[Author, bytes]]) -> None:
    """The row as it is after these."""
    draft.n += len(updates)
    draft.writer_id = updates[-1][0]


def grew(draft: SharedDraft) -> DraftGrew:
    return DraftGrew(heads=[(str(draft.conversation_id), draft.kind, draft.n)])


# --- versions --------------------------------------------------------------------------------


def version_of(draft: SharedDraft, document: Signed, author_id: int | None) -> DraftVersion:
    """The draft as the document has it, to be saved with what comes next."""
    return DraftVersion(
        draft=draft,
        n=document.n,
        generation=draft.generation,
        author_id=author_id,
        text=document.text,
        runs=in_characters(document.pieces()),
    )


def begins_anew(draft: SharedDraft, agent_id: int) -> bool:
    """Whether somebody else goes on with what is there, or somebody after a pause."""
    if draft.changed_at is None or not draft.length:
        return False
    now = timezone.now()  # of this process: nothing hangs on the second
    if draft.writer_id == agent_id and now - draft.changed_at < PAUSE:
        return False
    return draft.versioned_at is None or now - draft.versioned_at >= APART


def _version_before(draft: SharedDraft) -> DraftVersion:
    found = version_of(draft, load(copy(draft)), draft.writer_id)
    found.at = draft.changed_at or found.at
    return found


# --- taking a text out of it -----------------------------------------------------------------


def take_out(draft: SharedDraft, version: DraftVersion, clearing: bytes) -> int:
    """The text of this version leaves a locked draft; what was typed since stays in it.

    Returns how long that is.
    """
    left = 0 if version.n == draft.n else _left(draft, clearing)
    version.pk, version.draft, version.at = None, draft, clock()
    version.save(force_insert=True)
    draft.generation += 1
    store([Change(draft, [(None, clearing)], left)])  # though it clears nothing: all are told by it
    return left


def _left(draft: SharedDraft, clearing: bytes) -> int:
    _, document = load_text((str(draft.conversation_id), draft.kind))
    document.apply(clearing)
    return document.length
