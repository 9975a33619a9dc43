"""Who may write in a shared draft: whoever's text would go out, or stay, if they sent it."""

import uuid
from collections.abc import Collection

from django.db import connection

from collaboration.drafts.models import PrivateDraft
from conversations.grants.rights import may
from conversations.modes.enforcing import why_no_note, why_no_reply
from conversations.modes.floor import COLUMNS, Floor
from conversations.threads.models import Conversation
from helpdesk.core import rows
from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act

Hand = tuple[int, str]  # an agent and the session they write from

# All that must be known of who writes, in one statement: each group of edits asks it.
_HANDS = f"""
SELECT agent.id, agent.authz_version, asked.key,
  EXISTS (SELECT FROM conversations_participant
          WHERE conversation_id = %(conversation)s AND agent_id = agent.id AND left_at IS NULL),
  {COLUMNS}
FROM unnest(%(agents)s::bigint[], %(keys)s::text[]) AS asked(agent, key)
JOIN permissions_agent agent ON agent.id = asked.agent AND agent.is_active
JOIN django_session session
  ON session.session_key = asked.key AND session.expire_date > clock_timestamp()
JOIN conversations_inbox inbox ON inbox.id = %(inbox)s
"""  # noqa: S608 ours


def writers_among(hands: Collection[Hand], conversation_id: str, kind: str) -> set[Hand]:
    """Which of these may write at this moment, by their rights and their sessions."""
    conversation = rows.first(Conversation, "id = %s", [uuid.UUID(conversation_id)])
    if conversation is None or conversation.merged_into_id:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            _HANDS,
            {
                "conversation": conversation.pk,
                "inbox": conversation.inbox_id,
                "agents": [agent_id for agent_id, _ in hands],
                "keys": [key for _, key in hands],
            },
        )
        found = cursor.fetchall()
    writers = set()
    for agent_id, version, key, takes_part, *columns in found:
        conversation.floor = Floor.read(conversation.mode, columns)
        agent = Agent(pk=agent_id, authz_version=version, is_active=True)
        if _may_write(agent, conversation, kind, takes_part=takes_part):
            writers.add((agent_id, key))
    return writers


def _may_write(agent: Agent, conversation: Conversation, kind: str, *, takes_part: bool) -> bool:
    if not conversation.is_visible_to(agent):
        return False
    if kind == PrivateDraft.Mode.NOTE:
        return may(agent, Act.NOTE, conversation) and not why_no_note(conversation, agent)
    return may(agent, Act.REPLY, conversation) and not why_no_reply(
        conversation, agent, takes_part=takes_part
    )
