from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Mod
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from conversations.threads.models import MAX_BODY, SENSITIVE, Conversation
from permissions.accounts.models import Agent


class PrivateDraft(models.Model):
    """What an agent has begun to write on a conversation and not sent. Nobody else reads it.

    `number` grows with every change on any of the agent's devices, so that a change which arrives
    late never replaces a newer one. A draft that was sent stays as an empty row for a while.
    """

    class Mode(models.TextChoices):
        REPLY = "reply", _("Reply")
        NOTE = "note", _("Note")

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="drafts")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="private_drafts")
    mode = models.CharField(max_length=10, choices=Mode)
    body = models.TextField(_("text"), max_length=MAX_BODY, blank=True)
    number = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "conversation", "mode"], name="private_draft_once"
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=["reply", "note"]), name="private_draft_mode_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["agent", "-changed_at"],
                condition=~models.Q(body=""),
                name="private_draft_begun",
            ),
            models.Index(
                fields=["changed_at"], condition=models.Q(body=""), name="private_draft_done"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mode} of {self.agent_id}"


class SharedDraft(models.Model):
    """What colleagues write together on a conversation: a log of Yjs updates, never begun anew.

    `n` numbers the updates without a gap. `snapshot` is the document up to `snapshot_n`, `runs` who
    wrote which span of its text (in bytes). `generation` grows with each text that was sent: what
    is sent leaves the document by an update like any other. A sensitive note is a draft of its own,
    which only those open who may read such notes.
    """

    class Kind(models.TextChoices):
        REPLY = "reply", _("Reply")
        NOTE = "note", _("Note")
        SENSITIVE = SENSITIVE, _("Sensitive note")

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="shared_drafts", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    generation = models.PositiveIntegerField(_("texts sent"), default=0)
    n = models.PositiveBigIntegerField(_("changes"), default=0)
    snapshot = models.BinaryField(default=b"")
    snapshot_n = models.PositiveBigIntegerField(default=0)
    runs = models.JSONField(default=list)
    writer = models.ForeignKey(
        Agent,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("last change by"),
    )
    changed_at = models.DateTimeField(_("last change"), null=True)
    versioned_at = models.DateTimeField(null=True)
    length = models.PositiveIntegerField(_("length"), default=0)  # of the text, in bytes

    FOLD = 200  # updates beyond the snapshot

    class Meta:
        # No index has to do with what changes at each key: the change would be written into all.
        verbose_name = _("shared draft")
        verbose_name_plural = _("shared drafts")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "kind"], name="shared_draft_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["reply", "note", SENSITIVE]), name="shared_draft_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(snapshot_n__lte=F("n")), name="shared_draft_snapshot_in_log"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.conversation_id}"


# Of updates: that the log has grown long since it was folded.
LONG = Q(Exact(Mod("n", SharedDraft.FOLD), 0))


class DraftUpdate(models.Model):
    """One change of a shared draft, by an agent or (None) the server."""

    draft = models.ForeignKey(SharedDraft, models.CASCADE, related_name="updates", db_index=False)
    n = models.PositiveBigIntegerField()
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+", db_index=False)
    update = models.BinaryField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "n"], name="draft_update_once")]
        indexes = [
            models.Index(fields=["draft"], condition=LONG, name="draft_update_long"),
        ]

    def __str__(self) -> str:
        return f"{self.n} of {self.draft_id}"


class DraftVersion(models.Model):
    """A shared draft as it was at number `n`. One that was sent carries the message's client id."""

    draft = models.ForeignKey(SharedDraft, models.CASCADE, related_name="versions", db_index=False)
    n = models.PositiveBigIntegerField()
    generation = models.PositiveIntegerField()
    author = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+", db_index=False)
    text = models.TextField(_("text"))
    runs = models.JSONField(default=list)  # [agent, characters] side by side
    client_id = models.UUIDField(null=True)
    at = models.DateTimeField(_("time"))

    KEPT = 200  # of one draft, besides those that were sent

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "generation"],
                condition=Q(client_id__isnull=False),
                name="draft_generation_sent_once",
            )
        ]
        indexes = [
            models.Index(fields=["draft", "-id"], name="draft_version_latest"),
            models.Index(
                fields=["at"], condition=Q(client_id__isnull=False), name="draft_version_sent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.draft_id} at {self.n}"
