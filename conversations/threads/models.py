import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from conversations.customers.models import Customer
from conversations.grants.rights import confided_to
from conversations.grants.sight import sight_of
from conversations.inboxes.models import Inbox
from conversations.modes.floor import Floor, Mode, floor_in
from helpdesk.core.ids import uuid7
from permissions.accounts.models import Agent, Team

ConversationId = uuid.UUID | str
MAX_BODY = 10_000  # characters
MAX_FILES = 10  # on one message
MAX_LABEL = 80  # characters of a tag or an issue type
MAX_TAGS = 100
SENSITIVE = "sensitive"  # of a draft, a file in it and a preview: it belongs to a sensitive note


class Status(models.TextChoices):
    OPEN = "open", _("Open")
    PENDING = "pending", _("Waiting for the customer")
    SNOOZED = "snoozed", _("Snoozed")
    RESOLVED = "resolved", _("Resolved")


class Priority(models.IntegerChoices):
    """How urgent a matter is: a higher number goes first."""

    LOW = 1, _("Low")
    NORMAL = 2, _("Normal")
    HIGH = 3, _("High")
    URGENT = 4, _("Urgent")

    @property
    def key(self) -> str:
        """What programs and addresses call it."""
        return self.name.lower()


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, reader: Agent) -> "ConversationQuerySet":
        """What this agent may see: the one predicate behind page, list, count, socket and file."""
        return self.filter(sight_of(reader).q)

    def parts_visible_to(self, reader: Agent) -> "list[ConversationQuerySet]":
        """The same in parts that share no row, which are counted sooner than the whole."""
        return [self.filter(part) for part in sight_of(reader).parts]

    def unresolved(self) -> "ConversationQuerySet":
        return self.exclude(status=Status.RESOLVED)


class Conversation(models.Model):
    """A customer's matter, worked on until it is resolved.

    `last_seq` numbers its entries without a gap; `last_public_seq` those a customer may see.
    `messages` counts what the customer wrote, so that unread is a difference of two numbers.
    `team` is the department it was handed to, if one was named; else those of its inbox look after
    it. Spam is resolved and stays so; what was merged goes on in `merged_into`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    inbox = models.ForeignKey(Inbox, models.PROTECT, related_name="conversations")
    customer = models.ForeignKey(  # found by an index that goes on with the time
        Customer, models.PROTECT, related_name="conversations", db_index=False
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    assignee = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="assigned"
    )
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="conversations", db_index=False
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    mode = models.CharField(  # its own; empty: its inbox's
        _("mode"),
        max_length=10,
        choices=Mode,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    is_spam = models.BooleanField(_("spam"), default=False, db_default=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", db_index=False
    )
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    issue_type = models.CharField(_("issue type"), max_length=MAX_LABEL, blank=True)
    tags = ArrayField(models.CharField(max_length=MAX_LABEL), default=list, blank=True)
    last_seq = models.PositiveIntegerField(default=0, editable=False)
    last_public_seq = models.PositiveIntegerField(default=0, editable=False)
    messages = models.PositiveIntegerField(default=0, editable=False)
    # How far the other side has read, by public number: the team the customer's messages, the
    # customer what they were told. Neither ever goes back.
    team_read = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    customer_read = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    preview = models.CharField(max_length=160, blank=True, editable=False)
    preview_kind = models.CharField(max_length=10, blank=True, editable=False)
    last_activity_at = models.DateTimeField(_("last activity"), editable=False)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, editable=False)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    created_at = models.DateTimeField(_("begun"), editable=False)
    resolved_at = models.DateTimeField(_("resolved"), null=True, editable=False)
    external_id = models.CharField(_("id elsewhere"), max_length=200, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_public_seq__lte=F("last_seq")),
                name="conversation_public_in_all",
            ),
            models.CheckConstraint(
                condition=Q(
                    team_read__lte=F("last_public_seq"), customer_read__lte=F("last_public_seq")
                ),
                name="conversation_read_in_public",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="conversation_status_known"
            ),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="conversation_priority_known"
            ),
            models.CheckConstraint(
                condition=Q(mode__in=["", *Mode.values]), name="conversation_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(status="resolved") | Q(is_spam=False, merged_into=None),
                name="conversation_put_away_is_resolved",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=F("id")), name="conversation_not_into_itself"
            ),
            models.UniqueConstraint(
                fields=["inbox", "external_id"],
                condition=~Q(external_id=""),
                name="conversation_imported_once",
            ),
        ]
        indexes = [
            # The lists, newest first, page by page with a key instead of an offset: for agents of
            # many inboxes, and for those of a few quiet ones.
            models.Index(
                fields=["-last_activity_at", "-id"],
                condition=~Q(status="resolved"),
                name="conversation_open",
            ),
            models.Index(
                fields=["inbox", "-last_activity_at", "-id"],
                include=["status", "assignee", "team", "waiting_since"],  # views are counted by it
                condition=~Q(status="resolved"),
                name="conversation_open_in_inbox",
            ),
            models.Index(
                fields=["-last_activity_at", "-id"],
                condition=Q(assignee=None) & ~Q(status="resolved"),
                name="conversation_unassigned",
            ),
            models.Index(
                fields=["inbox", "-last_activity_at", "-id"],
                condition=Q(status="resolved"),
                name="conversation_resolved",
            ),
            models.Index(
                fields=["assignee", "-last_activity_at", "-id"],
                condition=~Q(status="resolved"),
                name="conversation_mine",
            ),
            # What is done grows for ever, so that a filter on it needs a way of its own. These cost
            # nothing while a conversation is worked on.
            models.Index(
                fields=["assignee", "-last_activity_at", "-id"],
                condition=Q(status="resolved", assignee__isnull=False),
                name="conversation_done_by",
            ),
            models.Index(
                fields=["issue_type", "-last_activity_at", "-id"],
                condition=Q(status="resolved") & ~Q(issue_type=""),
                name="conversation_done_of_type",
            ),
            GinIndex(
                fields=["tags"],
                condition=Q(status="resolved") & ~Q(tags=[]),
                name="conversation_done_tagged",
            ),
            models.Index(
                fields=["team", "-last_activity_at", "-id"],
                condition=Q(team__isnull=False) & ~Q(status="resolved"),
                name="conversation_of_team",
            ),
            models.Index(
                fields=["-last_activity_at", "-id"],
                condition=Q(waiting_since__isnull=False) & ~Q(status="resolved"),
                name="conversation_unanswered",
            ),
            models.Index(
                fields=["-last_activity_at", "-id"],
                condition=Q(is_spam=True),
                name="conversation_spam",
            ),
            models.Index(
                fields=["merged_into"],
                condition=Q(merged_into__isnull=False),
                name="conversation_merged",
            ),
            models.Index(
                fields=["customer", "-last_activity_at"],
                name="conversation_of_customer",
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(status="snoozed"),
                name="conversation_snoozed",
            ),
            # What changed just now: each process looks every second or two.
            models.Index(fields=["last_activity_at"], name="conversation_changed"),
        ]

    def __str__(self) -> str:
        return self.subject or str(self.customer)

    def is_visible_to(self, reader: Agent) -> bool:
        """The predicate of `visible_to`, for a row that is at hand."""
        seen = sight_of(reader).sees(self)
        if seen is None:
            return Conversation.objects.visible_to(reader).filter(pk=self.pk).exists()
        return seen

    @property
    def priority_key(self) -> str:
        return Priority(self.priority).key

    @cached_property
    def floor(self) -> Floor:
        """Who may speak and come in here. `steps.standing` brings it along for an agent's act."""
        return floor_in(self.inbox_id, self.mode)


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, reader: Agent) -> "EntryQuerySet":
        return self.filter(conversation__in=Conversation.objects.visible_to(reader))

    def public(self) -> "EntryQuerySet":
        """All that a customer may ever learn of."""
        return self.filter(audience=Entry.Audience.PUBLIC)


