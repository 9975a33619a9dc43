"""The shape of a saved view's name and of whom it is shared with."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text
from helpdesk.core.web.negotiation import read_number
from permissions.accounts.models import Team


def read_name(value: Any) -> str:
    name = " ".join(clean_text(value, limit=60).split())
    if not name:
        raise Invalid(_("Give the view a name."))
    return name


def read_team(value: Any) -> Team | None:
    if value in (None, ""):
        return None
    found = Team.objects.filter(pk=read_number(value, most=2**62)).first()
    if found is None:
        raise Invalid(_("There is no such team."))
    return found
