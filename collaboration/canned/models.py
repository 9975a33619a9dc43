from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.inboxes.models import Inbox
from conversations.threads.models import MAX_BODY
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import granted
from permissions.acts.vocabulary import Act


def led_teams(agent: Agent) -> models.QuerySet[Team]:
    """Teams whose canned replies the agent may change."""
    return Team.objects.filter(inboxes__in=granted(agent, Act.CANNED)).distinct()


def leads_everyone(agent: Agent) -> bool:
    """Whether the agent may change what is offered to all: who has the right on every inbox."""
    led = granted(agent, Act.CANNED)
    return bool(led) and not Inbox.objects.exclude(pk__in=led).exists()


class CannedReplyQuerySet(models.QuerySet["CannedReply"]):
    def visible_to(self, reader: Agent) -> "CannedReplyQuerySet":
        """The reader's own, their teams', those of teams they lead, and everyone's."""
        return self.filter(
            Q(owner=reader)
            | Q(team__group__in=reader.groups.values("pk"))
            | Q(team__in=led_teams(reader))
            | Q(owner=None, team=None)
        )

    def changeable_by(self, agent: Agent) -> "CannedReplyQuerySet":
        mine = Q(owner=agent) | Q(team__in=led_teams(agent))
        if leads_everyone(agent):
            mine |= Q(owner=None, team=None)
        return self.filter(mine)


class CannedReply(models.Model):
    """A text to answer with again and again: of one agent, of a team, or of everyone.

    `{{customer.name}}` and `{{agent.name}}` in it are filled in when it is inserted.
    """

    title = models.CharField(_("title"), max_length=120)
    shortcut = models.CharField(_("shortcut"), max_length=40, blank=True)
    body = models.TextField(_("text"), max_length=MAX_BODY)
    owner = models.ForeignKey(Agent, models.CASCADE, null=True, related_name="canned_replies")
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="canned_replies")
    changed_at = models.DateTimeField(auto_now=True)

    objects = CannedReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        constraints = [
            models.CheckConstraint(
                condition=Q(owner=None) | Q(team=None), name="canned_reply_one_scope"
            ),
            models.UniqueConstraint(
                fields=["owner", "team", "shortcut"],
                condition=~Q(shortcut=""),
                nulls_distinct=False,
                name="canned_reply_shortcut_once",
            ),
        ]
        indexes = [models.Index(fields=["title", "id"], name="canned_reply_by_title")]

    def __str__(self) -> str:
        return self.title

    @property
    def scope(self) -> str:
        if self.owner_id is not None:
            return "mine"
        return "everyone" if self.team_id is None else f"team-{self.team_id}"
