from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from conversations.customers.kinds import BUILT_IN, Kind, Sensitivity
from helpdesk.core.ciphers import seal, unseal
from helpdesk.core.ids import uuid7
from permissions.accounts.models import Agent


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, reader: Agent) -> "CustomerQuerySet":
        """The customers of the conversations the agent may see."""
        from conversations.threads.models import Conversation  # which knows its customer

        seen = Conversation.objects.visible_to(reader).filter(customer=OuterRef("pk"))
        return self.filter(Exists(seen))


class Customer(models.Model):
    """Somebody who writes to us. What identifies or reaches them is a `CustomerValue`.

    `attributes` holds what else a host page or an import told of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
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

    objects = CustomerQuerySet.as_manager()

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


class CustomerField(models.Model):
    """One thing that is kept about customers: built in, or defined by an administrator.

    Labels of built-in fields are translated while nobody has given others.
    """

    key = models.SlugField(unique=True, max_length=40)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    label_en = models.CharField(_("name in English"), max_length=60, blank=True)
    label_zh = models.CharField(_("name in Chinese"), max_length=60, blank=True)
    sensitivity = models.CharField(_("sensitivity"), max_length=10, choices=Sensitivity)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    version = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True)  # not shown any more; its values are kept

    class Meta:
        verbose_name = _("customer field")
        verbose_name_plural = _("customer fields")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        own, other = self.label_en, self.label_zh
        if (get_language() or "").startswith("zh"):
            own, other = other, own
        built_in = BUILT_IN.get(self.key)
        return own or (str(built_in.label) if built_in else other or self.key)

    @property
    def is_built_in(self) -> bool:
        return self.key in BUILT_IN


class SealedText(models.Model):
    """A text about a customer that only this program can read."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    field = models.ForeignKey(CustomerField, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    sealed = models.BinaryField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_kind = models.CharField(max_length=10)  # customer, agent or system
    by_name = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def _place(self) -> str:
        return f"{self.customer_id}:{self.field_id}"

    @property
    def text(self) -> str:
        return unseal(self.sealed, self._place)

    @text.setter
    def text(self, text: str) -> None:
        self.sealed = seal(text, self._place)


class CustomerValue(SealedText):
    """What one field says of one customer now; equal values are found by `digest`."""

    digest = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("customer value")
        verbose_name_plural = _("customer values")
        constraints = [
            models.UniqueConstraint(fields=["customer", "field"], name="customer_value_once")
        ]
        indexes = [models.Index(fields=["digest", "field"], name="customer_value_found")]

    def __str__(self) -> str:
        return f"{self.field_id} of {self.customer_id}"


class ValueChange(SealedText):
    """What a field said from this version on: a customer's history, field by field."""

    undoes = models.PositiveIntegerField(null=True)  # the version that was taken back

    class Meta:
        verbose_name = _("change of a customer")
        verbose_name_plural = _("changes of customers")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "field", "version"], name="customer_change_once"
            )
        ]
        indexes = [models.Index(fields=["customer", "-at"], name="customer_changes")]

    def __str__(self) -> str:
        return f"{self.field_id} of {self.customer_id}, {self.version}"
