from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.core import rows
from helpdesk.core.context import origin


class AuditRecord(models.Model):
    """Who did what to what, when and from where. Written with the change; never changed after.

    A trigger refuses UPDATE, DELETE and TRUNCATE. Names are kept as they were at the time.
    """

    at = models.DateTimeField(_("time"), auto_now_add=True)
    verb = models.CharField(_("act"), max_length=60)
    actor_kind = models.CharField(_("kind of actor"), max_length=20)
    actor_id = models.CharField(max_length=40, blank=True)
    actor_name = models.CharField(_("actor"), max_length=120, blank=True)
    object_kind = models.CharField(_("kind of object"), max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    request_id = models.CharField(max_length=32, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)

    class Meta:
        verbose_name = _("audit record")
        verbose_name_plural = _("audit records")
        indexes = [
            models.Index(fields=["object_kind", "object_id", "id"], name="audit_by_object"),
            models.Index(fields=["actor_kind", "actor_id", "id"], name="audit_by_actor"),
            models.Index(fields=["verb", "id"], name="audit_by_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} · {self.actor_name}"

    @classmethod
    def record(cls, verb: str, *, actor: Any, on: Any, detail: dict[str, Any]) -> "AuditRecord":
        """Write one record. `actor` None means the system itself."""
        came = origin.get()
        record = cls(
            verb=verb,
            actor_kind="system" if actor is None else actor.kind,
            actor_id="" if actor is None or actor.pk is None else str(actor.pk),
            actor_name="" if actor is None else str(actor)[:120],
            object_kind="" if on is None else on._meta.model_name,
            object_id="" if on is None or on.pk is None else str(on.pk),
            detail=detail,
            request_id=came.request_id,
            address=came.address[:45],
        )
        rows.insert(record)
        return record
