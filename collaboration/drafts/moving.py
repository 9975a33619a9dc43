"""A draft outlives a merge: what was being written goes on where the conversation does."""

from django.db import transaction

from collaboration.drafts import log
from collaboration.drafts.events import DraftBegun
from collaboration.drafts.models import SharedDraft
from helpdesk.core import events

GAP = "\n\n"  # between what was written there and what comes


def carry_over(conversation_id: str, into_id: str) -> None:
    """Move the texts begun on one conversation to the end of another's. Twice is harmless."""
    for kind in SharedDraft.Kind.values:
        found = log.find((conversation_id, kind))
        if found and found.length:
            for draft in _carry_over((conversation_id, kind), (into_id, kind)):
                events.publish(log.grew(draft))


def _carry_over(here: log.Key, there: log.Key) -> list[SharedDraft]:
    with transaction.atomic(durable=True):
        locked = {key: log.lock(key) for key in sorted((here, there))}
        source, target = locked[here], locked[there]
        document, onto = log.load(source), log.load(target)
        if not document.length:
            return []
        pieces = document.pieces()
        if onto.length:
            pieces.insert(0, (None, GAP))
        taken = log.Change(source, [(None, document.clear())], 0)
        written = [(author, onto.write(text, author)) for author, text in pieces]
        log.store([taken, log.Change(target, written, onto.length)])
    for key, begun in ((here, False), (there, True)):
        events.publish(DraftBegun(conversation_id=key[0], kind=key[1], begun=begun))
    return [source, target]
