from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _

from permissions.acts.vocabulary import Duty


class Role(models.Model):
    """A Django group that agents can be given as their role, with what it is for."""

    key = models.SlugField(unique=True)
    group = models.OneToOneField(Group, models.PROTECT, related_name="role")
    description = models.CharField(_("description"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        permissions = [(duty.value, str(duty.name)) for duty in Duty]

    def __str__(self) -> str:
        return self.group.name
