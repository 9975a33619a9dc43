"""Sending what was written together: once, and never without knowing what came meanwhile.

The text is taken from the log and its files from their rows, not from a browser. The reply and the
update that takes its text out of the draft are one transaction; where a colleague has to approve
the reply, the request is.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from collaboration.drafts import log
from collaboration.drafts.events import DraftBegun
from collaboration.drafts.models import DraftVersion, SharedDraft
from collaboration.drafts.writing import may_read
from conversations.collisions.commands import keep
from conversations.collisions.models import Collision
from conversations.threads import commands, drafted, queries, steps
from conversations.threads.covering import for_reader
from conversations.threads.models import MAX_BODY, MAX_FILES, SENSITIVE, Conversation, Entry
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.core.text import clean_text
from permissions.accounts.models import Agent
from permissions.acts.command import Step, accompanied_by
from permissions.approvals.commands import ask_for_approval
from permissions.approvals.gate import ApprovalNeeded
from permissions.approvals.models import Approval
from permissions.approvals.registry import Proposal

K = Entry.Kind
OPERATION = "reply.send"
Answer = tuple[Entry, bool] | Approval  # the entry and whether this call made it


class Empty(Invalid):
    """There is nothing to send: it may just have been sent."""

    code = "empty"
    sentence = _("Write something first.")


class SentAlready(Conflict):
    """The text this was about left the draft meanwhile; `sent` is what it became."""

    code = "sent_already"
    sentence = _("This text has been sent already.")


class Overtaken(Conflict):
    """What the text was at the number that is asked for is not known any more: it was written on
    and its log was folded."""

    code = "overtaken"
    sentence = _("The text was changed while it was being sent. Look at it and send it again.")


@dataclass(frozen=True, slots=True)
class SendInput:
    """Which text is meant, and what its sender had before their eyes. `files` of the sender's own
    go with it, after those of the draft."""

    kind: str
    client_id: uuid.UUID
    generation: int
    n: int | None  # of the log, which was on the sender's screen
    seen: int
    files: tuple[uuid.UUID, ...]  # besides those that wait in the draft
    order: tuple[uuid.UUID, ...]  # of those, as their sender saw them
    anyway: bool


def send_draft(*, agent: Agent, conversation: uuid.UUID, asked: SendInput) -> Answer:
    """Send the shared text. Safe to ask for again with the same `client_id`.

    Two who press at once make one reply: the other is told whose it is and what it says.
    """
    found = Conversation.objects.visible_to(agent).filter(pk=conversation).first()
    if found is None:
        raise NotFound
    if not may_read(agent, found, asked.kind):
        raise NotAllowed
    sending = _Sending(agent, found, asked)
    if (known := sending.known()) is not None:
        return known
    try:
        sending.read()
        return sending.send()
    except _Known as answered:
        return answered.answer
    except SentAlready as refusal:
        sending.keep_collision(refusal)
        raise


class _Known(Exception):
    """An earlier try of this very request was answered while we waited for the lock."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


