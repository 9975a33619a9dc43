"""What the workspace's screens show."""

import uuid
from dataclasses import dataclass, field

from django.utils.timezone import now

from conversations.threads import queries as threads
from conversations.threads.models import Conversation, Entry, Participant
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent
from permissions.acts.checks import rights_of
from permissions.acts.vocabulary import Act

SHOWN = 60  # entries on the first screen


@dataclass(frozen=True)
class Talk:
    """One conversation as its screen needs it."""

    conversation: Conversation
    entries: list[Entry]
    participants: list[Participant]
    past: list[Conversation]
    read_seq: int
    may: dict[str, bool]
    unsent: list[Entry] = field(default_factory=list)
    assignable: list[Agent] = field(default_factory=list)

    @property
    def earlier(self) -> bool:
        """Whether there is more above the first entry shown."""
        return bool(self.entries) and self.entries[0].seq > 1

    @property
    def is_mine(self) -> bool:
        return self.may["be_owner"]


def find(reader: Agent, pk: uuid.UUID) -> Conversation:
    """A conversation the reader may see, with what its header shows. Raises NotFound."""
    found = threads.for_rows(Conversation.objects.visible_to(reader), reader)
    conversation = found.filter(pk=pk).first()
    if conversation is None:
        raise NotFound
    return conversation


def talk(reader: Agent, pk: uuid.UUID) -> Talk:
    """A conversation with its last entries. Raises NotFound."""
    conversation = find(reader, pk)
    participants = list(
        conversation.participants.filter(left_at=None).select_related("agent").order_by("joined_at")
    )
    past = (
        Conversation.objects.visible_to(reader)
        .filter(customer=conversation.customer_id)
        .exclude(pk=pk)
        .order_by("-last_activity_at")[:6]
    )
    mark = conversation.read_marks.filter(agent=reader).values_list("seq", flat=True).first()
    return Talk(
        conversation=conversation,
        entries=threads.latest_entries(conversation, SHOWN),
        participants=participants,
        past=list(past),
        read_seq=mark or 0,
        may=may(reader, conversation, participants),
        unsent=[unsent(reader, kind) for kind in (Entry.Kind.REPLY, Entry.Kind.NOTE)],
        assignable=assignable(conversation),
    )


def unsent(author: Agent, kind: Entry.Kind) -> Entry:
    """What a message on its way looks like: the screen copies it and puts in the text."""
    return Entry(
        kind=kind, agent=author, author_kind="agent", author_name=str(author), body="…", at=now()
    )


def may(
    reader: Agent, conversation: Conversation, participants: list[Participant]
) -> dict[str, bool]:
    """Which buttons make sense. The commands decide; this only keeps useless ones away."""
    rights = rights_of(reader)
    inbox = conversation.inbox_id
    mine = conversation.assignee_id == reader.pk
    taking_part = any(one.agent_id == reader.pk for one in participants)
    resolved = conversation.status == "resolved"
    return {
        "reply": rights.allows(Act.REPLY, inbox),
        "note": rights.allows(Act.NOTE, inbox),
        "claim": conversation.assignee_id is None and rights.allows(Act.CLAIM, inbox),
        "join": not taking_part and rights.allows(Act.JOIN, inbox),
        "leave": taking_part and not mine,
        "assign": rights.allows(Act.ASSIGN, inbox),
        "resolve": not resolved and rights.allows(Act.RESOLVE, inbox),
        "reopen": resolved and rights.allows(Act.RESOLVE, inbox),
        "be_owner": mine,
    }


def assignable(conversation: Conversation) -> list[Agent]:
    """The inbox's people: members of its teams."""
    return list(
        Agent.objects.filter(is_active=True, groups__team__inboxes=conversation.inbox_id)
        .distinct()
        .order_by("name")
    )
