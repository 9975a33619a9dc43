"""Sign-ins: where agents are signed in, since when, and when that ends."""

import time
from collections import OrderedDict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils.translation import gettext_lazy as _

from helpdesk.core.web.devices import Device, device_of
from permissions.accounts.security import Security

FRESH = 60.0  # seconds between two looks at one sign-in by one process
_KEEP = 4096


class SignInQuerySet(models.QuerySet["SignIn"]):
    def standing(self) -> "SignInQuerySet":
        """Those whose session is not over."""
        alive = Session.objects.filter(
            session_key=models.OuterRef("session_key"), expire_date__gt=Now()
        )
        return self.filter(models.Exists(alive), agent__is_active=True)

    def over(self, rules: Security) -> "SignInQuerySet":
        """Those that the rules end now: too old, or nobody used a tab of the agent for too long."""
        ended = Q(started_at__lt=Now() - rules.length)
        if rules.idle_minutes:
            used = Greatest(F("used_at"), Coalesce(F("agent__attendance__active_at"), F("used_at")))
            idle = timedelta(minutes=rules.idle_minutes)
            self, ended = self.alias(used=used), ended | Q(used__lt=Now() - idle)
        return self.filter(ended)


class SignIn(models.Model):
    """One sign-in of an agent, in one browser. It ends with its session."""

    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(max_length=300, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    with_second_factor = models.BooleanField(default=False)
    limited = models.BooleanField(default=False)  # until they have set up a second factor
    started_at = models.DateTimeField(_("since"), db_default=Now())
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    used_at = models.DateTimeField(db_default=Now())

    objects = SignInQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["agent", "-started_at"], name="sign_in_by_agent")]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.started_at}"

    @property
    def device_shown(self) -> Device:
        return device_of(self.device)


MARK = "sign_in"  # in the session: this sign-in is kept in a row
DUE = "second_factor_due"  # in the session: nothing may be done before it is set up

_looked: OrderedDict[str, tuple[float, str]] = OrderedDict()

_SEEN = """
UPDATE permissions_signin SET seen_at = clock_timestamp(), address = %(address)s,
  used_at = CASE WHEN %(used)s THEN clock_timestamp() ELSE used_at END
WHERE session_key = %(key)s
"""


def due(key: str, address: str) -> bool:
    """Whether this process should look at the sign-in again: once a minute, or elsewhere."""
    at, before = _looked.get(key, (-FRESH, ""))
    if before == address and time.monotonic() - at < FRESH:
        return False
    _looked[key] = time.monotonic(), address
    while len(_looked) > _KEEP:
        _looked.popitem(last=False)
    return True


def look(key: str, address: str, *, used: bool, rules: Security) -> bool:
    """Note that it is used, from this address. False when the rules end it."""
    if not rules.lets_in(address) or SignIn.objects.filter(session_key=key).over(rules).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {"key": key, "address": address[:45], "used": used})
    return True


def seen(keys: list[str]) -> None:
    """Screens of these sessions are open now: one statement for all of a process."""
    SignIn.objects.filter(session_key__in=keys).update(seen_at=Now())


def sign_ins_of(agent: Any) -> models.QuerySet[SignIn]:
    return SignIn.objects.filter(agent=agent).standing().order_by("-started_at", "-pk")
