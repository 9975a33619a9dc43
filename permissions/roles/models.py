from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Duty

ADMIN = "admin"  # holds every right and duty, always: somebody must be able to give them


class Role(models.Model):
    """A Django group that agents can be given as their role, with what it is for."""

    key = models.SlugField(unique=True)
    group = models.OneToOneField(Group, models.PROTECT, related_name="role")
    description = models.CharField(_("description"), max_length=200, blank=True)
    # Rights on every inbox, those to come included; each inbox may then be set otherwise.
    acts = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        permissions = [(duty.value, str(duty.name)) for duty in Duty]

    def __str__(self) -> str:
        return self.group.name

    @property
    def is_admin(self) -> bool:
        return self.key == ADMIN

    @property
    def shown_name(self) -> str:
        """A preset's name is in the reader's language, until somebody gives it another."""
        return gettext(self.group.name)

    @property
    def shown_description(self) -> str:
        return gettext(self.description) if self.description else ""

    @property
    def duties(self) -> set[str]:
        found = self.group.permissions.filter(codename__in=Duty.values)
        return set(found.values_list("codename", flat=True))

    @property
    def members(self) -> models.QuerySet[Agent]:
        return Agent.objects.filter(groups=self.group_id)
