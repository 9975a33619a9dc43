from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.customers.models import Customer
from helpdesk.core.ids import uuid7


class RevealQuerySet(models.QuerySet["Reveal"]):
    def live(self) -> "RevealQuerySet":
        """Those that hold now, by the database's clock: nothing has to run for one to end."""
        return self.filter(revoked_at=None, expires_at__gt=Now())


class Reveal(models.Model):
    """An agent may read some fields of a customer until a time, and why.

    Without `approved_by` it holds only as long as the agent has the right to it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="reveals")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reveals")
    fields = ArrayField(models.CharField(max_length=40))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    by_approval = models.BooleanField(default=False)
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = RevealQuerySet.as_manager()

    class Meta:
        verbose_name = _("reveal")
        verbose_name_plural = _("reveals")
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("agent")),
                name="reveal_approved_by_another",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("begun_at")), name="reveal_ends"),
        ]
        indexes = [
            models.Index(
                fields=["agent", "customer", "expires_at"],
                condition=Q(revoked_at=None),
                name="reveal_held",
            ),
            models.Index(fields=["customer", "-begun_at"], name="reveal_of_customer"),
            models.Index(fields=["-expires_at"], name="reveal_ending"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} reads {self.customer_id}"
