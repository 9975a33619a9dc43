"""Pieces that commands share. They assume a transaction, open none and publish nothing."""

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.customers.models import Customer
from conversations.grants.rights import require_act
from conversations.modes.floor import COLUMNS, Floor
from conversations.threads import mentions
from conversations.threads.events import DraftedFilesChanged, EntryAdded
from conversations.threads.guard import SOMETHING_CAME
from conversations.threads.models import (
    MAX_FILES,
    SENSITIVE,
    Conversation,
    Entry,
    File,
    Participant,
    Status,
)
from helpdesk.core import rows
from helpdesk.core.limits import LEFT, NO_BUCKET, Bucket
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.core.text import one_line
from permissions.accounts.models import Agent
from permissions.acts.command import Step
from permissions.acts.vocabulary import Act
from permissions.approvals.rules import ApprovalRules
from permissions.policies.rules import read

K, A = Entry.Kind, Entry.Audience
HEAD = (  # what an act may change of a conversation
    "status",
    "assignee",
    "last_seq",
    "last_public_seq",
    "messages",
    "preview",
    "preview_kind",
    "last_activity_at",
    "waiting_since",
    "snoozed_until",
    "resolved_at",
)

GOES_ON = _("This conversation was merged into another one and goes on there.")
LOCKED = "id = %s FOR NO KEY UPDATE"


def lock(conversation_id: uuid.UUID | str, reader: Agent) -> Conversation:
    """The conversation, locked until the end of the transaction. NotFound if unseen."""
    return _seen_by(reader, rows.first(Conversation, LOCKED, [conversation_id]))


def _seen_by(reader: Agent, found: Conversation | None) -> Conversation:
    if found is None or not found.is_visible_to(reader):
        raise NotFound
    return found


_told: ContextVar[datetime | None] = ContextVar("told", default=None)


@contextmanager
def told_at(moment: datetime) -> Iterator[None]:
    """Acts inside are dated `moment`. For the demo's data, which tells of past days; the audit
    records keep the time at which they were really written."""
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)


def told() -> datetime | None:
    """The time acts are dated to, or None: the database's clock."""
    return _told.get()


class Standing(NamedTuple):
    """What an act must know once the conversation is locked."""

    now: datetime  # the database's clock: what is displayed does not depend on a process's
    sent: bool  # an entry of this client_id is there already
    takes_part: bool
    something_came: bool  # after the number `seen`, by somebody else
    approvals: ApprovalRules  # what needs a colleague's yes
    left: float  # of the allowance that was asked about


_STANDING = f"""
SELECT clock_timestamp(),
  EXISTS (SELECT FROM conversations_entry
          WHERE conversation_id = %(conversation)s AND client_id = %(client_id)s),
  EXISTS (SELECT FROM conversations_participant
          WHERE conversation_id = %(conversation)s AND agent_id = %(agent)s AND left_at IS NULL),
  {SOMETHING_CAME},
  (SELECT value FROM permissions_policy WHERE name = 'approvals'),
  {LEFT},
  {COLUMNS}
FROM conversations_conversation conversation
JOIN conversations_inbox inbox ON inbox.id = conversation.inbox_id
WHERE conversation.id = %(conversation)s
"""  # noqa: S608 ours


def standing(
    conversation: Conversation,
    *,
    client_id: uuid.UUID | None = None,
    agent: Agent | None = None,
    allowance: Bucket = NO_BUCKET,
) -> Standing:
    """Read it after the lock, in a statement of its own: one that waited would answer from
    before the wait. It brings the conversation's floor along."""
    asked = _ask_standing(conversation.pk, client_id, agent, allowance)
    return _read_standing(conversation, asked)


def lock_with_standing(
    act: Act,
    conversation_id: uuid.UUID | str,
    agent: Agent,
    *,
    client_id: uuid.UUID,
    allowance: Bucket,
    seen: int | None = None,
) -> tuple[Conversation, Standing]:
    """`lock_for` and `standing`, sent together: the lock is held for one wait less."""
    with rows.at_once():
        locked = rows.ask(Conversation, LOCKED, [conversation_id])
        asked = _ask_standing(conversation_id, client_id, agent, allowance, seen)
    found = _seen_by(agent, locked())
    require_on(act, found, agent)
    return found, _read_standing(found, asked)


