from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.threads.listing import Listing
from permissions.accounts.models import Agent, Team


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, reader: Agent) -> "SavedViewQuerySet":
        """Their own, and those shared with a team of theirs."""
        shared = Q(team__in=Team.objects.filter(group__user=reader.pk))
        return self.filter(Q(owner=reader) | shared)


class SavedView(models.Model):
    """A list somebody put together, under a name: private, or shared with a team.

    It holds what is asked for, never rows: each reader sees what they may see.
    """

    owner = models.ForeignKey(Agent, models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="saved_views"
    )
    name = models.CharField(_("name"), max_length=60)
    data = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_view_named_once"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def listing(self) -> Listing:
        return Listing.read(self.data)
