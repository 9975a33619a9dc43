from typing import ClassVar

from django.contrib.auth.models import AbstractUser, Group, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

COLOURS = 4  # the design's person colours, --p1 … --p4


def colour_of(agent_id: int) -> int:
    """1 to 4: the colour of a person's avatar, ring and caret."""
    return agent_id % COLOURS + 1


class AgentManager(UserManager["Agent"]):
    def create_superuser(self, username, email=None, password=None, **extra):  # type: ignore[no-untyped-def]
        extra.setdefault("name", username)
        return super().create_superuser(username, email, password, **extra)


class Agent(AbstractUser):
    """A member of staff. `authz_version` grows with every change of what they may do."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=80)
    public_name = models.CharField(_("name shown to customers"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    authz_version = models.PositiveIntegerField(default=1, editable=False)

    REQUIRED_FIELDS = ["email", "name"]
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
