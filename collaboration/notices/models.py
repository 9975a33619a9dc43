from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.threads.models import Conversation
from permissions.accounts.models import Agent


class NoticeKind(models.TextChoices):
    """What an agent can be told of. The label names it on the settings page."""

    MENTIONED = "mentioned", _("Somebody mentions me or my team")
    TRANSFERRED = "transferred", _("A conversation is handed to me or my team")
    ASSIGNED = "assigned", _("A conversation is assigned to me")
    INVITED = "invited", _("Somebody invites me into a conversation")
    APPROVAL = "approval", _("A colleague asks for an approval I can give")
    ANSWERED = "answered", _("What I asked an approval for is decided")
    MESSAGE = "message", _("A customer writes in a conversation of mine")
    WOKE = "woke", _("A conversation that was set aside is due")
    UNASSIGNED = "unassigned", _("A conversation of my inboxes waits for somebody")


class Why(models.TextChoices):
    """What makes it this agent's business."""

    NAME = "name", _("You were named")
    TEAM = "team", _("You belong to the team")
    OWNER = "owner", _("You are responsible")
    PARTICIPANT = "participant", _("You take part")
    INBOX = "inbox", _("Your team looks after this inbox")
    APPROVER = "approver", _("You may approve it")
    ASKED = "asked", _("You asked for it")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, reader: Agent) -> "NoticeQuerySet":
        """The reader's own, of what they may see at this moment."""
        visible = Conversation.objects.visible_to(reader)
        return self.filter(agent=reader, conversation__in=visible)

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)


class Notice(models.Model):
    """One thing one agent is told of. Derived from an entry; holds no text of it.

    Messages of one conversation are one notice until it is read: `entry_seq` is the last of them,
    `count` how many. All other kinds stand alone, so nothing that comes later replaces them.
    """

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="notices", db_index=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=NoticeKind)
    why = models.CharField(max_length=12, choices=Why)
    entry_seq = models.PositiveIntegerField()
    count = models.PositiveIntegerField(default=1)
    by_name = models.CharField(max_length=120, blank=True)  # who did it, as they were called
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "conversation", "kind", "entry_seq"], name="notice_once"
            ),
            models.UniqueConstraint(
                fields=["agent", "conversation"],
                condition=Q(kind="message", read_at=None),
                name="notice_messages_together",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"
            ),
        ]
        indexes = [
            models.Index(fields=["agent", "-at", "-id"], name="notice_page"),
            models.Index(
                fields=["agent", "conversation"], condition=Q(read_at=None), name="notice_unread"
            ),
            models.Index(fields=["at"], name="notice_old"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.agent_id}"


class Derived(models.Model):
    """How far a conversation's entries have become notices. Written with them: never twice."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, primary_key=True)
    seq = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.conversation_id} to {self.seq}"


class Swept(models.Model):
    """Until when all conversations are known to be derived: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="swept_one_row")]

    def __str__(self) -> str:
        return str(self.at)


class NoticeSettings(models.Model):
    """How an agent wants to be told: by kind, a list of "app", "sound" and "browser"."""

    agent = models.OneToOneField(
        Agent, models.CASCADE, primary_key=True, related_name="notice_settings"
    )
    channels = models.JSONField(default=dict)
    quiet_viewing = models.BooleanField(
        _("Nothing of a conversation I am looking at"), default=True
    )
    quiet_busy = models.BooleanField(_("No sound, no pop-up while I am busy or away"), default=True)

    def __str__(self) -> str:
        return f"settings of {self.agent_id}"
