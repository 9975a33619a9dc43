"""Message texts with what is sensitive in them masked, where an administrator wants it so.

Entries and conversations are covered in memory, after they were read to be shown; nobody saves
them. Previews are covered for everybody: a list is no place to read a number.
"""

import uuid
from collections.abc import Iterable
from copy import copy

from conversations.customers.masks import cover
from conversations.customers.rules import Privacy
from conversations.grants.rights import may
from conversations.reveals.queries import TEXTS, held
from conversations.threads.models import Conversation, Entry, EntryEdit
from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act
from permissions.policies.rules import current


def is_on() -> bool:
    return current(Privacy).mask_texts


def reads_clearly(reader: Agent, conversation: Conversation) -> bool:
    """Whether the agent reads its texts as they were written, at this moment."""
    if not is_on() or may(reader, Act.VIEW_SENSITIVE, conversation):
        return True
    return TEXTS in held(reader, conversation.customer_id, by_right=False)


def clear_screens(agent_id: int, conversation_ids: Iterable[str]) -> set[str]:
    """Those of these conversations whose texts the agent reads clearly."""
    ids = {uuid.UUID(pk) for pk in conversation_ids}
    if not is_on():
        return {str(pk) for pk in ids}
    agent = Agent.objects.filter(pk=agent_id, is_active=True).first()
    if agent is None:
        return set()
    found = Conversation.objects.visible_to(agent).filter(pk__in=ids)
    return {str(one.pk) for one in found if reads_clearly(agent, one)}


def hides(reader: Agent, conversation: Conversation, text: str) -> bool:
    """Whether the agent reads a text of the conversation with parts of it masked."""
    return cover(text) != text and not reads_clearly(reader, conversation)


def covered(entry: Entry) -> Entry:
    """The entry as those read it who do not read clearly."""
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
    if not found or reads_clearly(reader, conversation):
        return found
    return [covered(entry) for entry in found]


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
