"""Changes of customer data that a rule may want a colleague's yes for. Values travel sealed."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from conversations.customers import commands, queries, values
from conversations.customers.models import Customer, CustomerField
from conversations.threads.models import Conversation
from helpdesk.core.ciphers import seal, unseal
from helpdesk.core.refusals import NotAllowed, NotFound
from permissions.accounts.models import Agent
from permissions.approvals.registry import (
    Difference,
    Operation,
    Place,
    Proposal,
    fingerprint,
    register,
)


def proposal_of(customer: uuid.UUID, key: str, text: str, version: int) -> Proposal:
    """A change as it waits for its approval."""
    sealed = seal(text, f"proposal:{customer}:{key}").hex()
    return {"customer": str(customer), "key": key, "sealed": sealed, "version": version}


def place_of(proposal: Proposal) -> Place:
    """Beside which conversation of the customer it was asked, or else their latest one."""
    found = Conversation.objects.filter(customer=proposal["customer"]).select_related("customer")
    asked = proposal.get("conversation")
    one = (asked and found.filter(pk=asked).first()) or found.order_by("-last_activity_at").first()
    if one is None:
        raise NotFound
    return Place(
        inbox_id=one.inbox_id,
        conversation_id=one.pk,
        customer_id=one.customer_id,
        about=str(one.customer),
        tags=one.tags,
        issue_type=one.issue_type,
    )


def is_seen_by(agent: Agent, proposal: Proposal) -> bool:
    """Whether an approver sees the conversation it is about."""
    beside = place_of(proposal).conversation_id
    seen = Conversation.objects.visible_to(agent)
    return beside is not None and seen.filter(pk=beside).exists()


@register
class ChangeCustomer(Operation):
    name = commands.CHANGE
    label = _("Change customer data")

    def place(self, proposal: Proposal) -> Place:
        return place_of(proposal)

    def seen_by(self, agent: Agent, proposal: Proposal) -> bool:
        return is_seen_by(agent, proposal)

    def check(self, agent: Agent, proposal: Proposal) -> None:
        customer = queries.find(agent, uuid.UUID(proposal["customer"]))
        if not queries.insight(agent, customer).may_change:
            raise NotAllowed

    def version(self, proposal: Proposal, *, lock: bool = False) -> str:
        customer, field = _found(proposal, lock=lock)
        row = values.latest(customer.pk, field)
        return fingerprint(field.key, row.version if row else 0)

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        customer, field = _found(proposal)
        before, after = values.text_of(customer, field), _text(proposal)
        if reader is None or queries.insight(reader, customer).is_hidden(field):
            before, after = (queries.mask_of(field, text) for text in (before, after))
        return [Difference(str(field), before, after)]

    def run(self, agent: Agent, proposal: Proposal) -> None:
        commands.change_value(
            agent=agent,
            customer=uuid.UUID(proposal["customer"]),
            key=proposal["key"],
            text=_text(proposal),
            version=proposal["version"],
        )


def _text(proposal: Mapping[str, Any]) -> str:
    place = f"proposal:{proposal['customer']}:{proposal['key']}"
    return unseal(bytes.fromhex(proposal["sealed"]), place)


def _found(proposal: Proposal, *, lock: bool = False) -> tuple[Customer, CustomerField]:
    customers = Customer.objects.select_for_update(no_key=True) if lock else Customer.objects.all()
    customer = customers.filter(pk=proposal["customer"]).first()
    field = values.field_of(proposal["key"])
    if customer is None or field is None:
        raise NotFound
    return customer, field
