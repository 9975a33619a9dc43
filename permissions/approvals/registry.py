"""What can need a colleague's approval. Each feature registers its operations, from `ready()`.

    @register
    class ChangeCustomer(Operation):
        name = "customer.change"
        label = _("Change customer data")

        def place(self, proposal):  # name the conversation too, if there is one
            customer = Customer.objects.get(pk=proposal["customer"])
            return Place(inbox_id=customer.inbox_id, customer_id=customer.pk, about=str(customer))

        def check(self, agent, proposal):          # what the command requires besides the approval
            require(agent, Act.CHANGE_CUSTOMER, ...)

        def seen_by(self, agent, proposal):
            return Customer.objects.visible_to(agent).filter(pk=proposal["customer"]).exists()

        def version(self, proposal, *, lock=False):  # another one voids the request
            return fingerprint(current values, locked if `lock`)

        def differences(self, proposal, reader):   # sensitive values masked for this reader
            return [Difference(_("Phone"), "138****5678", "139****1234")]

        def run(self, agent, proposal):            # one command, the same as without an approval
            commands.change_customer(agent=agent, **...)

The command says, after its lock, `require_approval("customer.change", agent=agent, tags=...,
issue_type=...)` (gate.py); that raises `ApprovalNeeded` if a rule wants one and this is not the run
of an approved request. A door that can wait catches it:

    try:
        commands.change_customer(agent=agent, ...)
    except ApprovalNeeded as needed:
        approval = ask_for_approval(
            agent=agent, operation=needed.operation, proposal={...}, reason=..., client_id=...
        )
        return JsonResponse({"approval": str(approval.pk)}, status=202)

Any other door answers with its sentence (409). An operation that always needs somebody's yes (a
reveal without the right) calls `ask_for_approval` itself; it waits for `minutes` then, unless a
rule says otherwise. Whoever has the right `Act.APPROVE` on the inbox decides (without an inbox: on
any), never the requester; a rule may narrow that to roles.

A proposal is plain JSON and stored as it is: put sensitive values into it sealed. The command runs
as the requester; the approval's id and the approver go into its audit record, and the approval is
settled in the command's own transaction, so that it runs exactly once.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Conflict
from permissions.accounts.models import Agent

Proposal = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """What a request is about: who may decide it, and which rules hold there."""

    inbox_id: int | None = None
    conversation_id: uuid.UUID | None = None
    customer_id: uuid.UUID | None = None
    about: str = ""  # the customer's name, or what else a person calls it
    tags: Sequence[str] = ()
    issue_type: str | Sequence[str] = ""  # several, if a rule about any of them counts


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would be other than it is."""

    what: str | Promise
    before: str
    after: str
    field: str = ""  # the key under which an approver may write it anew; "" if they may not
    file_id: str = ""  # of a file the proposal brings, which an approver may open
    written: str | None = None  # what an approver begins to edit with, where it is not `after`
    hint: str | Promise = ""  # how it is written

    @property
    def to_edit(self) -> str:
        return self.after if self.written is None else self.written


class Operation:
    """Something that can need an approval. Subclasses are registered; they hold no state."""

    name: ClassVar[str]
    label: ClassVar[str | Promise]  # what a rule on the settings page is about
    minutes: ClassVar[int] = 60  # a request waits, where no rule says how long
    in_rules: ClassVar[bool] = True  # whether an administrator may add rules for it

    def place(self, proposal: Proposal) -> Place:
        """Where it would happen. Raises NotFound if that is gone."""
        raise NotImplementedError

    def check(self, agent: Agent, proposal: Proposal) -> None:
        """Raises a Refusal unless the agent may ask for this (and, at the end, do it)."""
        raise NotImplementedError

    def seen_by(self, agent: Agent, proposal: Proposal) -> bool:
        """Whether this agent may see what it is about; whoever may not is answered 404."""
        raise NotImplementedError

    def version(self, proposal: Proposal, *, lock: bool = False) -> str:
        """A fingerprint of what the proposal is based on, locked against changes if asked to."""
        return ""

    def seen_needed(self, proposal: Proposal) -> int:
        """The number of the last entry an approver must have had before their eyes."""
        return 0

    def differences(self, proposal: Proposal, reader: Agent | None) -> list[Difference]:
        """What exactly would change, as this reader may see it; None: as nobody in particular."""
        raise NotImplementedError

    def edited(self, proposal: Proposal, changes: Mapping[str, Any]) -> Proposal:
        """The proposal with an approver's changes, by `Difference.field`. Raises Invalid."""
        raise Conflict(_("This can only be approved or rejected as it is."))

    def run(self, agent: Agent, proposal: Proposal) -> None:
        """Do it: exactly one command, as the requester."""
        raise NotImplementedError


K = TypeVar("K", bound=type[Operation])
_operations: dict[str, Operation] = {}


def register(kind: K) -> K:
    """Makes an operation known by its name."""
    if type(_operations.get(kind.name)) not in (kind, type(None)):
        raise TypeError(f"two operations are named {kind.name}")
    _operations[kind.name] = kind()
    return kind


def operation(name: str) -> Operation | None:
    """The operation of this name; None for one this release does not know."""
    return _operations.get(name)


def operations() -> list[Operation]:
    return [_operations[name] for name in sorted(_operations)]


def fingerprint(*facts: Any) -> str:
    """A short text that is equal for equal facts and tells nothing of them."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
