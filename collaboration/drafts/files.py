"""The files that wait with what colleagues write together, as screens and programs read them."""

import uuid
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from conversations.threads.models import Conversation, File
from conversations.threads.queries import file_json
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent


def waiting_files(reader: Agent, conversation: uuid.UUID) -> list[dict[str, Any]]:
    """Those of the reply and of the notes, in the order they came. NotFound if unseen."""
    if not Conversation.objects.visible_to(reader).filter(pk=conversation).exists():
        raise NotFound
    found = File.objects.drafted().open_to(reader).filter(conversation=conversation)
    return [waiting_json(file) for file in found.select_related("agent")]


def waiting_json(file: File) -> dict[str, Any]:
    """A file, `by` whoever put it there."""
    return {
        **file_json(file),
        "kind": file.drafted,
        "by": file.agent and {"id": file.agent.pk, "name": str(file.agent)},
        "url": reverse("workspace:file", args=[file.pk]),
        "size_shown": filesizeformat(file.size),
    }


def waiting_among(conversation_ids: set[str]) -> dict[str, frozenset[uuid.UUID]]:
    """Conversations with files that wait, and which."""
    found: dict[str, set[uuid.UUID]] = {}
    ids = [uuid.UUID(pk) for pk in conversation_ids]
    waiting = File.objects.drafted().filter(conversation__in=ids)
    for conversation_id, pk in waiting.values_list("conversation_id", "pk"):
        found.setdefault(str(conversation_id), set()).add(pk)
    return {pk: frozenset(those) for pk, those in found.items()}
