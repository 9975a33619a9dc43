from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.threads.models import MAX_BODY, Conversation
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
