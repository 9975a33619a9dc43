"""Past conversations, stored by the hundred: the only write path of an import.

No screen is told of them. They are over, no list of open work shows them, and whoever opens a
customer's history reads it anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.types.json import Jsonb

from conversations.customers import values
from conversations.customers.kinds import split
from conversations.inboxes.models import Inbox
from conversations.intake.importing.dialogues import Dialogue, PastCustomer
from conversations.threads.models import Conversation, Entry, Status
from helpdesk.core.ids import uuid7
from helpdesk.core.text import one_line
from permissions.acts.command import command

ROWS = 1_000  # in one INSERT

# One statement finds the known customers, adds the others and keeps the earliest "first seen".
# The rows come in one order, so that two imports at the same time wait and never deadlock.
_CUSTOMERS = """
INSERT INTO conversations_customer AS known
  (id, name, language, external_id, attributes, created_at)
SELECT * FROM unnest(
  %(ids)s::uuid[], %(names)s::text[], %(languages)s::text[], %(external_ids)s::text[],
  %(attributes)s::jsonb[], %(times)s::timestamptz[])
ON CONFLICT (external_id) WHERE external_id <> '' AND identified_in_id IS NULL
DO UPDATE SET created_at = LEAST(known.created_at, EXCLUDED.created_at)
RETURNING external_id, id
"""


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a batch: dialogues new, dialogues known before, entries written."""

    imported: int
    known: int
    entries: int


def import_dialogues(*, inbox: Inbox, dialogues: Sequence[Dialogue], source: str) -> Landed:
    """Store dialogues as resolved conversations, all or none; known ones stay as they are.

    A dialogue is known by its id elsewhere, once per inbox, also if two imports run at once.
    `source` names the file in the audit record.
    """
    with command("conversation.import", actor=None, on=inbox) as step:
        ids = {dialogue.external_id for dialogue in dialogues}
        conversations = Conversation.objects.filter(inbox=inbox, external_id__in=ids)
        known = set(conversations.values_list("external_id", flat=True))
        fresh: dict[str, Dialogue] = {}
        for dialogue in dialogues:
            if dialogue.external_id not in known:
                fresh.setdefault(dialogue.external_id, dialogue)
        customers = _customers(list(fresh.values()))
        rows = [
            _conversation(inbox, dialogue, customers[dialogue.customer.external_id])
            for _id, dialogue in sorted(fresh.items())
        ]
        Conversation.objects.bulk_create(rows, batch_size=ROWS, ignore_conflicts=True)
        made = set(
            Conversation.objects.filter(pk__in=[row.pk for row in rows]).values_list(
                "pk", flat=True
            )
        )
        entries = [
            entry
            for row in rows
            if row.pk in made
            for entry in _entries(row, fresh[row.external_id])
        ]
        Entry.objects.bulk_create(entries, batch_size=ROWS)
        if made:
            lines = [dialogue.line for dialogue in dialogues]
            step.note(file=source, lines=[min(lines), max(lines)], imported=len(made))
        else:
            step.nothing_changed()
        return Landed(len(made), len(dialogues) - len(made), len(entries))


def _customers(dialogues: Sequence[Dialogue]) -> dict[str, UUID]:
    """The customers of these dialogues by their id elsewhere; made where they are missing."""
    people: dict[str, PastCustomer] = {}
    since: dict[str, Any] = {}
    for dialogue in dialogues:
        key = dialogue.customer.external_id
        people.setdefault(key, dialogue.customer)
        at = dialogue.entries[0].at
        since[key] = min(since.get(key, at), at)
    if not people:
        return {}
    ordered = [people[key] for key in sorted(people)]
    parts = {person.external_id: split(person.attributes) for person in ordered}
    with connection.cursor() as cursor:
        cursor.execute(
            _CUSTOMERS,
            {
                "ids": [uuid7() for _ in ordered],
                "names": [person.name for person in ordered],
                "languages": [person.language for person in ordered],
                "external_ids": [person.external_id for person in ordered],
                "attributes": [Jsonb(parts[person.external_id][0]) for person in ordered],
                "times": [since[person.external_id] for person in ordered],
            },
        )
        found = dict(cursor.fetchall())
    values.store_past({found[key]: told for key, (_rest, told) in parts.items() if told})
    return found


def _conversation(inbox: Inbox, dialogue: Dialogue, customer_id: UUID) -> Conversation:
    entries = dialogue.entries
    said = [entry for entry in entries if entry.kind != Entry.Kind.EVENT]
    return Conversation(
        inbox=inbox,
        customer_id=customer_id,
        status=Status.RESOLVED,
        issue_type=dialogue.issue_type,
        tags=dialogue.tags,
        last_seq=len(entries),
        last_public_seq=len(said),
        team_read=len(said),
        customer_read=len(said),
        messages=sum(entry.kind == Entry.Kind.MESSAGE for entry in said),
        preview=one_line(said[-1].body, limit=160),
        preview_kind=said[-1].kind,
        created_at=entries[0].at,
        last_activity_at=entries[-1].at,
        resolved_at=entries[-1].at,
        external_id=dialogue.external_id,
        attributes=dialogue.attributes,
    )


def _entries(conversation: Conversation, dialogue: Dialogue) -> list[Entry]:
    made = []
    public_seq = 0
    for seq, past in enumerate(dialogue.entries, 1):
        public = past.audience == Entry.Audience.PUBLIC
        public_seq += public
        made.append(
            Entry(
                conversation=conversation,
                seq=seq,
                public_seq=public_seq if public else None,
                kind=past.kind,
                audience=past.audience,
                author_kind=past.author_kind,
                author_name=past.author_name,
                public_name=past.author_name[:80] if past.author_kind == "agent" else "",
                body=past.body,
                event=past.event,
                at=past.at,
            )
        )
    return made
