"""Writing to the customer and to colleagues."""

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from conversations.grants.rights import require_act
from conversations.modes.enforcing import require_note, require_reply
from conversations.threads import steps
from conversations.threads.guard import hold_if_blind
from conversations.threads.models import Conversation, ConversationId, Entry, Status
from helpdesk.core.limits import spend
from helpdesk.core.refusals import Conflict, NotFound
from helpdesk.core.text import one_line
from permissions.accounts.models import Agent
from permissions.acts.command import command
from permissions.acts.vocabulary import Act
from permissions.approvals.gate import require_approval

K, A = Entry.Kind, Entry.Audience


def post_reply(
    *,
    agent: Agent,
    conversation: ConversationId,
    body: str,
    client_id: uuid.UUID,
    seen: int | None = None,
    files: Sequence[uuid.UUID] = (),
    anyway: bool = False,
) -> tuple[Entry, bool]:
    """Say something to the customer. Safe to send again with the same `client_id`.

    Returns the entry and whether this call made it. Who replies takes part from then on. Raises
    Held if something came after the number its author had `seen`, unless it is to go `anyway`.
    """
    guard = None if anyway else seen
    return _post(
        Act.REPLY, K.REPLY, A.PUBLIC, agent, conversation, body, client_id, seen, files, guard
    )


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
    guard: int | None = None,
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
            require_reply(conversation, agent, takes_part=takes_part)
            steps.refuse_spam(conversation)
            if guard is not None:
                hold_if_blind(conversation, agent, guard)
            if not takes_part:
                require_approval(
                    "conversation.join",
                    agent=agent,
                    tags=conversation.tags,
                    issue_type=conversation.issue_type,
                )
            require_approval(
                "reply.send",
                agent=agent,
                tags=conversation.tags,
                issue_type=conversation.issue_type,
            )
            if conversation.status == Status.RESOLVED:
                steps.reopen(step, conversation, author=agent, at=now)
            if not takes_part:
                steps.take_part(conversation, agent, at=now)
                steps.add_event(step, conversation, "joined", author=agent, at=now)
            conversation.status = Status.PENDING
            conversation.snoozed_until = None
        else:
            require_note(conversation, agent)
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


def recall(*, agent: Agent, conversation: ConversationId, seq: int) -> Entry:
    """Take a reply back: the customer's screens put "withdrawn" in its place.

    The entry keeps its number and the team goes on reading it. Whoever may write to customers may
    recall their own replies; those of others need the right to recall.
    """
    with command("message.recall", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        entry = recallable(found, seq, agent)
        if entry.recalled_at is not None:
            step.nothing_changed()
            return entry
        require_approval(
            "message.recall", agent=agent, tags=found.tags, issue_type=found.issue_type
        )
        now = steps.standing(found).now
        entry.recalled_at = now
        entry.save(update_fields=["recalled_at"])
        steps.add_event(
            step,
            found,
            "recalled",
            author=agent,
            at=now,
            public=True,
            message=entry.public_seq,
            entry=entry.seq,
        )
        said = found.entries.exclude(kind=K.EVENT).filter(recalled_at=None).order_by("-seq").first()
        found.preview = _preview(said) if said else ""
        found.preview_kind = said.kind if said else ""
        steps.save_head(step, found)
        step.note(recalled=entry.seq)
        return entry


def recallable(conversation: Conversation, seq: int, agent: Agent) -> Entry:
    """The reply of this number, if the agent may take it back. NotFound, NotAllowed or Conflict."""
    entry = conversation.entries.filter(seq=seq).first()
    if entry is None:
        raise NotFound
    require_act(agent, Act.REPLY if entry.agent_id == agent.pk else Act.RECALL, conversation)
    steps.refuse_merged(conversation)
    if entry.kind != K.REPLY:
        raise Conflict(_("Only replies to the customer can be recalled."))
    return entry


def _preview(entry: Entry) -> str:
    return one_line(entry.body, limit=160) or entry.attached[0].name[:160]
