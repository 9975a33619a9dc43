"""Who may write in a shared draft: whoever's text would go out, or stay, if they sent it."""

import uuid
from collections.abc import Collection
from typing import Any, NamedTuple

from django.db import connection

from collaboration.drafts.models import SharedDraft
from conversations.grants.rights import may, reads_confided
from conversations.modes.enforcing import why_no_note, why_no_reply, why_no_sensitive_note
from conversations.modes.floor import COLUMNS, Floor
from conversations.threads.models import Conversation
from helpdesk.core import rows
from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act

Hand = tuple[int, str]  # an agent and the session they write from

# Which versions of the rows a verdict follows from: with the same stamp it is the same verdict.
STAMP = """concat_ws('.', conversation.xmin, inbox.xmin, agent.authz_version,
  EXISTS (SELECT FROM conversations_participant
          WHERE conversation_id = conversation.id AND agent_id = agent.id AND left_at IS NULL),
  (SELECT xmin FROM permissions_policy WHERE name = 'collaboration'),
  (SELECT xmin FROM permissions_policy WHERE name = 'internal-messages'))"""
# To `asked`, of whom the conversation, the agent and the session are known.
HANDS = """
JOIN conversations_conversation conversation ON conversation.id = asked.conversation
JOIN conversations_inbox inbox ON inbox.id = conversation.inbox_id
JOIN permissions_agent agent ON agent.id = asked.agent AND agent.is_active
JOIN django_session session
  ON session.session_key = asked.key AND session.expire_date > clock_timestamp()
"""
_ASK = f"""
SELECT agent.id, agent.authz_version, asked.key, {STAMP}, conversation.xmin,
  EXISTS (SELECT FROM conversations_participant
          WHERE conversation_id = conversation.id AND agent_id = agent.id AND left_at IS NULL),
  {COLUMNS}
FROM (SELECT %s::uuid AS conversation, *
      FROM unnest(%s::bigint[], %s::text[]) AS hand(agent, key)) AS asked {HANDS}
"""  # noqa: S608 ours

Whose = tuple[str, str, int]  # conversation, kind, agent
_stamps: dict[Whose, str] = {}  # of who may write, where nothing but the stamped rows was asked
_KEEP = 20_000


def stamp_of(conversation_id: str, kind: str, agent_id: int) -> str | None:
    """With which stamp they may write. Without one, `verdicts` finds out whether they may."""
    return _stamps.get((conversation_id, kind, agent_id))


class Verdict(NamedTuple):
    sees: bool  # the conversation, and what is written in confidence if it is that
    writes: bool


def verdicts(hands: Collection[Hand], conversation_id: str, kind: str) -> dict[Hand, Verdict]:
    """What those of them may whose sessions hold."""
    conversation = None
    while conversation is None:  # both statements of the same conversation
        with connection.cursor() as cursor:
            agents, keys = [agent_id for agent_id, _ in hands], [key for _, key in hands]
            cursor.execute(_ASK, [uuid.UUID(conversation_id), agents, keys])
            found = cursor.fetchall()
        if not found:
            return {}
        conversation = rows.first(
            Conversation, "id = %s AND xmin = %s", [uuid.UUID(conversation_id), found[0][4]]
        )
    said = {}
    for agent_id, version, key, stamp, _, takes_part, *columns in found:
        conversation.floor = Floor.read(conversation.mode, columns)
        agent = Agent(pk=agent_id, authz_version=version, is_active=True)
        asked = _Asked()
        with connection.execute_wrapper(asked):
            sees = conversation.is_visible_to(agent) and may_read(agent, conversation, kind)
            writes = sees and _may_write(agent, conversation, kind, takes_part=takes_part)
        said[agent_id, key] = Verdict(sees, writes)
        if writes and not asked.times:
            _keep((conversation_id, kind, agent_id), stamp)
    return said


def _keep(whose: Whose, stamp: str) -> None:
    if len(_stamps) >= _KEEP:
        _stamps.clear()
    _stamps[whose] = stamp


class _Asked:
    """How often more was asked of the database."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.times += 1
        return execute(sql, params, many, context)


def may_read(agent: Agent, conversation: Conversation, kind: str) -> bool:
    """Whether an agent who sees the conversation may see what colleagues write there together."""
    return kind != SharedDraft.Kind.SENSITIVE or reads_confided(agent, conversation)


def _may_write(agent: Agent, conversation: Conversation, kind: str, *, takes_part: bool) -> bool:
    if conversation.merged_into_id:
        return False
    if kind == SharedDraft.Kind.SENSITIVE:
        acts = Act.NOTE, Act.CONFIDE
        allowed = all(may(agent, act, conversation) for act in acts)
        return allowed and not why_no_sensitive_note(conversation, agent)
    if kind == SharedDraft.Kind.NOTE:
        return may(agent, Act.NOTE, conversation) and not why_no_note(conversation, agent)
    return may(agent, Act.REPLY, conversation) and not why_no_reply(
        conversation, agent, takes_part=takes_part
    )
