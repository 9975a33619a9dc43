"""A whole conversation as a file, masked for its reader as on their screen."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.threads import queries
from conversations.threads.covering import for_reader
from conversations.threads.models import Conversation, Entry
from conversations.threads.wording import author_name, event_sentence
from permissions.accounts.models import Agent

INDENT = " " * 7  # what somebody wrote stands back from the lines that are ours


def transcript_json(reader: Agent, conversation: Conversation) -> dict[str, Any]:
    """For programs: as one reads it at its address, with every entry."""
    return queries.row_json(conversation) | {
        "created_at": conversation.created_at.isoformat(),
        "entries": [queries.entry_json(entry) for entry in _entries(reader, conversation)],
    }


def transcript_text(reader: Agent, conversation: Conversation, zone: ZoneInfo) -> str:
    """To be read by people, in their language and time zone."""
    head = [str(conversation.customer), conversation.inbox.name, conversation.get_status_display()]
    about = [conversation.issue_type, *conversation.tags]
    lines = [" · ".join(head), f"{conversation.pk} · {zone.key}"]
    if any(about):
        lines.append(" · ".join(filter(None, about)))

    def day(entry: Entry) -> datetime:
        return entry.at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)

    for date, entries in groupby(_entries(reader, conversation), key=day):
        lines += ["", f"— {date_format(date, 'DATE_FORMAT')} —"]
        for entry in entries:
            lines += _lines(entry, zone)
    return "\n".join(lines) + "\n"


def _entries(reader: Agent, conversation: Conversation) -> Iterator[Entry]:
    after = 0
    while page := queries.entries_after(conversation.pk, after):
        yield from for_reader(reader, conversation, page)
        after = page[-1].seq


def _note(entry: Entry) -> str:
    return _("Sensitive note") if entry.sensitive else _("Internal note")


def _lines(entry: Entry, zone: ZoneInfo) -> Iterator[str]:
    clock = f"{entry.at.astimezone(zone):%H:%M}"
    if entry.kind == Entry.Kind.EVENT:
        yield f"{clock}  {event_sentence(entry)}"
        return
    marks = [
        _note(entry) if entry.kind == Entry.Kind.NOTE else "",
        _("Recalled") if entry.recalled_at else "",
        _("(edited)") if entry.edited_at else "",
    ]
    yield " · ".join(filter(None, [f"{clock}  {author_name(entry)}", *marks]))
    if entry.withheld:
        yield INDENT + _("Only those with a right to sensitive notes read it.")
    for line in entry.body.splitlines():
        yield INDENT + line
    for file in entry.attached:
        yield f"{INDENT}[{file.name}]"
