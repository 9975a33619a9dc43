from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from permissions.acts.vocabulary import Act


class GrantQuerySet(models.QuerySet["Grant"]):
    def live(self) -> "GrantQuerySet":
        """Those that hold at this moment, by the database's clock: nothing runs for an end."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)


class Grant(models.Model):
    """A right of one agent on one conversation or one customer: an exception, with its reason.

    On a customer it holds for all of their conversations. Only VIEW lets something be seen; any
    other act is one more thing its holder may do there.
    """

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="grants", db_index=False
    )
    act = models.CharField(_("right"), max_length=40)
    conversation = models.ForeignKey(
        "conversations.Conversation",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        db_index=False,
    )
    customer = models.ForeignKey(
        "conversations.Customer",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        db_index=False,
    )
    reason = models.CharField(_("reason"), max_length=300)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    given_at = models.DateTimeField(_("given"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.CheckConstraint(
                condition=Q(conversation__isnull=False, customer=None)
                | Q(conversation=None, customer__isnull=False),
                name="grant_on_one_thing",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="grant_has_reason"),
        ]
        indexes = [  # what one agent was given, and who was given this
            models.Index(
                fields=["agent", "act", "conversation"],
                include=["expires_at"],
                condition=Q(revoked_at=None, conversation__isnull=False),
                name="grant_on_conversation",
            ),
            models.Index(
                fields=["agent", "act", "customer"],
                include=["expires_at"],
                condition=Q(revoked_at=None, customer__isnull=False),
                name="grant_on_customer",
            ),
            models.Index(
                fields=["conversation"],
                condition=Q(conversation__isnull=False),
                name="grant_of_conversation",
            ),
            models.Index(
                fields=["customer"], condition=Q(customer__isnull=False), name="grant_of_customer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} for {self.agent_id}"

    @property
    def sentence(self) -> str:
        """What it lets its holder do."""
        return str(_("See it")) if self.act == Act.VIEW else str(Act(self.act).label)


FEW = 1000  # so many exceptions are worth reading before the rows they let be seen


def count_grants(agent_id: int) -> int:
    """How many exceptions hold for this agent, counted no further than needed: none, few or many.

    Who has none is never asked again; what ends meanwhile is one less than was counted.
    """
    return Grant.objects.live().filter(agent=agent_id)[: FEW + 1].count()
