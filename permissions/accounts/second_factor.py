"""A second factor: six digits from an app (TOTP), or one of ten codes on paper."""

import secrets
import time
from typing import Any

import pyotp
import segno
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare
from django.utils.safestring import SafeString, mark_safe

from helpdesk.core import ciphers
from permissions.accounts.models import Agent

CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another
STEP = 30  # seconds of one code


class SecondFactor(models.Model):
    """An agent's secret, encrypted. Not in use before the agent has shown that their app has it.

    `last_step` makes each code good for once.
    """

    agent = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="second_factor"
    )
    secret = models.BinaryField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.agent_id)

    @property
    def words(self) -> str:
        """The secret as one types it into an app."""
        return ciphers.unseal(bytes(self.secret), f"second factor {self.agent_id}")

    def fits(self, code: str) -> bool:
        """Whether the code is the app's, now or half a minute beside, and new. Uses it up."""
        app, now = pyotp.TOTP(self.words), int(time.time()) // STEP
        for step in (now, now - 1, now + 1):
            if step > self.last_step and constant_time_compare(app.generate_otp(step), code):
                self.last_step = step
                return True
        return False

    def picture(self) -> SafeString:
        """The square that an app reads, drawn here: the secret goes to nobody else."""
        uri = pyotp.TOTP(self.words).provisioning_uri(
            name=self.agent.username, issuer_name="Tandem"
        )
        drawn = segno.make(uri, error="m").svg_inline(omitsize=True, light="#fff", dark="#000")
        return mark_safe(drawn)  # noqa: S308 - drawn from squares alone


class RecoveryCode(models.Model):
    """One of the codes for the day on which the phone is lost: hashed, good for once."""

    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    digest = models.BinaryField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("agent", "digest", name="recovery_code_once")]

    def __str__(self) -> str:
        return str(self.agent_id)


def new_secret(agent: Agent) -> bytes:
    return ciphers.seal(pyotp.random_base32(), f"second factor {agent.pk}")


def has_second_factor(agent: Agent) -> bool:
    return SecondFactor.objects.filter(agent=agent, confirmed_at__isnull=False).exists()


def codes_left(agent: Agent) -> int:
    return RecoveryCode.objects.filter(agent=agent, used_at=None).count()


def write_codes(agent: Agent) -> list[str]:
    """Ten new codes, the only time they are readable; older ones are void."""
    RecoveryCode.objects.filter(agent=agent).delete()
    codes = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(agent=agent, digest=ciphers.digest(code)) for code in codes
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def use_recovery_code(agent: Agent, text: str) -> bool:
    digests: list[Any] = list(ciphers.digests(text))
    unused = RecoveryCode.objects.filter(agent=agent, used_at=None, digest__in=digests)
    return bool(unused.update(used_at=Now()))
