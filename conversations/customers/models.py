from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.core.ids import uuid7


class Customer(models.Model):
    """Somebody who writes to us. `attributes` holds what a host page or an import told of them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    external_id = models.CharField(_("id elsewhere"), max_length=200, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)

    is_agent = False
    kind = "customer"

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~models.Q(external_id=""),
                name="customer_known_once",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.call_name

    @property
    def call_name(self) -> str:
        """What agents call a customer who gave no name: stable, and unlike their neighbours'."""
        return _("Visitor %(code)s") % {"code": self.pk.hex[-4:].upper()}
