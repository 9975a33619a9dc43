from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import DatabaseError, InterfaceError, OperationalError, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core import rows
from helpdesk.core.context import origin
from helpdesk.core.refusals import Refusal
from permissions.audit import proof


class Unrecorded(Refusal):
    """What cannot be recorded does not happen."""

    status = 503
    code = "unrecorded"
    sentence = _("This cannot be recorded at the moment, so it was not done. Please try again.")


class AuditRecord(models.Model):
    """Who did what to what, when and from where. Written with the change; never changed after.

    A trigger refuses UPDATE, DELETE and TRUNCATE; `mac` proves the content from the first moment
    and a seal proves the range a moment later. Names are kept as they were at the time.
    """

    at = models.DateTimeField(_("time"), default=timezone.now)
    verb = models.CharField(_("act"), max_length=60)
    actor_kind = models.CharField(_("kind of actor"), max_length=20)
    actor_id = models.CharField(max_length=40, blank=True)
    actor_name = models.CharField(_("actor"), max_length=120, blank=True)
    object_kind = models.CharField(_("kind of object"), max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    request_id = models.CharField(max_length=32, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    mac = models.BinaryField(default=b"")  # empty in records older than the seals

    class Meta:
        verbose_name = _("audit record")
        verbose_name_plural = _("audit records")
        indexes = [
            models.Index(fields=["object_kind", "object_id", "id"], name="audit_by_object"),
            models.Index(fields=["actor_kind", "actor_id", "id"], name="audit_by_actor"),
            models.Index(fields=["verb", "id"], name="audit_by_verb"),
            BrinIndex(fields=["at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return " · ".join(filter(None, (self.verb, self.actor_name)))

    @classmethod
    def record(
        cls,
        verb: str,
        *,
        actor: Any,
        on: Any,
        detail: dict[str, Any],
        along_with: rows.Changes | None = None,
    ) -> "AuditRecord":
        """Write one record, or have it written with the changes it goes along with. `actor` None
        means the system itself."""
        came = origin.get()
        record = cls(
            at=timezone.now(),
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
        record.mac = proof.sign("record", proof.content_of(record))
        changes = along_with or rows.Changes()
        changes.insert(record)
        if along_with is None:
            changes.store()
        return record

    @classmethod
    def cannot_be_written(cls, error: DatabaseError) -> bool:
        """Whether this is what failed: PostgreSQL names the table that an error is about. A
        database that is away or locked is answered with 503 already."""
        away = isinstance(error, OperationalError | InterfaceError)
        return not away and cls._meta.db_table in str(error)


class Seal(models.Model):
    """Proof of a range of records: none was changed, taken, added or moved since it was made.

    `mac` covers all that the seal says, the mac of the seal before it among that.
    """

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    after_id = models.BigIntegerField()  # the last record of the seal before
    last_id = models.BigIntegerField(_("last record"), unique=True)
    count = models.PositiveIntegerField(_("records"))
    absent = models.JSONField(default=list)  # numbers in the range that no record ever had
    leaves = models.BinaryField()  # of each record the first bytes of its fingerprint
    hash = models.CharField(max_length=64)
    unsigned = models.PositiveIntegerField(default=0)  # records older than the seals themselves
    at = models.DateTimeField(_("time"))
    previous = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=8)
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")

    def __str__(self) -> str:
        return f"{self.number}"

    def facts(self) -> dict[str, Any]:
        """All that the mac covers."""
        return {
            "number": self.number,
            "after_id": self.after_id,
            "last_id": self.last_id,
            "count": self.count,
            "absent": self.absent,
            "leaves": bytes(self.leaves).hex(),
            "hash": self.hash,
            "unsigned": self.unsigned,
            "at": proof.moment(self.at),
            "previous": self.previous,
            "key": self.key,
        }

    @classmethod
    def of_facts(cls, facts: dict[str, Any]) -> "Seal":
        """The seal that an export wrote down."""
        return cls(
            **facts
            | {
                "at": datetime.fromisoformat(facts["at"]),
                "leaves": bytes.fromhex(facts["leaves"]),
            }
        )


class AuditCheck(models.Model):
    """One look at all records in the background, and what it found."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    position = models.PositiveBigIntegerField(default=0)  # the last seal that was looked at
    records = models.PositiveBigIntegerField(_("records"), default=0)
    findings = models.JSONField(_("findings"), default=list)

    class Meta:
        verbose_name = _("check of the records")
        verbose_name_plural = _("checks of the records")

    def __str__(self) -> str:
        return f"{self.pk}"
