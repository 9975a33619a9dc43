"""How far those who give rights may go: never above what they hold, never without an admin left."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Conflict, NotAllowed
from permissions.accounts.models import Agent
from permissions.acts.checks import read_rights, rights_of
from permissions.roles.models import ADMIN, Role


@contextmanager
def never_above(actor: Agent | None) -> Iterator[None]:
    """Whatever changes inside, the actor has no more rights after it than before."""
    before = read_rights(actor) if actor else None
    yield
    if actor and before and not before.covers(read_rights(actor)):
        raise NotAllowed(_("Nobody gives more rights to themselves."))


def require_within(actor: Agent | None, duties: Iterable[str]) -> None:
    """Duties are given and taken only by those who have them."""
    if actor and not set(duties) <= rights_of(actor).duties:
        raise NotAllowed(_("One can only give and take duties that one has."))


def lock_admins() -> None:
    """Two who each take the duties of one of the last two admins come one after the other."""
    list(Role.objects.select_for_update().filter(key=ADMIN))


def require_an_admin(besides: Agent) -> None:
    """Conflict if nobody but this agent is an admin. After `lock_admins`."""
    admins = Agent.objects.filter(is_active=True, groups__role__key=ADMIN)
    if admins.filter(pk=besides.pk).exists() and not admins.exclude(pk=besides.pk).exists():
        raise Conflict(_("%(name)s is the last admin.") % {"name": str(besides)})