class Entry(models.Model):
    """One numbered thing on a conversation's timeline.

    `seq` orders it for agents, `public_seq` for the customer; `client_id`, made by the sender's
    browser, makes sending it twice harmless. Names are kept as they were.
    """

    class Kind(models.TextChoices):
        MESSAGE = "message", _("Message")
        REPLY = "reply", _("Reply")
        NOTE = "note", _("Note")
        EVENT = "event", _("Event")

    class Audience(models.TextChoices):
        PUBLIC = "public", _("Customer and team")
        TEAM = "team", _("Team")

    conversation = models.ForeignKey(  # found by the index of the numbers
        Conversation, models.CASCADE, related_name="entries", db_index=False
    )
    seq = models.PositiveIntegerField(editable=False)
    public_seq = models.PositiveIntegerField(null=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    audience = models.CharField(max_length=10, choices=Audience)
    client_id = models.UUIDField(null=True, editable=False)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="entries")
    author_kind = models.CharField(max_length=10)  # customer, agent or system
    author_name = models.CharField(max_length=120, blank=True)
    public_name = models.CharField(max_length=80, blank=True)  # the author's, to customers
    body = models.TextField(_("text"), blank=True)
    event = models.JSONField(default=dict, blank=True)
    seen = models.PositiveIntegerField(null=True)  # last number the author had on screen
    attachments = models.PositiveSmallIntegerField(default=0)  # how many files came with it
    at = models.DateTimeField(_("time"))
    # A recalled reply keeps its number; customers see that something was there, never what.
    recalled_at = models.DateTimeField(_("recalled"), null=True, editable=False)
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    # A note in confidence: everybody reads that it is there, `covering.py` says who reads more.
    sensitive = models.BooleanField(_("sensitive"), default=False, db_default=False)

    withheld = False  # in memory, of a note that is shown without what it says

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="entry_seq_once"),
            models.UniqueConstraint(
                fields=["conversation", "public_seq"],
                condition=Q(public_seq__isnull=False),
                name="entry_public_seq_once",
            ),
            models.UniqueConstraint(
                fields=["conversation", "client_id"],
                condition=Q(client_id__isnull=False),
                name="entry_sent_once",
            ),
            models.CheckConstraint(
                condition=Q(audience="public", public_seq__isnull=False)
                | Q(audience="team", public_seq__isnull=True),
                name="entry_public_numbered",
            ),
            models.CheckConstraint(
                condition=~Q(kind="note") | Q(audience="team"), name="entry_note_inside"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["message", "reply"]) | Q(audience="public"),
                name="entry_message_public",
            ),
            models.CheckConstraint(
                condition=Q(sensitive=False) | Q(kind="note"), name="entry_sensitive_is_note"
            ),
        ]
        indexes = [BrinIndex(fields=["at"], name="entry_by_time")]  # for reports; costs no writes

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"

    @cached_property
    def attached(self) -> list["File"]:
        """Its files, in order. Lists of entries bring them along (`queries.with_files`)."""
        return list(self.files.order_by("position")) if self.attachments else []

    @cached_property
    def changed(self) -> "Entry | None":
        """The reply that this event says was edited, as it is now. Lists bring it along too."""
        if self.event.get("type") != "edited":
            return None
        return Entry.objects.get(conversation=self.conversation_id, seq=self.event["entry"])

    def author(self) -> dict[str, Any]:
        return {"id": self.agent_id, "name": self.author_name, "kind": self.author_kind}


