import hashlib
import secrets
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox
from conversations.threads.models import Conversation
from helpdesk.core.ids import uuid7

LASTS = timedelta(days=365)


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class CustomerSession(models.Model):
    """A customer's browser. Its token is kept as a hash; the browser alone has it.

    `conversation_id` is reserved before there is a conversation: the row comes with the first
    message, so that opening a widget makes nothing that agents would see.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    inbox = models.ForeignKey(Inbox, models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="sessions")
    conversation_id = models.UUIDField(default=uuid7)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("customer session")
        verbose_name_plural = _("customer sessions")

    def __str__(self) -> str:
        return f"session of {self.customer_id}"

    @classmethod
    def alive(cls) -> "models.QuerySet[CustomerSession]":
        return cls.objects.filter(expires_at__gt=Now(), inbox__is_active=True).select_related(
            "customer", "inbox"
        )


class Rating(models.Model):
    """What a customer thought of one resolution of their conversation: 1 (bad) to 5 (good).

    `resolution` is the number of the event that told of it; what follows it may be rated anew.
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="ratings")
    resolution = models.PositiveIntegerField()
    score = models.PositiveSmallIntegerField(_("rating"))
    comment = models.CharField(_("comment"), max_length=1000, blank=True)
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "resolution"], name="rating_once_per_resolution"
            ),
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_of_five"),
        ]

    def __str__(self) -> str:
        return f"{self.score} of 5"
