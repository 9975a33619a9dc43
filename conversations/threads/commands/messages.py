"""Writing to the customer and to colleagues."""

import uuid
from collections.abc import Sequence

from conversations.threads import steps
from conversations.threads.models import ConversationId, Entry, Status
from helpdesk.core.limits import spend
from permissions.accounts.models import Agent
from permissions.acts.command import command
from permissions.acts.vocabulary import Act

K, A = Entry.Kind, Entry.Audience


def post_reply(
    *,
    agent: Agent,
    conversation: ConversationId,
    body: str,
    client_id: uuid.UUID,
    seen: int | None = None,
    files: Sequence[uuid.UUID] = (),
) -> tuple[Entry, bool]:
    """Say something to the customer. Safe to send again with the same `client_id`.

    Returns the entry and whether this call made it. Who replies takes part from then on.
    """
    return _post(Act.REPLY, K.REPLY, A.PUBLIC, agent, conversation, body, client_id, seen, files)


def post_note(
    *,
    agent: Agent,
    conversation: ConversationId,
    body: str,
    client_id: uuid.UUID,
    seen: int | None = None,
    files: Sequence[uuid.UUID] = (),
) -> tuple[Entry, bool]:
    """Tell the team something that no customer ever sees. Safe to send again."""
    return _post(Act.NOTE, K.NOTE, A.TEAM, agent, conversation, body, client_id, seen, files)


def _post(
    act: Act,
    kind: Entry.Kind,
    audience: Entry.Audience,
    agent: Agent,
    conversation_id: ConversationId,
    body: str,
    client_id: uuid.UUID,
    seen: int | None,
    files: Sequence[uuid.UUID],
) -> tuple[Entry, bool]:
    with command(f"conversation.{kind}", actor=agent, on=None) as step:
        step.on = conversation = steps.lock_for(act, conversation_id, agent)
        now, sent, takes_part = steps.standing(conversation, client_id=client_id, agent=agent)
        if sent:
            step.nothing_changed()
            return steps.sent_before(
                conversation, client_id, kind=kind, body=body, author=agent, files=files
            ), False
        spend("agent messages", agent.pk)
        if kind == K.REPLY:
            steps.refuse_spam(conversation)
            if conversation.status == Status.RESOLVED:
                steps.reopen(step, conversation, author=agent, at=now)
            if not takes_part:
                steps.take_part(conversation, agent, at=now)
                steps.add_event(step, conversation, "joined", author=agent, at=now)
            conversation.status = Status.PENDING
            conversation.snoozed_until = None
        entry = steps.append(
            step,
            conversation,
            at=now,
            kind=kind,
            audience=audience,
            author=agent,
            body=body,
            client_id=client_id,
            seen=seen,
            files=files,
        )
        steps.save_head(step, conversation)
        return entry, True
