"""What the workspace's screens show."""

import uuid
from dataclasses import dataclass, field

from django.utils.timezone import now

from collaboration.context import queries as context
from collaboration.drafts.models import PrivateDraft, SharedDraft
from collaboration.drafts.queries import drafts_of
from collaboration.suggestions.models import Suggestion
from collaboration.suggestions.queries import waiting
from conversations.grants.rights import acts_on
from conversations.modes.commands import may_switch
from conversations.modes.enforcing import (
    Sentence,
    may_try_to_join,
    offered_modes,
    watches_unseen,
    why_no_note,
    why_no_reply,
    why_no_sensitive_note,
)
from conversations.modes.floor import Mode
from conversations.threads import queries as threads
from conversations.threads.covering import cover_previews, for_reader
from conversations.threads.models import Conversation, Entry, Participant, Priority
from conversations.threads.steps import GOES_ON
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent, Team
from permissions.acts.vocabulary import Act

SHOWN = 60  # entries on the first screen
MERGEABLE = 20  # conversations to choose from
LEFT_BY_MERGING = {"reply", "note", "export"}  # the field stays to be read, closed


@dataclass(frozen=True)
class Talk:
    """One conversation as its screen needs it."""

    conversation: Conversation
    entries: list[Entry]
    participants: list[Participant]
    panel: context.Panel
    read: int | None  # the last number the reader has read; None: nothing here ever
    may: dict[str, bool]
    closed: dict[str, Sentence]  # why the agent, who has the right, cannot write now
    goes_on: uuid.UUID | None  # where a merged one does, if the reader sees that
    unseen: bool | None  # whether colleagues do not see that a supervisor watches
    drafts: dict[str, PrivateDraft] = field(default_factory=dict)
    unsent: dict[str, Entry] = field(default_factory=dict)
    suggestions: list[Suggestion] = field(default_factory=list)

    @property
    def earlier(self) -> bool:
        """Whether there is more above the first entry shown."""
        return bool(self.entries) and self.entries[0].seq > 1

    @property
    def may_answer(self) -> bool:
        return self.may["reply"] and "reply" not in self.closed

    @property
    def priorities(self) -> list[tuple[str, str]]:
        return [(priority.key, str(priority.label)) for priority in Priority]

    @property
    def modes(self) -> list[Mode]:
        """What the conversation can be switched to."""
        return offered_modes()


def find(reader: Agent, pk: uuid.UUID) -> Conversation:
    """A conversation the reader may see, with what its header shows. Raises NotFound."""
    found = Conversation.objects.visible_to(reader).filter(pk=pk)
    conversation = found.select_related("customer", "assignee", "inbox", "team").first()
    if conversation is None:
        raise NotFound
    cover_previews([conversation])
    return conversation


def talk(reader: Agent, pk: uuid.UUID) -> Talk:
    """A conversation with its last entries. Raises NotFound."""
    conversation = find(reader, pk)
    participants = list(
        conversation.participants.filter(left_at=None).select_related("agent").order_by("joined_at")
    )
    mark = conversation.read_marks.filter(agent=reader).values_list("seq", flat=True).first()
    takes_part = any(one.agent_id == reader.pk for one in participants)
    closed = {
        "reply": why_no_reply(conversation, reader, takes_part=takes_part),
        "note": why_no_note(conversation, reader),
        "sensitive": why_no_sensitive_note(conversation, reader),
    }
    if conversation.merged_into_id is not None:
        closed = dict.fromkeys(closed, GOES_ON)
    return Talk(
        conversation=conversation,
        entries=for_reader(reader, conversation, threads.latest_entries(conversation, SHOWN)),
        participants=participants,
        panel=context.panel(reader, conversation),
        read=mark,
        may=may(reader, conversation, participants),
        closed={kind: why for kind, why in closed.items() if why is not None},
        goes_on=_goes_on(reader, conversation),
        unseen=watches_unseen(conversation, reader, takes_part=takes_part),
        drafts=drafts_of(reader, pk),
        unsent={kind: unsent(reader, kind) for kind in SharedDraft.Kind.values},
        suggestions=waiting(reader, conversation),
    )


def _goes_on(reader: Agent, conversation: Conversation) -> uuid.UUID | None:
    if conversation.merged_into_id is None:
        return None
    there = Conversation.objects.visible_to(reader).filter(pk=conversation.merged_into_id)
    return there.values_list("pk", flat=True).first()


def unsent(author: Agent, kind: str) -> Entry:
    """What a message on its way looks like: the screen copies it and puts in the text."""
    is_sensitive = kind == SharedDraft.Kind.SENSITIVE
    return Entry(
        kind=Entry.Kind.NOTE if is_sensitive else kind,
        sensitive=is_sensitive,
        agent=author,
        author_kind="agent",
        author_name=str(author),
        body="…",
        at=now(),
    )


def may(
    reader: Agent, conversation: Conversation, participants: list[Participant]
) -> dict[str, bool]:
    """Which buttons make sense. The commands decide; this only keeps useless ones away."""
    acts = acts_on(reader, conversation)
    owner = conversation.assignee_id
    mine = owner == reader.pk
    taking_part = any(one.agent_id == reader.pk for one in participants)
    resolved, spam = conversation.status == "resolved", conversation.is_spam
    reply, resolve = Act.REPLY in acts, Act.RESOLVE in acts
    moderate = Act.MODERATE in acts
    blocked = conversation.customer.is_blocked()
    sensible = {
        "reply": reply,
        "note": Act.NOTE in acts and conversation.floor.notes,
        "amend_own": reply,
        "amend_others": Act.RECALL in acts,
        "suggest": Act.NOTE in acts,
        "sensitive": {Act.NOTE, Act.CONFIDE} <= acts and conversation.floor.sensitive_notes,
        "claim": owner is None and Act.CLAIM in acts,
        "take_over": owner is not None and not mine and reply and Act.ASSIGN in acts,
        "join": not taking_part and Act.JOIN in acts and may_try_to_join(conversation, reader),
        "leave": taking_part and not mine,
        "invite": Act.INVITE in acts and conversation.floor.enabled,
        "assign": Act.ASSIGN in acts,
        "transfer": Act.TRANSFER in acts,
        "resolve": not resolved and resolve,
        "reopen": resolved and not spam and resolve,
        "snooze": not spam and resolve,
        "prioritise": Act.PRIORITISE in acts,
        "tag": Act.TAG in acts,
        "export": Act.EXPORT in acts,
        "classify": Act.CLASSIFY in acts,
        "merge": not spam and Act.MERGE in acts,
        "spam": not spam and moderate,
        "not_spam": spam and moderate,
        "block": not blocked and moderate,
        "unblock": blocked and moderate,
        "mode": conversation.floor.enabled and may_switch(reader, conversation),
        "unread": not resolved and conversation.messages > 0,
    }
    if conversation.merged_into_id is None:
        return sensible
    return {name: name in LEFT_BY_MERGING and sense for name, sense in sensible.items()}


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
    found = (
        Conversation.objects.visible_to(reader)
        .filter(customer=conversation.customer_id, is_spam=False, merged_into=None)
        .exclude(pk=conversation.pk)
        .order_by("-last_activity_at")
    )
    return cover_previews(list(found[:MERGEABLE]))
