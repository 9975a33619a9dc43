from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group, UserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

COLOURS = 4  # the design's person colours, --p1 … --p4


def colour_of(agent_id: int) -> int:
    """1 to 4: the colour of a person's avatar, ring and caret."""
    return agent_id % COLOURS + 1


class AgentStatus(models.TextChoices):
    """What colleagues may expect of an agent. Busy keeps what it has and gets nothing new."""

    ONLINE = "online", _("Online")
    BUSY = "busy", _("Busy")
    AWAY = "away", _("Away")
    OFFLINE = "offline", _("Offline")


def status_now() -> models.Case:
    """An agent's status as it is: the chosen one, unless they are out of reach or idle."""
    reached = Now() - timedelta(seconds=settings.AGENT_GRACE)
    when = [
        models.When(
            Q(attendance=None)
            | Q(attendance__last_seen_at=None)
            | Q(attendance__last_seen_at__lte=reached),
            then=models.Value(AgentStatus.OFFLINE),
        ),
        models.When(~Q(attendance__chosen=AgentStatus.ONLINE), then=F("attendance__chosen")),
    ]
    if settings.AGENT_IDLE:
        idle = Now() - timedelta(seconds=settings.AGENT_IDLE)
        when.append(
            models.When(attendance__active_at__lte=idle, then=models.Value(AgentStatus.AWAY))
        )
    return models.Case(
        *when, default=models.Value(AgentStatus.ONLINE), output_field=models.CharField()
    )


class AgentQuerySet(models.QuerySet["Agent"]):
    def with_status(self) -> "AgentQuerySet":
        """With `status_now`, which `presence_status` then needs no query for."""
        return self.annotate(status_now=status_now())

    def available(self) -> "AgentQuerySet":
        """Who can be given new work: active and online."""
        return self._who_are(AgentStatus.ONLINE)

    def present(self) -> "AgentQuerySet":
        """Who can answer now: online, or busy with others."""
        return self._who_are(AgentStatus.ONLINE, AgentStatus.BUSY)

    def _who_are(self, *statuses: AgentStatus) -> "AgentQuerySet":
        active = self.with_status().filter(is_active=True)
        return active.alias(status_is=F("status_now")).filter(status_is__in=statuses)


class AgentManager(UserManager.from_queryset(AgentQuerySet)):  # type: ignore[misc]
    def create_superuser(self, username, email=None, password=None, **extra):  # type: ignore[no-untyped-def]
        """Who `manage.py createsuperuser` makes: an administrator by their role, as any other."""
        from permissions.accounts.commands import invite_agent
        from permissions.roles.presets import install_roles

        name, role = extra.get("name") or username, install_roles()["admin"]
        return invite_agent(
            actor=None, username=username, name=name, password=password, roles=[role]
        )


class Agent(AbstractUser):
    """A member of staff. `authz_version` grows with every change of what they may do."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=80)
    public_name = models.CharField(_("name shown to customers"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    enter_sends = models.BooleanField(_("Enter sends"), default=False)
    authz_version = models.PositiveIntegerField(default=1, editable=False)

    REQUIRED_FIELDS = ["name"]
    objects: ClassVar[AgentManager] = AgentManager()
    is_agent = True
    kind = "agent"

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @property
    def shown_name(self) -> str:
        """What customers read."""
        return self.public_name or self.name

    @property
    def colour(self) -> int:
        return colour_of(self.pk)

    @property
    def presence_status(self) -> AgentStatus:
        """Online, busy, away or offline at this moment."""
        known = getattr(self, "status_now", None)
        if known is None:
            found = Agent.objects.filter(pk=self.pk).with_status()
            known = found.values_list("status_now", flat=True).first()
        return AgentStatus(known or AgentStatus.OFFLINE)


class Attendance(models.Model):
    """Whether an agent is there: what they chose, when a tab of theirs was last open and used.

    The serving processes renew it; who is renewed by none is offline after the grace.
    """

    agent = models.OneToOneField(Agent, models.CASCADE, primary_key=True, related_name="attendance")
    chosen = models.CharField(
        _("status"), max_length=10, choices=AgentStatus, default=AgentStatus.ONLINE
    )
    last_seen_at = models.DateTimeField(null=True)
    active_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(chosen__in=AgentStatus.values), name="attendance_status_known"
            )
        ]
        indexes = [models.Index(fields=["last_seen_at"], name="attendance_seen")]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.chosen}"


class Team(models.Model):
    """A department. Its members are the members of its group, so rights can be given to it."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    group = models.OneToOneField(Group, models.PROTECT, related_name="team")

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name

    @property
    def members(self) -> models.QuerySet[Agent]:
        return Agent.objects.filter(groups=self.group_id, is_active=True)
