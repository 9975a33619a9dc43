import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple

from collaboration.drafts import log
from collaboration.drafts.documents import Piece, Signed, in_pieces
from collaboration.drafts.models import DraftVersion, PrivateDraft, SharedDraft
from collaboration.drafts.writing import may_read
from conversations.customers.masks import cover
from conversations.threads import mentions
from conversations.threads.covering import reads_clearly
from conversations.threads.models import Conversation, Entry
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent

MOST_MARKED = 300  # conversations whose rows show a pencil
VERSIONS = 50  # that are told of at once


class Begun(NamedTuple):
    """A text that is being written together, and who wrote in it last."""

    conversation_id: str
    kind: str
    by: str


def drafts_of(agent: Agent, conversation: uuid.UUID) -> dict[str, PrivateDraft]:
    """The agent's own drafts on a conversation, by mode."""
    found = PrivateDraft.objects.filter(agent=agent, conversation=conversation)
    return {draft.mode: draft for draft in found}


def drafted(agent: Agent) -> list[str]:
    """Conversations on which the agent has begun to write, the latest first."""
    found = (
        PrivateDraft.objects.filter(
            agent=agent, conversation__in=Conversation.objects.visible_to(agent)
        )
        .exclude(body="")
        .order_by("-changed_at")
        .values_list("conversation_id", flat=True)[:MOST_MARKED]
    )
    return list(dict.fromkeys(map(str, found)))


def begun_among(conversation_ids: Iterable[str]) -> list[Begun]:
    """The texts that have been begun on these conversations."""
    found = SharedDraft.objects.filter(conversation__in=list(conversation_ids), length__gt=0)
    return [
        Begun(str(draft.conversation_id), draft.kind, str(draft.writer or ""))
        for draft in found.select_related("writer").only("conversation_id", "kind", "writer")
    ]


def shared_draft(
    reader: Agent, conversation: uuid.UUID, kind: str, sent: uuid.UUID | None = None
) -> dict[str, Any]:
    """The shared text of a conversation, its authors and its versions. NotFound if unseen.

    With `sent`, of its versions only the one that went out as the message of that client id.
    """
    found = _seen(reader, conversation)
    if not may_read(reader, found, kind):
        raise NotFound
    draft = log.find((str(conversation), kind))
    document = log.load(draft) if draft else Signed()
    told = draft.versions.order_by("-id") if draft else DraftVersion.objects.none()
    versions = list(told.filter(client_id=sent) if sent else told[:VERSIONS])
    clear = reads_clearly(reader, found)
    people = _People(document.pieces(), versions)
    return {
        "kind": kind,
        "generation": draft.generation if draft else 0,
        "n": document.n,
        "text": document.text if clear else cover(document.text),
        "runs": people.runs(document.pieces(), clear),
        "versions": [
            {
                "id": version.pk,
                "n": version.n,
                "generation": version.generation,
                "at": version.at.isoformat(),
                "author": people.one(version.author_id),
                "sent": version.client_id and str(version.client_id),
                "text": version.text if clear else cover(version.text),
                "runs": people.runs(in_pieces(version.text, version.runs), clear),
            }
            for version in versions
        ],
    }


def as_entry(reader: Agent, conversation: uuid.UUID, kind: str, body: str) -> Entry:
    """A text as the entry it would be if it were sent now. NotFound if unseen."""
    found = _seen(reader, conversation)
    is_sensitive = kind == SharedDraft.Kind.SENSITIVE
    if is_sensitive:
        kind = Entry.Kind.NOTE
    event = {}
    if kind == Entry.Kind.NOTE:
        event = {"mentions": mentions.found_in(body, found, sensitive=is_sensitive)}
    return Entry(
        kind=kind,
        author_kind="agent",
        agent=reader,
        body=body,
        event=event,
        sensitive=is_sensitive,
    )


def _seen(reader: Agent, conversation: uuid.UUID) -> Conversation:
    found = Conversation.objects.visible_to(reader).filter(pk=conversation).first()
    if found is None:
        raise NotFound
    return found


class _People:
    """Those who wrote, read in one query."""

    def __init__(self, pieces: Iterable[Piece], versions: Iterable[DraftVersion]) -> None:
        ids = {author for author, _ in pieces}
        for version in versions:
            ids |= {version.author_id, *(author for author, _ in version.runs)}
        self._known = Agent.objects.in_bulk([pk for pk in ids if pk])

    def one(self, author: int | None) -> dict[str, Any] | None:
        agent = self._known.get(author or 0)
        return agent and {"id": agent.pk, "name": str(agent), "colour": agent.colour}

    def runs(self, pieces: Iterable[Piece], clear: bool) -> list[dict[str, Any]]:
        """Who wrote which piece. What is covered has no pieces: half a number would escape."""
        if not clear:
            return []
        return [{"agent": self.one(author), "text": text} for author, text in pieces]
