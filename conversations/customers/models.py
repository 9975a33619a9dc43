from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.ids import uuid7


class Customer(models.Model):
    """Somebody who writes to us. `attributes` holds what a host page or an import told of them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True, db_default="")
    language = models.CharField(_("language"), max_length=10, blank=True)
    external_id = models.CharField(_("id elsewhere"), max_length=200, blank=True)
    # The inbox whose site signed that this is who `external_id` says; none for an import's.
    identified_in = models.ForeignKey(
        "conversations.Inbox",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    blocked_at = models.DateTimeField(_("blocked"), null=True, editable=False)
    blocked_until = models.DateTimeField(_("blocked until"), null=True, editable=False)
    blocked_reason = models.CharField(_("reason"), max_length=200, blank=True, db_default="")

    is_agent = False
    kind = "customer"

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~models.Q(external_id="") & models.Q(identified_in=None),
                name="customer_imported_once",
            ),
            models.UniqueConstraint(
                fields=["identified_in", "external_id"],
                condition=models.Q(identified_in__isnull=False),
                name="customer_identified_once",
            ),
            models.CheckConstraint(
                condition=models.Q(identified_in=None) | ~models.Q(external_id=""),
                name="customer_identified_by_id",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.call_name

    def is_blocked(self, now: datetime | None = None) -> bool:
        """Whether nothing of theirs is taken at present; without an end: for ever."""
        if self.blocked_at is None:
            return False
        return self.blocked_until is None or self.blocked_until > (now or timezone.now())

    @property
    def call_name(self) -> str:
        """What agents call a customer who gave no name: stable, and unlike their neighbours'."""
        return _("Visitor %(code)s") % {"code": self.pk.hex[-4:].upper()}
