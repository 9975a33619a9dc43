"""Writing to the customer and to colleagues."""

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from conversations.collisions.commands import kept_if_held
from conversations.grants.rights import require_act
from conversations.modes.enforcing import require_note, require_reply
from conversations.threads import steps
from conversations.threads.covering import hides
from conversations.threads.guard import hold_if_blind
from conversations.threads.models import (
    Conversation,
    ConversationId,
    Entry,
    EntryEdit,
    Status,
)
from helpdesk.core.limits import bucket, spend, spend_with
from helpdesk.core.refusals import Conflict, Invalid, NotFound
from permissions.accounts.models import Agent
from permissions.acts.command import command
from permissions.acts.vocabulary import Act
from permissions.approvals.gate import require_approval
from permissions.approvals.rules import needed

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
    with kept_if_held(agent, conversation, body):
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
    sensitive: bool = False,
) -> tuple[Entry, bool]:
    """Tell the team something that no customer ever sees. Safe to send again.

    A sensitive note is for those alone who may read such; the others see that it is there.
    """
    note = Act.NOTE, K.NOTE, A.TEAM
    return _post(*note, agent, conversation, body, client_id, seen, files, sensitive=sensitive)


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
    *,
    sensitive: bool = False,
) -> tuple[Entry, bool]:
    allowance = bucket("agent messages", agent.pk)
    with command(f"conversation.{kind}", actor=agent, on=None) as step:
        conversation, standing = steps.lock_with_standing(
            act, conversation_id, agent, client_id=client_id, allowance=allowance, seen=guard
        )
        step.on = conversation
        now, takes_part = standing.now, standing.takes_part
        if standing.sent:
            step.nothing_changed()
            return steps.sent_before(
                conversation,
                client_id,
                kind=kind,
                body=body,
                author=agent,
                files=files,
                sensitive=sensitive,
            ), False
        spend_with(step.changes, allowance, left=standing.left)
        if kind == K.REPLY:
            require_reply(conversation, agent, takes_part=takes_part)
            steps.refuse_spam(conversation)
            if guard is not None and standing.something_came:
                hold_if_blind(conversation, agent, guard)
            for operation in ("reply.send",) if takes_part else ("conversation.join", "reply.send"):
                require_approval(
                    operation,
                    agent=agent,
                    tags=conversation.tags,
                    issue_type=conversation.issue_type,
                    rules=standing.approvals,
                )
            if conversation.status == Status.RESOLVED:
                steps.reopen(step, conversation, author=agent, at=now)
            if not takes_part:
                steps.take_part(conversation, agent, at=now)
                steps.add_event(step, conversation, "joined", author=agent, at=now)
            conversation.status = Status.PENDING
            conversation.snoozed_until = None
        else:
            if sensitive:
                require_act(agent, Act.CONFIDE, conversation)
            require_note(conversation, agent, sensitive=sensitive)
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
            sensitive=sensitive,
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
        _preview_last(found)
        steps.save_head(step, found)
        step.note(recalled=entry.seq)
        return entry


def edit_reply(
    *, agent: Agent, conversation: ConversationId, seq: int, body: str, was: int
) -> Entry:
    """Let a reply say something else: on everybody's screens it changes in its place.

    Whoever may recall it may edit it, as long as they may speak here. `was` is how often it had
    been edited when they began: what somebody else wrote meanwhile is not written over. The team
    keeps the earlier texts; a customer learns that it was edited, and no more.
    """
    with command("message.edit", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        entry = recallable(found, seq, agent)
        steps.refuse_spam(found)
        if entry.recalled_at is not None:
            raise Conflict(_("This message was recalled."))
        if hides(agent, found, entry.body):
            raise Conflict(_("Parts of this message are masked for you, so you cannot edit it."))
        if body == entry.body:
            step.nothing_changed()
            return entry
        edits = entry.edits.count()
        if edits != was:
            raise Conflict(
                _("Somebody edited this message in the meantime."), body=entry.body, edits=edits
            )
        if not body and not entry.attachments:
            raise Invalid(_("Write something first."))
        spend("agent messages", agent.pk)
        now = steps.standing(found, agent=agent).now
        require_reply(found, agent, takes_part=True)
        if needed("reply.send", agent=agent, tags=found.tags, issue_type=found.issue_type):
            raise Conflict(_("Your replies need an approval. Recall this one and send a new one."))
        step.note(edited=seq, length_before=len(entry.body), length=len(body))
        EntryEdit.objects.create(
            entry=entry, agent=agent, agent_name=str(agent)[:120], body=entry.body, at=now
        )
        entry.body, entry.edited_at = body, now
        entry.save(update_fields=["body", "edited_at"])
        steps.add_event(
            step,
            found,
            "edited",
            author=agent,
            at=now,
            public=True,
            message=entry.public_seq,
            entry=seq,
        )
        _preview_last(found)
        steps.save_head(step, found)
        return entry


def recallable(conversation: Conversation, seq: int, agent: Agent) -> Entry:
    """The reply of this number, if the agent may take it back or edit it. NotFound, NotAllowed or
    Conflict."""
    entry = conversation.entries.filter(seq=seq).first()
    if entry is None:
        raise NotFound
    require_act(agent, Act.REPLY if entry.agent_id == agent.pk else Act.RECALL, conversation)
    steps.refuse_merged(conversation)
    if entry.kind != K.REPLY:
        raise Conflict(_("Only replies to the customer can be recalled or edited."))
    return entry


def _preview_last(conversation: Conversation) -> None:
    """Lists show what was said last and still stands, as it reads now."""
    said = conversation.entries.exclude(kind=K.EVENT).filter(recalled_at=None)
    steps.show_last(conversation, said.order_by("-seq").first())
