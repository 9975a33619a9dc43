from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from helpdesk.core.ids import uuid7


class State(models.TextChoices):
    """Where a request stands. It is waiting, then approved for a moment, then one of the others."""

    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved")
    DONE = "done", _("Approved and done")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    VOID = "void", _("Void")
    FAILED = "failed", _("Failed")


class Why(models.TextChoices):
    """Why an approval was void."""

    CHANGED = "changed", _("What it was based on changed meanwhile.")
    RIGHT = "right", _("Who asked may not do it any more.")
    REFUSED = "refused", _("It could not be done.")


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def waiting(self) -> "ApprovalQuerySet":
        """Can still be decided, by the database's clock: no job has to end it first."""
        return self.filter(state=State.WAITING, expires_at__gt=Now())

    def untold(self) -> "ApprovalQuerySet":
        """Their conversation does not yet tell how they stand."""
        moved = self.filter(conversation_id__isnull=False).exclude(state=State.APPROVED)
        return moved.exclude(told=F("state"))

    def asked_by(self, agent: models.Model) -> "ApprovalQuerySet":
        return self.filter(requester=agent.pk)

    def in_inboxes(self, inboxes: "frozenset[int]") -> "ApprovalQuerySet":
        """Those that concern none of the protected objects, or one of these."""
        return self.filter(Q(inbox_id=None) | Q(inbox_id__in=inboxes))


class Approval(models.Model):
    """Somebody asks to be allowed one exact act, somebody else answers.

    `version` is what the proposal is based on; `edited` is what the approver made of it. It
    concerns rows of the apps above by their ids. A decision is made under this row's lock.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    operation = models.CharField(_("operation"), max_length=40)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    client_id = models.UUIDField()
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    proposal: Any = models.JSONField(default=dict)
    version = models.CharField(max_length=64, blank=True)
    about = models.CharField(_("about"), max_length=200, blank=True)
    inbox_id = models.PositiveBigIntegerField(null=True)
    conversation_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)
    by = ArrayField(models.SlugField(), default=list, verbose_name=_("roles that may decide"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("expires"))
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    edited: Any = models.JSONField(null=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    why = models.CharField(max_length=10, choices=Why, blank=True)
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)  # a refusal's sentence
    settled_at = models.DateTimeField(_("settled"), null=True)
    noted_at = models.DateTimeField(null=True)  # who asked has read the outcome
    told = models.CharField(max_length=10, blank=True)  # the last state its conversation tells of

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.UniqueConstraint(fields=["requester", "client_id"], name="approval_asked_once"),
            models.CheckConstraint(
                condition=~Q(approver=F("requester")), name="approval_by_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="approval_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "done", "rejected", "failed"])
                | Q(approver__isnull=False, decided_at__isnull=False),
                name="approval_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "approved"], settled_at=None)
                | ~Q(state__in=["waiting", "approved"]) & Q(settled_at__isnull=False),
                name="approval_settled_at_the_end",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("asked_at")), name="approval_has_time"
            ),
        ]
        indexes = [
            # The queue is short; what is settled grows for ever.
            models.Index(
                fields=["expires_at"], condition=Q(state="waiting"), name="approval_waiting"
            ),
            models.Index(
                fields=["decided_at"], condition=Q(state="approved"), name="approval_unfinished"
            ),
            models.Index(
                fields=["asked_at"],
                condition=Q(conversation_id__isnull=False)
                & ~Q(state="approved")
                & ~Q(told=F("state")),
                name="approval_untold",
            ),
            models.Index(fields=["-asked_at", "-id"], name="approval_page"),
            models.Index(fields=["requester", "-asked_at", "-id"], name="approval_of_requester"),
            models.Index(
                fields=["conversation_id", "-asked_at"],
                condition=Q(conversation_id__isnull=False),
                name="approval_of_conversation",
            ),
            models.Index(
                fields=["customer_id", "-asked_at"],
                condition=Q(customer_id__isnull=False),
                name="approval_of_customer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.state}"

    @property
    def effective(self) -> Any:
        """What is done once it is approved."""
        return self.proposal if self.edited is None else self.edited

    def has_expired(self, now: datetime) -> bool:
        return self.state in (State.WAITING, State.APPROVED) and self.expires_at <= now
