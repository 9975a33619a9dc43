"""Files that wait in what colleagues write together, until it is sent.

They are the draft's, not their uploader's: whoever may write there may remove them, and sending
takes all of them. Every change of them is made under the lock of their conversation.
"""

import uuid

from django.core.files.uploadedfile import UploadedFile
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.modes.enforcing import require_note, require_reply
from conversations.threads import steps
from conversations.threads.events import DraftedFilesChanged
from conversations.threads.files import add, stored
from conversations.threads.models import (
    MAX_FILES,
    SENSITIVE,
    Conversation,
    ConversationId,
    Entry,
    File,
    FileQuerySet,
)
from helpdesk.core.refusals import Conflict, Invalid, NotFound
from permissions.accounts.models import Agent
from permissions.acts.command import Step, command
from permissions.acts.vocabulary import Act

ACTS = {  # that whoever writes it may
    Entry.Kind.REPLY.value: (Act.REPLY,),
    Entry.Kind.NOTE.value: (Act.NOTE,),
    SENSITIVE: (Act.NOTE, Act.CONFIDE),
}


def attach_file(
    *, agent: Agent, conversation: ConversationId, kind: str, upload: UploadedFile
) -> File:
    """Put a file to the reply or the note that is being written, for whoever may write it."""
    with stored(upload) as file, command("file.upload", actor=agent, on=None) as step:
        found = steps.lock(conversation, agent)
        _require_writing(found, kind, agent)
        if of_draft(found, kind).count() >= MAX_FILES:
            raise Invalid(_("Too many files on one message."), limit=MAX_FILES)
        file.conversation, file.drafted = found, kind
        _tell(step, found, kind)
        return add(step, file, agent)


def carry_over(step: Step, source: Conversation, target: Conversation) -> None:
    """A conversation is merged: its drafts' files wait in the other one's."""
    for kind in ACTS:
        if of_draft(source, kind).update(conversation=target):
            step.tell(DraftedFilesChanged(conversation_id=str(target.pk)))


def remove_file(*, agent: Agent, conversation: ConversationId, file: uuid.UUID) -> None:
    """Take a file out of the draft it waits in. Safe to ask for again; Conflict if it was sent."""
    with command("file.remove", actor=agent, on=None) as step:
        found = steps.lock(conversation, agent)
        one = File.objects.filter(pk=file, conversation=found).first()
        if one is None:
            raise NotFound
        if one.entry_id:
            raise Conflict(_("This file has been sent already."))
        if not one.drafted:
            step.nothing_changed()
            return
        _require_writing(found, one.drafted, agent)
        step.on = one
        _tell(step, found, one.drafted)
        one.drafted = ""
        one.save(update_fields=["drafted"])


def of_draft(conversation: Conversation, kind: str) -> FileQuerySet:
    return File.objects.drafted().filter(conversation=conversation, drafted=kind)


def set_aside(step: Step, conversation: Conversation, kind: str, agent: Agent) -> None:
    """The files go out with a request to send them: its asker's alone until it is decided."""
    leaving = of_draft(conversation, kind)
    if leaving.update(agent=agent, conversation=None, drafted="", at=Now()):
        _tell(step, conversation, kind)


def _require_writing(found: Conversation, kind: str, agent: Agent) -> None:
    """As for sending it: whoever's text it would be."""
    for act in ACTS[kind]:
        steps.require_on(act, found, agent)
    takes_part = steps.standing(found, agent=agent).takes_part
    if kind == Entry.Kind.REPLY:
        require_reply(found, agent, takes_part=takes_part)
    else:
        require_note(found, agent, sensitive=kind == SENSITIVE)


def _tell(step: Step, conversation: Conversation, kind: str) -> None:
    step.note(conversation=str(conversation.pk), draft=kind)
    step.tell(DraftedFilesChanged(conversation_id=str(conversation.pk)))
