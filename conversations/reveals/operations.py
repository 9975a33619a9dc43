"""Reading sensitive values without the right to: a colleague's yes comes first."""

import uuid

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from conversations.customers import values
from conversations.customers.masks import mask
from conversations.customers.models import Customer
from conversations.customers.operations import is_seen_by, place_of
from conversations.customers.queries import find
from conversations.customers.rules import Privacy
from conversations.reveals import commands
from conversations.reveals.queries import OPERATION, TEXTS
from helpdesk.core.refusals import NotFound
from permissions.accounts.models import Agent
from permissions.approvals.registry import Difference, Operation, Place, Proposal, register
from permissions.policies.rules import current


@register
class RevealCustomer(Operation):
    """Asked for where the right is missing, so no rule is needed for it."""

    name = OPERATION
    label = _("See sensitive customer data")
    in_rules = False

    def place(self, proposal: Proposal) -> Place:
        return place_of(proposal)

    def check(self, agent: Agent, proposal: Proposal) -> None:
        find(agent, uuid.UUID(proposal["customer"]))
        commands.revealable(proposal["fields"])

    def seen_by(self, agent: Agent, proposal: Proposal) -> bool:
        return is_seen_by(agent, proposal)

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        customer = Customer.objects.filter(pk=proposal["customer"]).first()
        if customer is None:
            raise NotFound
        minutes = current(Privacy).reveal_minutes
        after = ngettext("visible for %(n)s minute", "visible for %(n)s minutes", minutes) % {
            "n": minutes
        }
        lines = [
            Difference(str(one), mask(one.kind, values.text_of(customer, one)), after)
            for one in values.fields()
            if one.key in proposal["fields"]
        ]
        if TEXTS in proposal["fields"]:
            lines.append(Difference(_("Numbers and addresses in messages"), "", after))
        return lines

    def run(self, agent: Agent, proposal: Proposal) -> None:
        customer = uuid.UUID(proposal["customer"])
        commands.reveal(agent=agent, customer=customer, fields=proposal["fields"])
