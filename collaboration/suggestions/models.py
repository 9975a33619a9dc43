from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from conversations.threads.models import MAX_BODY, Conversation
from permissions.accounts.models import Agent

OPEN = Q(used_at=None, declined_at=None, withdrawn_at=None)
SETTLED = Q(used_at__isnull=False) | Q(declined_at__isnull=False)
SETTLED_AT = Coalesce("used_at", "declined_at")


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def visible_to(self, reader: Agent) -> "SuggestionQuerySet":
        return self.filter(conversation__in=Conversation.objects.visible_to(reader))

    def open(self) -> "SuggestionQuerySet":
        return self.filter(OPEN)


class Suggestion(models.Model):
    """A reply that an agent proposes to whoever answers. It is used, declined or withdrawn once,
    and kept: its author has the credit."""

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="suggestions", db_index=False
    )
    author = models.ForeignKey(
        Agent, models.SET_NULL, null=True, related_name="+", verbose_name=_("suggested by")
    )
    client_id = models.UUIDField(editable=False)
    text = models.TextField(_("text"), max_length=MAX_BODY)
    at = models.DateTimeField(_("time"), editable=False)
    used_by = models.ForeignKey(
        Agent, models.SET_NULL, null=True, related_name="+", verbose_name=_("used by")
    )
    used_at = models.DateTimeField(_("used"), null=True)
    declined_by = models.ForeignKey(
        Agent, models.SET_NULL, null=True, related_name="+", verbose_name=_("declined by")
    )
    declined_at = models.DateTimeField(_("declined"), null=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)  # of who declined it
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "client_id"], name="suggestion_made_once"
            ),
            models.CheckConstraint(
                condition=Q(used_at=None, declined_at=None)
                | Q(used_at=None, withdrawn_at=None)
                | Q(declined_at=None, withdrawn_at=None),
                name="suggestion_settled_once",
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "id"], condition=OPEN, name="suggestion_open"),
            models.Index(
                fields=["author", "used_at"],
                condition=Q(used_at__isnull=False),
                name="suggestion_credited",
            ),
            models.Index(fields=["conversation", "author", "-id"], name="suggestion_of_author"),
            models.Index(SETTLED_AT, condition=SETTLED, name="suggestion_settled"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} on {self.conversation_id}"

    @property
    def state(self) -> str:
        if self.used_at:
            return "used"
        if self.declined_at:
            return "declined"
        return "withdrawn" if self.withdrawn_at else "open"
