"""Entries drawn: the same partials at first load, in a live frame and in a catch-up.

A live frame is drawn once per entry, language and audience (customers, and agents by how they read
it: clearly or masked, sensitive notes or not); every socket of the process gets the same text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.template.loader import get_template
from django.utils import translation

from conversations.threads import queries
from conversations.threads.covering import Reading, as_read
from conversations.threads.models import Entry
from helpdesk.core.live.sockets import dump

AGENT_TEMPLATE = "conversations/threads/partials/entry.html"
CUSTOMER_TEMPLATE = "conversations/intake/partials/entry.html"


def entry_html(entry: Entry, language: str) -> str:
    with translation.override(language):
        return get_template(AGENT_TEMPLATE).render({"entry": entry}).strip()


def public_entry_html(entry: Entry, language: str) -> str:
    with translation.override(language):
        return get_template(CUSTOMER_TEMPLATE).render({"entry": entry}).strip()


def with_html(entries: Sequence[Entry], language: str) -> list[dict[str, object]]:
    """Agents' JSON entries with the HTML a screen puts into its transcript."""
    return [queries.entry_json(entry) | {"html": entry_html(entry, language)} for entry in entries]


def public_with_html(entries: Sequence[Entry], language: str) -> list[dict[str, object]]:
    return [
        queries.public_entry_json(entry) | {"html": public_entry_html(entry, language)}
        for entry in entries
    ]


Eyes = tuple[str, Reading]  # an agent's language, and how they read


@dataclass(slots=True)
class Drawn:
    """One entry's live frames: for agents, and for the customer (by language) if public."""

    seq: int
    public_seq: int | None
    agents: dict[Eyes, str] = field(default_factory=dict)
    customer: dict[str, str] = field(default_factory=dict)


def draw(
    conversation_id: str,
    entries: Iterable[Entry],
    agents: set[Eyes],
    customers: set[str],
) -> list[Drawn]:
    """Live frames of entries for the languages of those who watch."""
    drawn = []
    for entry in entries:
        frames = Drawn(entry.seq, entry.public_seq)
        read_as = {reading: as_read(entry, reading) for _language, reading in agents}
        drawn_as: dict[tuple[str, int], str] = {}
        for language, reading in agents:
            shown = read_as[reading]
            if (language, id(shown)) not in drawn_as:
                drawn_as[language, id(shown)] = dump(
                    {
                        "type": "entry",
                        "conversation": conversation_id,
                        "entry": queries.entry_json(shown),
                        "html": entry_html(shown, language),
                    }
                )
            frames.agents[language, reading] = drawn_as[language, id(shown)]
        if entry.public_seq is not None:
            for language in customers:
                frames.customer[language] = dump(
                    {
                        "type": "entry",
                        "conversation": conversation_id,
                        "entry": queries.public_entry_json(entry),
                        "html": public_entry_html(entry, language),
                    }
                )
        drawn.append(frames)
    return drawn
