import uuid

from collaboration.drafts.models import PrivateDraft
from conversations.threads.models import Conversation
from permissions.accounts.models import Agent

MOST_MARKED = 300  # conversations whose rows show a pencil


def drafts_of(agent: Agent, conversation: uuid.UUID) -> dict[str, PrivateDraft]:
    """The agent's own drafts on a conversation, by mode."""
    found = PrivateDraft.objects.filter(agent=agent, conversation=conversation)
    return {draft.mode: draft for draft in found}


def drafted(agent: Agent) -> list[str]:
    """Conversations on which the agent has begun to write, the latest first."""
    found = (
        PrivateDraft.objects.filter(
            agent=agent, conversation__in=Conversation.objects.visible_to(agent)
        )
        .exclude(body="")
        .order_by("-changed_at")
        .values_list("conversation_id", flat=True)[:MOST_MARKED]
    )
    return list(dict.fromkeys(map(str, found)))
