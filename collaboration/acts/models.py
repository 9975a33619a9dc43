from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from helpdesk.core.ids import uuid7
from permissions.accounts.models import Agent


class BulkJob(models.Model):
    """One act on many conversations, done one after the other.

    `position` is how many of `ids` are settled; it moves on with each, so a worker that dies
    leaves nothing undone and nothing counted twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    client_id = models.UUIDField()
    act = models.CharField(max_length=30)
    data: Any = models.JSONField(default=dict)
    language = models.CharField(max_length=10)
    ids = ArrayField(models.UUIDField())
    total = models.PositiveIntegerField()
    position = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refusals: Any = models.JSONField(default=dict)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bulk act")
        verbose_name_plural = _("bulk acts")
        constraints = [
            models.UniqueConstraint(fields=["agent", "client_id"], name="bulk_job_asked_once"),
            models.CheckConstraint(
                condition=Q(position__lte=F("total"), done__lte=F("position")),
                name="bulk_job_counts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(finished_at=None), name="bulk_job_unfinished"
            )
        ]

    def __str__(self) -> str:
        return f"{self.act} × {self.total}"

    @property
    def refused(self) -> int:
        return self.position - self.done
