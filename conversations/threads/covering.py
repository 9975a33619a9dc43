"""What a reader does not read of a conversation they see: the one place that decides it.

Sensitive notes are withheld from whoever may not read them: their screens say that one is there,
and whose. Where an administrator wants it so, sensitive parts of all texts are masked. Entries and
conversations are covered in memory, after they were read to be shown; nobody saves them. Previews
are covered for everybody: a list is no place to read a number, nor what was said in confidence.
"""

import uuid
from collections.abc import Iterable
from copy import copy
from typing import NamedTuple

from conversations.customers.masks import cover
from conversations.customers.rules import Privacy
from conversations.grants.rights import may, reads_confided
from conversations.reveals.queries import TEXTS, held
from conversations.threads.models import Conversation, Entry, EntryEdit
from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act
from permissions.policies.rules import current


def is_on() -> bool:
    return current(Privacy).mask_texts


class Reading(NamedTuple):
    """How somebody reads a conversation that they see."""

    clear: bool = False  # texts as they were written
    confided: bool = False  # sensitive notes of colleagues


def reads_clearly(reader: Agent, conversation: Conversation) -> bool:
    """Whether the agent reads its texts as they were written, at this moment."""
    if not is_on() or may(reader, Act.VIEW_SENSITIVE, conversation):
        return True
    return TEXTS in held(reader, conversation.customer_id, by_right=False)


def readings_of(agent_id: int, conversation_ids: Iterable[str]) -> dict[str, Reading]:
    """How the agent reads those of these conversations that they see."""
    ids = {uuid.UUID(pk) for pk in conversation_ids}
    agent = Agent.objects.filter(pk=agent_id, is_active=True).first()
    if agent is None:
        return {}
    found = Conversation.objects.visible_to(agent).filter(pk__in=ids)
    masks = is_on()
    return {
        str(one.pk): Reading(not masks or reads_clearly(agent, one), reads_confided(agent, one))
        for one in found
    }


def hides(reader: Agent, conversation: Conversation, text: str) -> bool:
    """Whether the agent reads a text of the conversation with parts of it masked."""
    return cover(text) != text and not reads_clearly(reader, conversation)


def withheld(entry: Entry) -> Entry:
    """A sensitive note as those read it who may not: that it is there, and whose."""
    other = copy(entry)
    other.body, other.event, other.attached, other.attachments = "", {}, [], 0
    other.withheld = True
    return other


def as_read(entry: Entry, reading: Reading, reader_id: int | None = None) -> Entry:
    """The entry as it is read so; its author reads what they wrote."""
    if entry.sensitive and not reading.confided and entry.agent_id != (reader_id or 0):
        return withheld(entry)
    return entry if reading.clear else covered(entry)


def covered(entry: Entry) -> Entry:
    """The entry with sensitive parts of its text masked."""
    text = cover(entry.body)
    changed = entry.changed and covered(entry.changed)
    if text == entry.body and changed is entry.changed:
        return entry
    other = copy(entry)
    other.body, other.changed = text, changed
    return other


def for_reader(reader: Agent, conversation: Conversation, entries: Iterable[Entry]) -> list[Entry]:
    """Entries of one conversation as this agent reads them."""
    found = list(entries)
    if not found:
        return found
    is_confided = any(entry.sensitive for entry in found)
    reading = Reading(
        reads_clearly(reader, conversation),
        not is_confided or reads_confided(reader, conversation),
    )
    return [as_read(entry, reading, reader.pk) for entry in found]


def earlier_texts(reader: Agent, entry: Entry) -> list[EntryEdit]:
    """What an entry said before each time it was edited, the first text first."""
    found = list(EntryEdit.objects.visible_to(reader).filter(entry=entry).order_by("pk"))
    if found and not reads_clearly(reader, entry.conversation):
        for edit in found:
            edit.body = cover(edit.body)
    return found


def cover_previews(found: list[Conversation]) -> list[Conversation]:
    """Rows of a list, with what they tell of messages covered."""
    if found and is_on():
        for conversation in found:
            for name in ("preview", "subject", "question"):
                if text := getattr(conversation, name, ""):
                    setattr(conversation, name, cover(text))
    return found


def cover_texts(texts: dict[int, str]) -> dict[int, str]:
    """Beginnings of entries in notices."""
    return {pk: cover(text) for pk, text in texts.items()} if texts and is_on() else texts