def _ask_standing(
    conversation_id: uuid.UUID | str,
    client_id: uuid.UUID | None,
    agent: Agent | None,
    allowance: Bucket,
    seen: int | None = None,
) -> Any:
    facts = allowance | {
        "conversation": conversation_id,
        "client_id": client_id,
        "agent": agent and agent.pk,
        "seen": seen,
    }
    return rows.prepared(_STANDING, facts)


def _read_standing(conversation: Conversation, asked: Any) -> Standing:
    clock, sent, takes_part, something_came, approvals, left, *columns = asked.fetchone()
    conversation.floor = Floor.read(conversation.mode, columns)
    rules = read(ApprovalRules, json.loads(approvals) if approvals else {})
    return Standing(told() or clock, sent, takes_part, something_came, rules, left)


def sent_before(
    conversation: Conversation,
    client_id: uuid.UUID,
    *,
    kind: str,
    body: str,
    author: Agent | Customer,
    files: Sequence[uuid.UUID],
    sensitive: bool = False,
) -> Entry:
    """The entry an earlier try of this very message made. Conflict if the id meant another."""
    known = Entry.objects.get(conversation=conversation, client_id=client_id)
    same_author = (
        known.agent_id == author.pk
        if isinstance(author, Agent)
        else known.author_kind == Customer.kind
    )
    same_files = {file.pk for file in known.attached} == set(files)
    same_text = (known.kind, known.body, known.sensitive) == (kind, body, sensitive)
    if not same_text or not same_author or not same_files:
        raise Conflict(_("This message id was already used for another message."))
    return known


def append(
    step: Step,
    conversation: Conversation,
    *,
    at: datetime,
    kind: str,
    audience: str,
    author: Agent | Customer | None,
    body: str = "",
    client_id: uuid.UUID | None = None,
    event: dict[str, Any] | None = None,
    seen: int | None = None,
    files: Sequence[uuid.UUID] = (),
    sensitive: bool = False,
) -> Entry:
    """Add an entry to a locked conversation under its next number.

    The caller saves the conversation (`save_head`) once all entries of the act are appended. Both
    are stored at the end of the command, in one statement.
    """
    if kind == K.NOTE and (mentioned := mentions.found_in(body, conversation, sensitive=sensitive)):
        if sensitive:
            _require_heard(mentioned)
        event = {**(event or {}), "mentions": mentioned}
    conversation.last_seq += 1
    public_name = author.shown_name if isinstance(author, Agent) else ""
    if kind == K.REPLY and isinstance(author, Agent) and conversation.floor.one_name:
        public_name, event = conversation.floor.one_name, {**(event or {}), "as_team": True}
    public_seq = None
    if audience == A.PUBLIC:
        conversation.last_public_seq += 1
        public_seq = conversation.last_public_seq
    entry = Entry(
        conversation=conversation,
        seq=conversation.last_seq,
        public_seq=public_seq,
        kind=kind,
        audience=audience,
        client_id=client_id,
        agent=author if isinstance(author, Agent) else None,
        author_kind="system" if author is None else author.kind,
        author_name=_name(author),
        public_name=public_name,
        body=body,
        event=event or {},
        seen=seen,
        attachments=len(files),
        at=at,
        sensitive=sensitive,
    )
    step.changes.insert(entry)
    if files:
        step.changes.store()  # they belong to it
    entry.attached = _attach(step, entry, files, author) if files else []
    conversation.last_activity_at = at
    if kind != K.EVENT:
        show_last(conversation, entry)
    if kind == K.MESSAGE:
        conversation.messages += 1
        conversation.waiting_since = conversation.waiting_since or at
    elif kind == K.REPLY:
        conversation.waiting_since = None
    step.note(seq=entry.seq, **({"sensitive": True} if sensitive else {}))
    return entry


def show_last(conversation: Conversation, entry: Entry | None) -> None:
    """Lists tell what was said last; of what was said in confidence, only that it was."""
    if entry is None or entry.sensitive:
        conversation.preview, conversation.preview_kind = "", SENSITIVE if entry else ""
        return
    conversation.preview = one_line(entry.body, limit=160) or entry.attached[0].name[:160]
    conversation.preview_kind = entry.kind


