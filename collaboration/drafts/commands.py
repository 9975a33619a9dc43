"""Keeping what an agent has begun to write.

No business acts: nobody but the author ever sees a private draft, so there is no audit record.
"""

import uuid
from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from collaboration.drafts.events import DraftKept
from collaboration.drafts.models import PrivateDraft
from conversations.threads.models import Conversation
from helpdesk.core import events
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent

EMPTY_KEPT = timedelta(hours=24)  # an older change may still be on its way from some device

_KEEP = """
INSERT INTO collaboration_privatedraft (agent_id, conversation_id, mode, body, number, changed_at)
VALUES (%(agent)s, %(conversation)s, %(mode)s, %(body)s, %(number)s, clock_timestamp())
ON CONFLICT (agent_id, conversation_id, mode) DO UPDATE
SET body = EXCLUDED.body, number = EXCLUDED.number, changed_at = EXCLUDED.changed_at
WHERE collaboration_privatedraft.number < EXCLUDED.number
"""


def keep_draft(
    *, agent: Agent, conversation: uuid.UUID, mode: str, body: str, number: int
) -> PrivateDraft:
    """Keep the text unless a later one is known already. Returns what is kept now."""
    with transaction.atomic(durable=True):
        if not Conversation.objects.visible_to(agent).filter(pk=conversation).exists():
            raise NotFound
        with connection.cursor() as cursor:
            cursor.execute(
                _KEEP,
                {
                    "agent": agent.pk,
                    "conversation": conversation,
                    "mode": mode,
                    "body": body,
                    "number": number,
                },
            )
        mine = PrivateDraft.objects.filter(agent=agent, conversation=conversation)
        kept = {draft.mode: draft for draft in mine}
        event = DraftKept(
            agent_id=agent.pk,
            conversation_id=str(conversation),
            begun=any(draft.body for draft in kept.values()),
        )
        transaction.on_commit(lambda: events.publish(event))
        return kept[mode]


def sweep_empty() -> int:
    """Remove drafts that were sent or emptied long ago. Running it twice changes nothing."""
    done = PrivateDraft.objects.filter(body="", changed_at__lt=Now() - EMPTY_KEPT)
    return done.delete()[0]
