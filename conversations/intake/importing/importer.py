"""An import from its first line to its last: batches, second tries, and what became of it all."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.utils import timezone

from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox
from conversations.intake.importing.commands import import_dialogues
from conversations.intake.importing.dialogues import BadLine, Dialogue, read_dialogue
from conversations.intake.importing.lines import Lines
from conversations.threads.models import Conversation, Entry

BATCH = 250  # dialogues in one transaction, or fewer if they are long:
BATCH_ENTRIES = 5_000
BATCH_BYTES = 8 * 1024 * 1024
MANY = 100  # imported dialogues that change what PostgreSQL knows of its tables
TRIES = 3  # of a batch that was cut off by other work
PATIENCE = 60.0  # seconds to wait for a database that is away
# Dialogues without a time of their own are dated so long before the import. Every process looks
# for conversations that changed within the last seconds, and must not find thousands of them.
AGO = timedelta(minutes=1)


class Unreachable(Exception):
    """The database went away and did not come back. What was counted before has landed."""


@dataclass(slots=True)
class Tally:
    imported: int = 0
    known: int = 0
    skipped: int = 0
    entries: int = 0


class Importer:
    """Imports the lines of one file. `tally` counts only what is committed.

    `refused(line number, reason)` is called for each line that is skipped, `landed()` after each
    transaction. No line takes others with it: a batch the database refuses is tried line by line.
    """

    def __init__(
        self,
        inbox: Inbox,
        source: str,
        *,
        refused: Callable[[int, str], None],
        landed: Callable[[], None] = lambda: None,
    ) -> None:
        self.inbox = inbox
        self.source = source
        self.tally = Tally()
        self._refused = refused
        self._landed = landed
        self._moment = timezone.now() - AGO
        self._waiting: list[Dialogue] = []
        self._entries = self._bytes = 0

    def run(self, lines: Lines) -> None:
        for line in lines:
            try:
                dialogue = read_dialogue(line.number, line.content, moment=self._moment)
            except BadLine as reason:
                self._refuse(line.number, str(reason))
                continue
            self._waiting.append(dialogue)
            self._entries += len(dialogue.entries)
            self._bytes += len(line.content or b"")
            if (
                len(self._waiting) >= BATCH
                or self._entries >= BATCH_ENTRIES
                or self._bytes >= BATCH_BYTES
            ):
                self._flush()
        self._flush()
        if self.tally.imported >= MANY:
            _take_statistics()

    def _flush(self) -> None:
        batch, self._waiting = self._waiting, []
        self._entries = self._bytes = 0
        if batch:
            self._land(batch)

    def _land(self, batch: list[Dialogue]) -> None:
        try:
            self._store(batch)
        except ProgrammingError:
            raise  # the database is not of this version: no line's fault
        except DatabaseError as error:
            if len(batch) == 1:
                self._refuse(batch[0].line, _reason(error))
                return
            for dialogue in batch:
                self._land([dialogue])

    def _store(self, batch: list[Dialogue]) -> None:
        """One transaction, tried again where other work or an outage was in its way."""
        for tries_left in reversed(range(TRIES)):
            try:
                landed = import_dialogues(inbox=self.inbox, dialogues=batch, source=self.source)
            except (OperationalError, InterfaceError):
                _wait_for_database()
                if not tries_left:
                    raise
            else:
                self.tally.imported += landed.imported
                self.tally.known += landed.known
                self.tally.entries += landed.entries
                self._landed()
                return

    def _refuse(self, line: int, reason: str) -> None:
        self.tally.skipped += 1
        self._refused(line, reason)


def _take_statistics() -> None:
    """Let PostgreSQL plan with the new rows at once, not when it looks by itself."""
    with suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        for model in (Customer, Conversation, Entry):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _wait_for_database() -> None:
    """Returns once the database answers. Raises Unreachable after a minute."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.close()
            connection.ensure_connection()
            return
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > deadline:
                raise Unreachable(_reason(error)) from error
            time.sleep(0.5)


def _reason(error: BaseException) -> str:
    """The database's first line, which names no content."""
    return f"the database refused it: {str(error).strip().splitlines()[0]}"
