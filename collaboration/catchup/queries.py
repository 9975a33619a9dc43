"""The summary an agent finds who returns to a conversation, or comes to it for the first time."""

from dataclasses import dataclass
from datetime import datetime

from collaboration.catchup.lines import ASSIGNMENT, LABELS, MODE, STATUS, Line, lines_of
from collaboration.catchup.missed import Missed, missed_by
from conversations.threads.models import Conversation
from permissions.accounts.models import Agent

HANDFUL = 5  # so many entries are read faster than a summary of them
CHANGES = {*ASSIGNMENT, *STATUS, *LABELS, *MODE}  # told however few entries there are


@dataclass(frozen=True, slots=True)
class CatchUp:
    """A summary for one reader, of what came between two numbers."""

    since: datetime
    is_first: bool  # they never read anything here: it is about the whole
    after: int
    upto: int
    lines: list[Line]


def catch_up(reader: Agent, conversation: Conversation, after: int | None) -> CatchUp | None:
    """What the reader of a visible conversation missed after a number (None: they never read any
    of it); None if that is nothing worth telling."""
    begin, upto = after or 0, conversation.last_seq
    if begin >= upto or (after is None and upto <= HANDFUL):
        return None
    missed = missed_by(reader, conversation, begin, upto)
    if missed.count <= HANDFUL and (after is None or not _changes(missed)):
        return None
    return CatchUp(
        since=missed.since or conversation.created_at,
        is_first=after is None,
        after=begin,
        upto=upto,
        lines=lines_of(missed, conversation),
    )


def _changes(missed: Missed) -> bool:
    """Whether the conversation itself became another: its owner, its state, its labels."""
    return any(one.type in CHANGES for one in missed.events)
