from django.db import models
from django.utils.translation import gettext_lazy as _

from permissions.accounts.models import Agent, Team
from permissions.acts.checks import granted
from permissions.acts.grants import AgentRight, GroupRight
from permissions.acts.vocabulary import Act


class InboxQuerySet(models.QuerySet["Inbox"]):
    def visible_to(self, reader: Agent) -> "InboxQuerySet":
        return self.filter(pk__in=granted(reader, Act.VIEW))


class Inbox(models.Model):
    """A door customers come through. `key` is public: it stands in the page that embeds it."""

    key = models.SlugField(_("key"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=80)
    greeting = models.CharField(_("greeting"), max_length=300, blank=True)
    teams = models.ManyToManyField(Team, related_name="inboxes", verbose_name=_("teams"))
    # Sites whose pages may show the chat in a frame; empty: any site.
    sites = models.JSONField(_("allowed sites"), default=list, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = InboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbox")
        verbose_name_plural = _("inboxes")
        permissions = [(act.value, str(act.name)) for act in Act]

    def __str__(self) -> str:
        return self.name


class InboxAgentRight(AgentRight):
    content_object = models.ForeignKey(Inbox, models.CASCADE)

    class Meta(AgentRight.Meta):
        abstract = False
        indexes = [models.Index(fields=["user", "content_object"], name="inbox_right_of_agent")]


class InboxGroupRight(GroupRight):
    content_object = models.ForeignKey(Inbox, models.CASCADE)

    class Meta(GroupRight.Meta):
        abstract = False
        indexes = [models.Index(fields=["group", "content_object"], name="inbox_right_of_group")]
