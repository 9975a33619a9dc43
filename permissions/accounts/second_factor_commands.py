"""Everything that changes or asks for a second factor."""

from contextlib import suppress

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from helpdesk.core.limits import exhausted, spend
from helpdesk.core.refusals import Conflict, Invalid, TooMany
from permissions.accounts import lockout
from permissions.accounts.models import Agent
from permissions.accounts.second_factor import (
    RecoveryCode,
    SecondFactor,
    new_secret,
    use_recovery_code,
    write_codes,
)
from permissions.accounts.security import Security
from permissions.acts.checks import require_duty
from permissions.acts.command import command
from permissions.acts.vocabulary import Duty
from permissions.policies.rules import current

FAILURES = "second factor failures"


def begin_second_factor(*, agent: Agent) -> None:
    """A new secret for the agent's app. It counts for nothing until it is confirmed."""
    with command("second_factor.begin", actor=agent, on=agent):
        found, _made = SecondFactor.objects.get_or_create(
            agent=agent, defaults={"secret": new_secret(agent)}
        )
        found = SecondFactor.objects.select_for_update().get(agent=agent)
        if found.confirmed_at:
            raise Conflict(_("Your second factor is set up already."))
        found.secret = new_secret(agent)
        found.save(update_fields=["secret"])


def confirm_second_factor(*, agent: Agent, code: str) -> list[str]:
    """The agent's app has the secret: from now on it is asked for. Returns the recovery codes."""
    _not_too_often(agent)
    with command("second_factor.confirm", actor=agent, on=agent) as step:
        found = SecondFactor.objects.select_for_update().filter(agent=agent).first()
        if found is None or found.confirmed_at:
            raise Conflict(_("Begin anew: there is nothing to confirm."))
        if right := found.fits(plain(code)):
            found.confirmed_at = Now()
            found.save(update_fields=["confirmed_at", "last_step"])
            return write_codes(agent)
        step.nothing_changed()
    if not right:
        _failed(agent)
    raise Invalid(WRONG)


WRONG = _("This code is not right. Codes change every half minute: look at the newest.")


def use_second_factor(*, agent: Agent, code: str) -> str:
    """Ask for the factor. Returns how it was shown: by the app, or by a recovery code."""
    _not_too_often(agent)
    text, how = plain(code), ""
    with command("second_factor.use", actor=agent, on=agent) as step:
        found = SecondFactor.objects.select_for_update().filter(agent=agent).first()
        if found and found.confirmed_at and found.fits(text):
            found.save(update_fields=["last_step"])
            how = "app"
        elif found and found.confirmed_at and use_recovery_code(agent, text):
            how = "recovery code"
        step.note(how=how)
        if not how:
            step.nothing_changed()
    if how:
        return how
    _failed(agent)
    raise Invalid(WRONG)


def renew_recovery_codes(*, agent: Agent, code: str) -> list[str]:
    use_second_factor(agent=agent, code=code)
    with command("second_factor.renew_codes", actor=agent, on=agent):
        return write_codes(agent)


def end_second_factor(*, agent: Agent, code: str) -> None:
    """Give it up, where the rules do not ask for one."""
    if current(Security).asks_second_factor(agent):
        raise Conflict(_("An administrator requires a second factor of you."))
    use_second_factor(agent=agent, code=code)
    with command("second_factor.end", actor=agent, on=agent):
        _forget(agent)


def reset_second_factor(*, actor: Agent, agent: Agent) -> None:
    """For somebody whose phone and codes are lost: they sign in with the password alone."""
    with command("second_factor.reset", actor=actor, on=agent) as step:
        require_duty(actor, Duty.SECURITY)
        if not _forget(agent):
            step.nothing_changed()


def plain(code: str) -> str:
    """As people type codes: with spaces, hyphens and capitals."""
    return "".join(letter for letter in code[:40].lower() if letter.isalnum())


def _forget(agent: Agent) -> int:
    RecoveryCode.objects.filter(agent=agent).delete()
    return SecondFactor.objects.filter(agent=agent).delete()[0]


def _not_too_often(agent: Agent) -> None:
    if wait := exhausted(FAILURES, agent.pk):
        raise TooMany(lockout.sentence(wait), retry_after=wait)


def _failed(agent: Agent) -> None:
    with command("agent.second_factor_failed", actor=None, on=agent):
        pass
    with suppress(TooMany):
        spend(FAILURES, agent.pk)
    lockout.tell(agent, FAILURES, agent.pk)
