"""Sending what was written together: once, and never without knowing what came meanwhile.

The text is taken from the log, not from a browser. The reply and the update that takes its text out
of the draft are one transaction; where a colleague has to approve the reply, the request is.
"""

import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from collaboration.drafts import log
from collaboration.drafts.models import DraftVersion, SharedDraft
from conversations.threads import commands, queries, steps
from conversations.threads.covering import for_reader
from conversations.threads.models import MAX_BODY, Conversation, Entry
from helpdesk.core.refusals import Conflict, Invalid, NotFound
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


class SentAlready(Conflict):
    """The text this was about left the draft meanwhile; `sent` is what it became."""

    code = "sent_already"
    sentence = _("This text has been sent already.")


@dataclass(frozen=True, slots=True)
class SendInput:
    """Which text is meant, and what its sender had before their eyes."""

    kind: str
    client_id: uuid.UUID
    generation: int
    seen: int
    files: tuple[uuid.UUID, ...]
    anyway: bool


def send_draft(*, agent: Agent, conversation: uuid.UUID, asked: SendInput) -> Answer:
    """Send the shared text. Safe to ask for again with the same `client_id`.

    Two who press at once make one reply: the other is told whose it is and what it says.
    """
    found = Conversation.objects.visible_to(agent).filter(pk=conversation).first()
    if found is None:
        raise NotFound
    sending = _Sending(agent, found, asked)
    if (known := sending.known()) is not None:
        return known
    sending.read()
    try:
        return sending.send()
    except _Known as answered:
        return answered.answer


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
    version: DraftVersion = field(init=False)
    clearing: bytes = b""

    def known(self) -> Answer | None:
        """The answer an earlier request of this id was given. Conflict if the id meant another."""
        asked = self.asked
        entry = Entry.objects.filter(
            conversation=self.conversation, client_id=asked.client_id
        ).first()
        if entry is None:
            return Approval.objects.asked_by(self.agent).filter(client_id=asked.client_id).first()
        if (entry.agent_id, entry.kind) != (self.agent.pk, asked.kind):
            raise Conflict(_("This message id was already used for another message."))
        return entry, False

    def read(self) -> None:
        """Take the text as the log has it now: this is what is sent and what leaves the draft."""
        draft = log.find((str(self.conversation.pk), self.asked.kind))
        draft = draft or SharedDraft(conversation=self.conversation, kind=self.asked.kind)
        self._require_generation(draft)
        if draft.pk is None:
            raise Invalid(_("Write something first."))
        document = log.load(draft)
        self._require_generation(draft)
        self.version = log.version_of(draft, document, self.agent.pk)
        self.version.client_id = self.asked.client_id
        self.body = clean_text(document.text, limit=MAX_BODY).strip()
        if not self.body and not self.asked.files:
            raise Invalid(_("Write something first."))
        self.clearing = document.clear()

    def send(self) -> Answer:
        try:
            with self._taking_out():
                return self._post()
        except ApprovalNeeded as needed:
            if needed.operation != OPERATION:  # it stands in the way of something before this
                raise
        with self._taking_out():
            return ask_for_approval(
                agent=self.agent,
                operation=OPERATION,
                proposal=self._proposal(),
                client_id=self.asked.client_id,
            )

    def _post(self) -> tuple[Entry, bool]:
        asked = self.asked
        message: dict[str, Any] = {
            "agent": self.agent,
            "conversation": self.conversation.pk,
            "body": self.body,
            "client_id": asked.client_id,
            "seen": asked.seen,
            "files": asked.files,
        }
        if asked.kind == K.NOTE:
            return commands.post_note(**message)
        return commands.post_reply(**message, anyway=asked.anyway)

    def _proposal(self) -> Proposal:
        return {
            "conversation": str(self.conversation.pk),
            "agent": self.agent.pk,
            "body": self.body,
            "client_id": str(self.asked.client_id),
            "files": [str(file) for file in self.asked.files],
            "seen": self.asked.seen,
        }

    def _taking_out(self) -> AbstractContextManager[None]:
        return accompanied_by(self._take_out)

    def _take_out(self, step: Step) -> None:
        """The first thing in the transaction of the reply, or of the request for it."""
        draft = log.lock((str(self.conversation.pk), self.asked.kind))
        steps.lock(self.conversation.pk, self.agent)
        if (known := self.known()) is not None:
            raise _Known(known)
        self._require_generation(draft)
        log.take_out(draft, self.version, self.clearing)
        step.tell(log.grew(draft))

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