@dataclass
class _Sending:
    agent: Agent
    conversation: Conversation
    asked: SendInput
    body: str = ""
    files: list[uuid.UUID] = field(default_factory=list)  # filled under the lock
    version: DraftVersion = field(init=False)
    clearing: bytes = b""

    def known(self) -> Answer | None:
        """The answer an earlier request of this id was given. Conflict if the id meant another."""
        asked = self.asked
        entry = Entry.objects.filter(
            conversation=self.conversation, client_id=asked.client_id
        ).first()
        if entry is None:
            return self._waiting()
        if (entry.agent_id, _kind_of(entry)) != (self.agent.pk, asked.kind):
            raise Conflict(_("This message id was already used for another message."))
        return entry, False

    def _waiting(self) -> Approval | None:
        """The request that an earlier try became."""
        found = Approval.objects.asked_by(self.agent).filter(client_id=self.asked.client_id).first()
        if found is not None:
            meant = (OPERATION, str(self.conversation.pk), K.REPLY)
            if (found.operation, found.proposal.get("conversation"), self.asked.kind) != meant:
                raise Conflict(_("This message id was already used for another message."))
        return found

    def read(self) -> None:
        """Take the text as the log has it now, or had it when Send was pressed: this is what is
        sent and what leaves the draft."""
        draft = log.find(self._key)
        self._require_generation(draft or SharedDraft())
        if draft is None:  # nobody wrote a word: there may be files
            self._find_files()
            with transaction.atomic():
                draft = log.lock(self._key)
        n = self.asked.n
        document = log.load(draft, n)
        self._require_generation(draft)
        if n is not None and document.n > n:
            raise Overtaken
        self.version = log.version_of(draft, document, self.agent.pk)
        self.version.client_id = self.asked.client_id
        self.body = clean_text(document.text, limit=MAX_BODY).strip()
        self.clearing = document.clear()

    def send(self) -> Answer:
        try:
            with accompanied_by(self._take_out):
                return self._post()
        except ApprovalNeeded as needed:
            if needed.operation != OPERATION:  # it stands in the way of something before this
                raise
        return self._ask()

    def _post(self) -> tuple[Entry, bool]:
        asked = self.asked
        message: dict[str, Any] = {
            "agent": self.agent,
            "conversation": self.conversation.pk,
            "body": self.body,
            "client_id": asked.client_id,
            "seen": asked.seen,
            "files": self.files,
        }
        if asked.kind != K.REPLY:
            return commands.post_note(**message, sensitive=asked.kind == SENSITIVE)
        return commands.post_reply(**message, anyway=asked.anyway)

    def _ask(self) -> Approval:
        proposal: Proposal = {
            "conversation": str(self.conversation.pk),
            "agent": self.agent.pk,
            "body": self.body,
            "client_id": str(self.asked.client_id),
            "seen": self.asked.seen,
        }

        def first(step: Step) -> None:
            self._take_out(step)
            drafted.set_aside(step, self.conversation, self.asked.kind, self.agent)
            proposal["files"] = [str(file) for file in self.files]

        with accompanied_by(first):
            return ask_for_approval(
                agent=self.agent,
                operation=OPERATION,
                proposal=proposal,
                client_id=self.asked.client_id,
            )

    def keep_collision(self, refusal: SentAlready) -> None:
        """A colleague sent this very reply a moment before: the reports count it."""
        sent = refusal.facts["sent"]
        by = sent and sent["by"]
        if self.asked.kind != K.REPLY or not by or by["id"] == self.agent.pk:
            return
        keep(
            self.agent,
            self.conversation.pk,
            cause=Collision.Cause.SENT,
            came=sent["entry"]["seq"] if sent["entry"] else self.conversation.last_seq,
            body=self.body,
        )

    def _take_out(self, step: Step) -> None:
        """The first thing in the transaction of the reply, or of the request for it."""
        draft = log.lock(self._key)
        steps.lock(self.conversation.pk, self.agent)
        if (known := self.known()) is not None:
            raise _Known(known)
        self._require_generation(draft)
        self._find_files()
        left = log.take_out(draft, self.version, self.clearing)
        step.tell(log.grew(draft))
        if draft.length and not left:
            pk = str(self.conversation.pk)
            step.tell(DraftBegun(conversation_id=pk, kind=self.asked.kind, begun=False))

    def _find_files(self) -> None:
        """Those of the draft and those the sender adds. Invalid if there is nothing to send."""
        waiting = drafted.of_draft(self.conversation, self.asked.kind)
        place = {pk: number for number, pk in enumerate(self.asked.order)}
        ordered = sorted(
            waiting.values_list("pk", flat=True), key=lambda pk: place.get(pk, MAX_FILES)
        )
        found = dict.fromkeys([*ordered, *self.asked.files])
        if len(found) > MAX_FILES:
            raise Invalid(_("Too many files on one message."), limit=MAX_FILES)
        if not self.body and not found:
            raise Empty
        self.files[:] = found

    @property
    def _key(self) -> log.Key:
        return str(self.conversation.pk), self.asked.kind

    def _require_generation(self, draft: SharedDraft) -> None:
        if draft.generation != self.asked.generation:
            raise SentAlready(generation=draft.generation, sent=self._sent(draft))

    def _sent(self, draft: SharedDraft) -> dict[str, Any] | None:
        """What the text that was meant became: by whom, and the entry unless it waits."""
        version = (
            DraftVersion.objects.select_related("author")
            .filter(draft=draft.pk, generation=self.asked.generation, client_id__isnull=False)
            .first()
        )
        if version is None:
            return None
        entry = Entry.objects.filter(
            conversation=self.conversation, client_id=version.client_id
        ).first()
        shown = for_reader(self.agent, self.conversation, [entry]) if entry else []
        return {
            "by": steps.person(version.author),
            "at": version.at.isoformat(),
            "entry": queries.entry_json(shown[0]) if shown else None,
        }


def _kind_of(entry: Entry) -> str:
    """Of the draft that it was."""
    return SENSITIVE if entry.sensitive else entry.kind
