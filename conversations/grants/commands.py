"""Giving somebody rights on one conversation or one customer, and taking them back."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from conversations.customers.models import Customer
from conversations.grants.models import Grant
from conversations.grants.rights import acts_on, acts_on_customer
from conversations.threads.models import Conversation
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.core.text import clean_text, one_line
from permissions.accounts.models import Agent
from permissions.acts.checks import has_duty, raise_version
from permissions.acts.command import command
from permissions.acts.scope import AccessChanged
from permissions.acts.vocabulary import NARROW, Act, Duty

LONGEST = timedelta(days=366)


def give_access(
    *,
    agent: Agent,
    to: Agent,
    on: Conversation | Customer,
    acts: Iterable[Act],
    reason: str,
    lasts: timedelta | None,
) -> list[Grant]:
    """Give a colleague rights on this alone, for a while or (`lasts` None) until taken back.

    Seeing it always comes with them. Nobody gives what they do not hold there themselves, and
    nobody gives to themselves.
    """
    with command("grant.give", actor=agent, on=on) as step:
        held = _held(agent, on)
        given = {Act.VIEW, *acts}
        if given & NARROW:
            raise Invalid
        if to.pk == agent.pk:
            raise NotAllowed(_("Nobody gives rights to themselves."))
        if Act.GRANT not in held or not given <= held:
            raise NotAllowed(_("One can only give rights that one holds here, and may give."))
        reason = one_line(clean_text(reason, limit=300), limit=300)
        if not reason:
            raise Invalid(_("Say why: a reason is kept with it."))
        if lasts is not None and not timedelta() < lasts <= LONGEST:
            raise Invalid(_("It may last up to a year."))
        # Locked, so that neither two givers nor a deactivation meanwhile pass each other by.
        if not Agent.objects.select_for_update().filter(pk=to.pk, is_active=True).exists():
            raise Conflict(_("%(name)s is deactivated.") % {"name": str(to)})
        kind = {"conversation": on} if isinstance(on, Conversation) else {"customer": on}
        Grant.objects.live().filter(agent=to, act__in=given, **kind).update(
            revoked_at=Now(), revoked_by=agent
        )
        made = Grant.objects.bulk_create(
            Grant(
                agent=to,
                act=act,
                reason=reason,
                given_by=agent,
                expires_at=None if lasts is None else Now() + lasts,
                **kind,
            )
            for act in sorted(given)
        )
        step.note(
            agent=to.pk,
            acts=sorted(given),
            reason=reason,
            seconds=None if lasts is None else int(lasts.total_seconds()),
        )
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=to.pk))))
        return list(Grant.objects.filter(pk__in=[grant.pk for grant in made]).order_by("act"))


def revoke_access(*, agent: Agent, grant: int) -> Grant:
    """Take an exception back at once. With the sight of a thing goes all that was given there."""
    with command("grant.revoke", actor=agent, on=None) as step:
        found = Grant.objects.select_for_update().filter(pk=grant).first()
        if found is None:
            raise NotFound
        step.on = on = found.conversation or found.customer
        if on is None or not (has_duty(agent, Duty.ACCESS) or Act.GRANT in _held(agent, on)):
            raise NotFound
        if found.revoked_at is not None:
            step.nothing_changed()
            return found
        same = Grant.objects.filter(
            agent=found.agent_id,
            conversation=found.conversation_id,
            customer=found.customer_id,
            revoked_at=None,
        )
        if found.act != Act.VIEW:
            same = same.filter(act=found.act)
        step.note(agent=found.agent_id, acts=sorted(same.values_list("act", flat=True)))
        same.update(revoked_at=Now(), revoked_by=agent)
        found.refresh_from_db()
        step.tell(AccessChanged(raise_version(Agent.objects.filter(pk=found.agent_id))))
        return found


def _held(agent: Agent, on: Conversation | Customer) -> frozenset[str]:
    """What the agent may do there. NotFound if they do not see it."""
    model = type(on).objects
    seen = model.visible_to(agent).filter(pk=on.pk).first()
    if seen is None:
        raise NotFound
    return acts_on(agent, seen) if isinstance(seen, Conversation) else acts_on_customer(agent, seen)
