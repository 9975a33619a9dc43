"""Signing in and out. Whatever cannot be recorded does not happen."""

from collections.abc import Iterable

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from helpdesk.core.context import origin
from permissions.accounts.models import Agent
from permissions.accounts.second_factor import has_second_factor
from permissions.accounts.security import Security
from permissions.accounts.sessions import SignIn
from permissions.acts.checks import require_duty
from permissions.acts.command import command
from permissions.acts.scope import AccessChanged
from permissions.acts.vocabulary import Duty
from permissions.policies.rules import current


def keep_sign_in(
    *, agent: Agent, session_key: str, device: str, limited: bool, second_factor: bool
) -> SignIn:
    with command("agent.sign_in", actor=agent, on=agent) as step:
        step.note(second_factor=second_factor)
        return SignIn.objects.create(
            agent=agent,
            session_key=session_key,
            device=device[:300],
            address=origin.get().address[:45],
            limited=limited,
            with_second_factor=second_factor,
        )


def follow(*, before: str, after: str) -> None:
    """The session got another key; the sign-in stays the same. No act, so no record."""
    SignIn.objects.filter(session_key=before).update(session_key=after)


def release(*, agent: Agent, session_key: str) -> None:
    """The agent did what the sign-in was limited for."""
    SignIn.objects.filter(agent=agent, session_key=session_key).update(limited=False)


def end_sign_in(*, actor: Agent, sign_in: SignIn) -> None:
    """End one's own, or with the duty anybody's. Its screens close within a second."""
    with command("agent.end_sign_in", actor=actor, on=sign_in.agent) as step:
        if sign_in.agent_id != actor.pk:
            require_duty(actor, Duty.SECURITY)
        step.tell(_end([sign_in]))


def end_sign_ins(*, actor: Agent, agent: Agent, except_key: str = "") -> int:
    """Sign an agent out everywhere (but here)."""
    with command("agent.end_sign_ins", actor=actor, on=agent) as step:
        if agent.pk != actor.pk:
            require_duty(actor, Duty.SECURITY)
        found = list(SignIn.objects.filter(agent=agent).exclude(session_key=except_key))
        step.note(ended=len(found))
        step.tell(_end(found))
        return len(found)


def end_what_rules_end() -> int:
    """Too old, too long without use, from elsewhere, or without the factor that is asked for."""
    rules = current(Security)
    sign_ins: QuerySet[SignIn] = SignIn.objects.select_related("agent")
    found = {one.pk: one for one in sign_ins.over(rules)}  # type: ignore[attr-defined]
    if rules.addresses:
        found |= {one.pk: one for one in sign_ins if not rules.lets_in(one.address)}
    if rules.second_factor != "nobody":
        without = sign_ins.filter(limited=False, agent__second_factor__confirmed_at=None)
        found |= {one.pk: one for one in without if rules.asks_second_factor(one.agent)}
    if found:
        with command("agent.sign_ins_over", actor=None, on=None) as step:
            step.note(agents=sorted({one.agent_id for one in found.values()}))
            step.tell(_end(found.values()))
    over = SignIn.objects.exclude(
        session_key__in=Session.objects.values("session_key")
    ).values_list("pk", flat=True)
    SignIn.objects.filter(pk__in=list(over[:1000])).delete()  # ended in another way
    return len(found)


def _end(sign_ins: Iterable[SignIn]) -> AccessChanged:
    sign_ins = list(sign_ins)
    Session.objects.filter(session_key__in=[one.session_key for one in sign_ins]).delete()
    SignIn.objects.filter(pk__in=[one.pk for one in sign_ins]).delete()
    return AccessChanged(tuple(sorted({one.agent_id for one in sign_ins})))


def must_set_up(agent: Agent) -> bool:
    """Whether the rules ask for a second factor that the agent does not have."""
    return current(Security).asks_second_factor(agent) and not has_second_factor(agent)