def _require_heard(mentioned: Sequence[dict[str, Any]]) -> None:
    """Nobody is told of what they may not read."""
    unheard = [one["text"][1:] for one in mentioned if not one["heard"]]
    if unheard:
        raise Invalid(
            _("%(names)s may not read sensitive notes here. Take the mention out.")
            % {"names": ", ".join(unheard)}
        )


def save_head(step: Step, conversation: Conversation) -> None:
    """Write the conversation after entries were appended, and tell of its new last number."""
    step.changes.update(conversation, *HEAD)
    step.tell(
        EntryAdded(
            conversation_id=str(conversation.pk),
            inbox_id=conversation.inbox_id,
            seq=conversation.last_seq,
        )
    )


def add_event(
    step: Step,
    conversation: Conversation,
    kind: str,
    *,
    at: datetime,
    author: Agent | Customer | None,
    public: bool = False,
    **facts: Any,
) -> Entry:
    """Append what somebody did, e.g. "assigned"; a public one shows customers no `facts`."""
    return append(
        step,
        conversation,
        at=at,
        kind=K.EVENT,
        audience=A.PUBLIC if public else A.TEAM,
        author=author,
        event={"type": kind} | facts,
    )


def take_part(conversation: Conversation, agent: Agent, *, at: datetime) -> None:
    """Make the agent a participant. The event that tells of it is the caller's."""
    Participant.objects.update_or_create(
        conversation=conversation,
        agent=agent,
        defaults={"left_at": None},
        create_defaults={"joined_at": at},
    )


def reopen(
    step: Step, conversation: Conversation, *, author: Agent | Customer, at: datetime
) -> None:
    conversation.status = Status.OPEN
    conversation.resolved_at = None
    conversation.snoozed_until = None
    add_event(step, conversation, "reopened", author=author, at=at)


def person(agent: Agent | None) -> dict[str, Any] | None:
    """An agent as an event keeps them."""
    return None if agent is None else {"id": agent.pk, "name": str(agent)}


def _name(author: Agent | Customer | None) -> str:
    if author is None:
        return ""
    # A visitor without a name gets one when shown, in the reader's language.
    return (author.name if isinstance(author, Customer) else str(author))[:120]


def _attach(
    step: Step, entry: Entry, ids: Sequence[uuid.UUID], author: Agent | Customer | None
) -> list[File]:
    if len(ids) > MAX_FILES:
        raise Invalid(_("Too many files on one message."), limit=MAX_FILES)
    if isinstance(author, Agent):  # their own, and what waits with the draft of just this
        free = Q(agent=author, conversation=None)
        draft = SENSITIVE if entry.sensitive else entry.kind
        free |= Q(conversation=entry.conversation_id, drafted=draft)
    else:
        free = Q(customer=author, conversation=None)
    files = {
        file.pk: file
        for file in File.objects.select_for_update().filter(free, pk__in=ids, entry=None)
    }
    if len(files) != len(set(ids)):
        raise Invalid(_("A file of this message is missing. Please attach it again."))
    if any(file.drafted for file in files.values()):
        step.tell(DraftedFilesChanged(conversation_id=str(entry.conversation_id)))
    for position, pk in enumerate(ids):
        files[pk].entry = entry
        files[pk].conversation_id = entry.conversation_id
        files[pk].drafted = ""
        files[pk].position = position
    File.objects.bulk_update(files.values(), ["entry", "conversation", "drafted", "position"])
    return [files[pk] for pk in ids]


def lock_for(act: Act, conversation_id: uuid.UUID | str, agent: Agent) -> Conversation:
    """The conversation, locked for an act the agent may do on it. NotFound if unseen."""
    found = lock(conversation_id, agent)
    require_on(act, found, agent)
    return found


def require_on(act: Act, conversation: Conversation, agent: Agent) -> None:
    """NotAllowed without the right; Conflict if the conversation goes on in another one."""
    try:
        require_act(agent, act, conversation)
    except NotAllowed as refusal:
        refusal.on = conversation
        raise
    refuse_merged(conversation)


def refuse_merged(conversation: Conversation) -> None:
    if conversation.merged_into_id is not None:
        raise Conflict(GOES_ON, merged_into=str(conversation.merged_into_id))


def refuse_spam(conversation: Conversation) -> None:
    """Spam stays away until somebody says that it is none."""
    if conversation.is_spam:
        raise Conflict(_("This is marked as spam. Say first that it is none."))