class EntryEditQuerySet(models.QuerySet["EntryEdit"]):
    def visible_to(self, reader: Agent) -> "EntryEditQuerySet":
        return self.filter(entry__in=Entry.objects.visible_to(reader))


class EntryEdit(models.Model):
    """What a reply said before an agent edited it. For the team alone; names as they were."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="edits")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    agent_name = models.CharField(max_length=120)
    body = models.TextField(_("text"), blank=True)
    at = models.DateTimeField(_("time"))

    objects = EntryEditQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.entry_id} until {self.at}"

    def json(self) -> dict[str, Any]:
        by = {"id": self.agent_id, "name": self.agent_name}
        return {"body": self.body, "by": by, "at": self.at.isoformat()}


class FileQuerySet(models.QuerySet["File"]):
    def visible_to(self, reader: Agent) -> "FileQuerySet":
        """Files of entries and drafts the agent may see, and those they are about to attach."""
        seen = Q(conversation__in=Conversation.objects.visible_to(reader))
        return self.open_to(reader).filter(
            seen & (Q(entry__isnull=False) | ~Q(drafted=""))
            | Q(entry=None, conversation=None, agent=reader)
        )

    def open_to(self, reader: Agent) -> "FileQuerySet":
        """Without those of sensitive notes that the agent may not read."""
        routine = Q(entry__sensitive=False) | Q(entry=None) & ~Q(drafted=SENSITIVE)
        return self.filter(routine | Q(entry__agent=reader) | confided_to(reader))

    def drafted(self) -> "FileQuerySet":
        """Those that wait in what colleagues write together, in the order they came."""
        return self.exclude(drafted="").order_by("id")


class File(models.Model):
    """What somebody attached. It is uploaded first and becomes visible with its entry.

    While it waits in what colleagues write together on its conversation, `drafted` says whether
    with a reply, a note or a sensitive one. One that was removed there is nobody's, until it is
    swept.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, related_name="files")
    entry = models.ForeignKey(Entry, models.CASCADE, null=True, related_name="files")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="+")
    drafted = models.CharField(max_length=10, blank=True, default="", db_default="")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("size"))  # bytes
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    sha256 = models.CharField(max_length=64)
    stored = models.FileField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    objects = FileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [
            models.CheckConstraint(
                condition=Q(drafted="")
                | Q(
                    drafted__in=["reply", "note", SENSITIVE],
                    conversation__isnull=False,
                    entry=None,
                    customer=None,
                ),
                name="file_drafted_by_the_team",
            )
        ]
        indexes = [
            models.Index(fields=["at"], condition=Q(entry=None), name="file_unattached"),
            models.Index(fields=["conversation"], condition=~Q(drafted=""), name="file_drafted"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.width is not None


class Participant(models.Model):
    """An agent who joined a conversation."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="participants")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="participations")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "agent"], name="participant_once")
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.conversation_id}"


class ReadMark(models.Model):
    """How far an agent has read: the entry's number, and how many of the customer's messages."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="read_marks")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="read_marks")
    seq = models.PositiveIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "conversation"], name="read_mark_once")
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} read {self.seq}"


class ExportPass(models.Model):
    """An approved export: the agent may fetch the conversation once, until it expires."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    approval = models.UUIDField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.agent_id} may export {self.conversation_id}"
