from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.inboxes.models import Inbox
from conversations.threads.models import Conversation
from permissions.accounts.models import Agent


class Collision(models.Model):
    """A reply that did not go out blind. Kept though its sending was refused; never changed.

    `came` is the number of the last thing its author had not read: pressing Send again before
    anything else came is the same collision. `digest` tells whether the text was changed after.
    """

    class Cause(models.TextChoices):
        MESSAGE = "message", _("The customer wrote")
        REPLY = "reply", _("A colleague replied")
        NOTE = "note", _("A colleague left a note")
        EVENT = "event", _("It was handed over, recalled or edited")
        SENT = "sent", _("A colleague sent the same text at that moment")

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="collisions", db_index=False
    )
    inbox = models.ForeignKey(Inbox, models.PROTECT, related_name="+", db_index=False)
    agent = models.ForeignKey(
        Agent, models.SET_NULL, null=True, related_name="+", verbose_name=_("agent")
    )
    cause = models.CharField(_("what came"), max_length=10, choices=Cause)
    came = models.PositiveIntegerField()
    digest = models.CharField(max_length=32)
    at = models.DateTimeField(_("time"), db_default=Now())

    class Meta:
        verbose_name = _("prevented collision")
        verbose_name_plural = _("prevented collisions")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "agent", "came"], name="collision_kept_once"
            ),
            models.CheckConstraint(
                condition=models.Q(cause__in=["message", "reply", "note", "event", "sent"]),
                name="collision_cause_known",
            ),
        ]
        indexes = [models.Index(fields=["inbox", "at"], name="collision_in_inbox")]

    def __str__(self) -> str:
        return f"{self.cause} on {self.conversation_id}"
