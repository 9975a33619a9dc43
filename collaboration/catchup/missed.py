"""What came in a conversation after the last entry an agent had read, without what they did.

One statement reads it, grouped by who did what: a few rows however much was missed.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from conversations.customers import values
from conversations.threads.models import Conversation, Entry
from conversations.threads.wording import author_name, event_sentence
from permissions.accounts.models import Agent

_MISSED = """
WITH missed AS MATERIALIZED (
  SELECT seq, kind, author_kind, agent_id, author_name, event FROM conversations_entry
  WHERE conversation_id = %(conversation)s AND seq > %(after)s AND seq <= %(upto)s
), mentioning AS (
  SELECT DISTINCT seq FROM missed, jsonb_array_elements(event -> 'mentions') one
  WHERE kind = 'note' AND agent_id IS DISTINCT FROM %(reader)s
    AND (one @> jsonb_build_object('kind', 'agent', 'id', %(reader)s::bigint)
      OR one ->> 'kind' = 'team' AND (one ->> 'id')::bigint IN (
        SELECT team.id FROM permissions_team team
        JOIN permissions_agent_groups mine USING (group_id) WHERE mine.agent_id = %(reader)s))
), looked AS (
  SELECT at FROM conversations_entry
  WHERE conversation_id = %(conversation)s AND seq = %(after)s
)
SELECT kind, author_kind, agent_id, author_name, count(*), min(seq),
  CASE WHEN kind = 'event'
    THEN jsonb_agg(jsonb_build_array(seq, event) ORDER BY seq) END,
  (SELECT at FROM looked),
  (SELECT jsonb_build_array(count(*), min(seq)) FROM mentioning),
  (SELECT min(seq) FROM missed WHERE kind = 'message' AND seq > COALESCE(
    (SELECT max(seq) FROM missed WHERE kind = 'reply'), 0)),
  (SELECT jsonb_agg(jsonb_build_array(field_id, by_name) ORDER BY at)
   FROM conversations_valuechange
   WHERE customer_id = %(customer)s AND by_kind = 'agent' AND by_id IS DISTINCT FROM %(reader)s
     AND at > (SELECT at FROM looked))
FROM missed GROUP BY kind, author_kind, agent_id, author_name
"""


@dataclass(frozen=True, slots=True)
class Said:
    """Messages, replies or notes of one author."""

    kind: str
    who: str
    count: int
    first: int


class Happened(NamedTuple):
    """One event."""

    seq: int
    event: dict[str, Any]
    author_kind: str
    author_name: str

    @property
    def type(self) -> str:
        return str(self.event["type"])

    @property
    def who(self) -> str:
        return author_name(self._entry)

    @property
    def sentence(self) -> str:
        return event_sentence(self._entry)

    @property
    def _entry(self) -> Entry:
        return Entry(event=self.event, author_kind=self.author_kind, author_name=self.author_name)


@dataclass(frozen=True, slots=True)
class Missed:
    """All that came after a number, without what the reader did."""

    said: list[Said] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)  # in order
    since: datetime | None = None  # when the last entry came that was read
    mentions: int = 0  # notes that mention the reader or a team of theirs
    first_mention: int = 0
    unanswered: int = 0  # the first of the messages after the last reply
    fields: dict[str, list[str]] = field(default_factory=dict)  # who changed which of the customer

    @property
    def count(self) -> int:
        return sum(one.count for one in self.said) + len(self.events)


def missed_by(reader: Agent, conversation: Conversation, after: int, upto: int) -> Missed:
    """What came after one number and until another."""
    facts: dict[str, Any] = {
        "reader": reader.pk,
        "conversation": conversation.pk,
        "customer": conversation.customer_id,
        "after": after,
        "upto": upto,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MISSED, facts)
        rows = cursor.fetchall()
    if not rows:
        return Missed()
    since, mentions, unanswered, fields = rows[0][7:]
    said, events = [], []
    for kind, author_kind, agent_id, name, count, first, happened, *_ in rows:
        if agent_id == reader.pk:
            continue
        if kind == Entry.Kind.EVENT:
            events += [
                Happened(number, event, author_kind, name) for number, event in json.loads(happened)
            ]
        else:
            who = author_name(Entry(author_kind=author_kind, author_name=name))
            said.append(Said(kind, who, count, first))
    noted, first_mention = json.loads(mentions)
    return Missed(
        said=sorted(said, key=lambda one: one.first),
        events=sorted(events, key=lambda one: one.seq),
        since=since,
        mentions=noted,
        first_mention=first_mention or 0,
        unanswered=unanswered or 0,
        fields=_named(json.loads(fields)) if fields else {},
    )


def _named(changed: Iterable[tuple[int, str]]) -> dict[str, list[str]]:
    """Who changed which fields; what these say is not told."""
    labels = {one.pk: str(one) for one in values.fields()}
    found: dict[str, list[str]] = {}
    for field_id, who in changed:
        label = labels.get(field_id)
        if label and label not in found.setdefault(who, []):
            found[who].append(label)
    return {who: fields for who, fields in found.items() if fields}
