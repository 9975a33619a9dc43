"""What an agent may do on one conversation or customer: rights on the inbox, and exceptions."""

from typing import TYPE_CHECKING

from django.db.models import Q

from conversations.grants.models import Grant
from conversations.grants.sight import readers
from helpdesk.core.refusals import NotAllowed
from permissions.accounts.models import Agent, AgentQuerySet
from permissions.acts.checks import holders, rights_of
from permissions.acts.vocabulary import Act

if TYPE_CHECKING:
    from conversations.customers.models import Customer
    from conversations.threads.models import Conversation


def acts_on(agent: Agent, conversation: "Conversation") -> frozenset[str]:
    """All that an agent who sees the conversation may do there. Costs a query only for agents
    who were given exceptions."""
    rights = rights_of(agent)
    acts = rights.by_object.get(conversation.inbox_id, frozenset())
    if rights.has_exceptions:
        acts |= _granted(
            agent, Q(conversation=conversation.pk) | Q(customer=conversation.customer_id)
        )
    return acts


def may(agent: Agent, act: Act, conversation: "Conversation") -> bool:
    """Whether an agent who sees the conversation may do this there."""
    rights = rights_of(agent)
    if rights.allows(act, conversation.inbox_id):
        return True
    return rights.has_exceptions and act.value in acts_on(agent, conversation)


def require_act(agent: Agent, act: Act, conversation: "Conversation") -> None:
    if not may(agent, act, conversation):
        raise NotAllowed


CONFIDED = (Act.READ_CONFIDED, Act.CONFIDE)  # whoever writes sensitive notes reads others' too


def reads_confided(agent: Agent, conversation: "Conversation") -> bool:
    """Whether an agent who sees the conversation reads what colleagues noted in confidence."""
    return any(may(agent, act, conversation) for act in CONFIDED)


def confided_to(agent: Agent) -> Q:
    """The same of rows that have a `conversation`."""
    rights = rights_of(agent)
    inboxes = frozenset[int]().union(*(rights.where(act) for act in CONFIDED))
    found = Q(conversation__inbox__in=inboxes)
    if rights.has_exceptions:
        given = Grant.objects.live().filter(agent=agent.pk, act__in=CONFIDED)
        on_one = given.filter(conversation__isnull=False).values("conversation")
        on_all = given.filter(customer__isnull=False).values("customer")
        found |= Q(conversation__in=on_one) | Q(conversation__customer__in=on_all)
    return found


def confidants(conversation: "Conversation") -> AgentQuerySet:
    """The active agents who may see the conversation and read what is noted there in confidence."""
    given = Grant.objects.live().filter(
        Q(conversation=conversation.pk) | Q(customer=conversation.customer_id), act__in=CONFIDED
    )
    by_right = holders(CONFIDED, conversation.inbox_id)
    return readers(conversation).filter(
        Q(pk__in=by_right.values("pk")) | Q(pk__in=given.values("agent"))
    )


def acts_on_customer(agent: Agent, customer: "Customer") -> frozenset[str]:
    """All that the agent may do with a customer: wherever they see a conversation of theirs."""
    from conversations.threads.models import Conversation  # stands on this module

    rights = rights_of(agent)
    seen = Conversation.objects.visible_to(agent).filter(customer=customer.pk)
    acts: frozenset[str] = frozenset()
    for inbox in seen.order_by().values_list("inbox", flat=True).distinct():
        acts |= rights.by_object.get(inbox, frozenset())
    if rights.has_exceptions:
        acts |= _granted(
            agent, Q(customer=customer.pk) | Q(conversation__in=seen.order_by().values("pk"))
        )
    return acts


def _granted(agent: Agent, on: Q) -> frozenset[str]:
    found = Grant.objects.live().filter(on, agent=agent.pk)
    return frozenset(found.values_list("act", flat=True))
