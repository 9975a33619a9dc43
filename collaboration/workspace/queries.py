"""What the workspace's screens show."""

import uuid
from dataclasses import dataclass, field

from django.utils.timezone import now

from collaboration.context import queries as context
from collaboration.drafts.models import PrivateDraft
from collaboration.drafts.queries import drafts_of
from conversations.threads import queries as threads
from conversations.threads.models import Conversation, Entry, Participant, Priority
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import rights_of
from permissions.acts.vocabulary import Act

SHOWN = 60  # entries on the first screen
MERGEABLE = 20  # conversations to choose from


@dataclass(frozen=True)
class Talk:
    """One conversation as its screen needs it."""

    conversation: Conversation
    entries: list[Entry]
    participants: list[Participant]
    panel: context.Panel
    read_seq: int
    may: dict[str, bool]
    drafts: dict[str, PrivateDraft] = field(default_factory=dict)
    unsent: list[Entry] = field(default_factory=list)

    @property
    def earlier(self) -> bool:
        """Whether there is more above the first entry shown."""
        return bool(self.entries) and self.entries[0].seq > 1

    @property
    def priorities(self) -> list[tuple[str, str]]:
        return [(priority.key, str(priority.label)) for priority in Priority]


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
    mark = conversation.read_marks.filter(agent=reader).values_list("seq", flat=True).first()
    return Talk(
        conversation=conversation,
        entries=threads.latest_entries(conversation, SHOWN),
        participants=participants,
        panel=context.panel(reader, conversation),
        read_seq=mark or 0,
        may=may(reader, conversation, participants),
        drafts=drafts_of(reader, pk),
        unsent=[unsent(reader, kind) for kind in (Entry.Kind.REPLY, Entry.Kind.NOTE)],
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
    inbox, owner = conversation.inbox_id, conversation.assignee_id
    mine = owner == reader.pk
    taking_part = any(one.agent_id == reader.pk for one in participants)
    resolved, spam = conversation.status == "resolved", conversation.is_spam
    merged = conversation.merged_into_id is not None
    reply, resolve = rights.allows(Act.REPLY, inbox), rights.allows(Act.RESOLVE, inbox)
    moderate = rights.allows(Act.MODERATE, inbox)
    blocked = conversation.customer.is_blocked()
    return {
        "reply": reply,
        "note": rights.allows(Act.NOTE, inbox),
        "claim": owner is None and rights.allows(Act.CLAIM, inbox),
        "take_over": owner is not None and not mine and reply and rights.allows(Act.ASSIGN, inbox),
        "join": not taking_part and rights.allows(Act.JOIN, inbox),
        "leave": taking_part and not mine,
        "invite": rights.allows(Act.JOIN, inbox),
        "assign": rights.allows(Act.ASSIGN, inbox),
        "transfer": rights.allows(Act.TRANSFER, inbox),
        "resolve": not resolved and resolve,
        "reopen": resolved and not spam and resolve,
        "snooze": not spam and resolve,
        "prioritise": rights.allows(Act.PRIORITISE, inbox),
        "merge": not spam and not merged and rights.allows(Act.MERGE, inbox),
        "spam": not spam and moderate,
        "not_spam": spam and moderate,
        "block": not blocked and moderate,
        "unblock": blocked and moderate,
        "unread": not resolved and conversation.messages > 0,
    }


def people(conversation: Conversation) -> list[Agent]:
    """The inbox's people, whom one may hand it to or invite: those who are there first."""
    found = Agent.objects.with_status().filter(
        is_active=True, groups__team__inboxes=conversation.inbox_id
    )
    there = {"online": 0, "busy": 1, "away": 2}
    return sorted(
        found.distinct(), key=lambda agent: (there.get(agent.presence_status, 3), agent.name)
    )


def teams(conversation: Conversation) -> list[Team]:
    return list(conversation.inbox.teams.order_by("name"))


def mergeable(reader: Agent, conversation: Conversation) -> list[Conversation]:
    """The customer's other conversations, which this one may go on in."""
    return list(
        Conversation.objects.visible_to(reader)
        .filter(customer=conversation.customer_id, is_spam=False, merged_into=None)
        .exclude(pk=conversation.pk)
        .order_by("-last_activity_at")[:MERGEABLE]
    )
