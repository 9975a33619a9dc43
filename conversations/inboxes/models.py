from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.inboxes import hours
from conversations.modes.floor import MOST, Joining, Mode, Shown
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import seen
from permissions.acts.grants import AgentRight, GroupRight
from permissions.acts.vocabulary import Act

MOST_KEY = 60  # characters


class InboxQuerySet(models.QuerySet["Inbox"]):
    def visible_to(self, reader: Agent) -> "InboxQuerySet":
        return self.filter(pk__in=seen(reader))


class Inbox(models.Model):
    """A door customers come through. `key` is public: it stands in the page that embeds it.

    `signing_secret` is shared with the site's own server, which signs with it who its visitors are.
    """

    class Position(models.TextChoices):
        LEFT = "left", _("Left")
        RIGHT = "right", _("Right")

    key = models.SlugField(_("key"), max_length=MOST_KEY, unique=True)
    name = models.CharField(_("name"), max_length=80)
    greeting = models.CharField(_("greeting"), max_length=300, blank=True)
    teams = models.ManyToManyField(Team, related_name="inboxes", verbose_name=_("teams"))
    # Sites whose pages may show the chat in a frame; empty: any site.
    sites = models.JSONField(_("allowed sites"), default=list, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    colour = models.CharField(_("colour"), max_length=7, blank=True, db_default="")
    position = models.CharField(
        _("side of the button"),
        max_length=5,
        choices=Position,
        default=Position.RIGHT,
        db_default=Position.RIGHT,
    )
    greets_visitors = models.BooleanField(
        _("greeting beside the button"), default=False, db_default=False
    )
    shows_typing = models.BooleanField(
        _("agents see what is being typed"), default=False, db_default=False
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", db_default="UTC")
    # Opening intervals by weekday, as conversations/inboxes/hours.py reads them; none: always open.
    opening_hours = models.JSONField(
        _("opening hours"),
        default=dict,
        blank=True,
        db_default=models.Value({}, models.JSONField()),
    )
    away_text = models.CharField(
        _("text outside of opening hours"), max_length=300, blank=True, db_default=""
    )
    signing_secret = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    # How its conversations are worked on together; empty: as the installation's rules say.
    mode = models.CharField(
        _("mode"), max_length=10, choices=Mode, blank=True, default="", db_default=""
    )
    joining = models.CharField(
        _("who may join"), max_length=10, choices=Joining, blank=True, default="", db_default=""
    )
    joining_groups = models.JSONField(  # of the teams and roles, if they are chosen
        _("teams and roles that may join"),
        default=list,
        blank=True,
        db_default=models.Value([], models.JSONField()),
    )
    most_participants = models.PositiveSmallIntegerField(_("most participants"), null=True)
    shown_as = models.CharField(
        _("names customers see"),
        max_length=10,
        choices=Shown,
        blank=True,
        default="",
        db_default="",
    )
    team_name = models.CharField(
        _("name for the whole team"), max_length=80, blank=True, default="", db_default=""
    )
    # Grows with every change, so that who saves an older page is told.
    version = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    changed_by = models.ForeignKey(
        Agent, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    changed_at = models.DateTimeField(null=True, editable=False)

    objects = InboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbox")
        verbose_name_plural = _("inboxes")
        permissions = [(act.value, str(act.name)) for act in Act]
        constraints = [
            models.CheckConstraint(
                condition=Q(colour="") | Q(colour__regex="^#[0-9a-f]{6}$"),
                name="inbox_colour_known",
            ),
            models.CheckConstraint(
                condition=Q(position__in=("left", "right")), name="inbox_position_known"
            ),
            models.CheckConstraint(condition=~Q(time_zone=""), name="inbox_has_time_zone"),
            models.CheckConstraint(
                condition=Q(mode__in=["", *Mode.values]), name="inbox_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(joining__in=["", *Joining.values]), name="inbox_joining_known"
            ),
            models.CheckConstraint(
                condition=Q(shown_as__in=["", *Shown.values]), name="inbox_shown_as_known"
            ),
            models.CheckConstraint(
                condition=Q(most_participants=None) | Q(most_participants__lte=MOST),
                name="inbox_most_participants",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_open_at(self, moment: datetime) -> bool:
        """Whether it is within the opening hours; an inbox without any is always open."""
        return hours.is_open(self.opening_hours, self.time_zone, moment)


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
