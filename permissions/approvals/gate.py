"""Where a command asks whether somebody else has to say yes first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Refusal
from permissions.accounts.models import Agent
from permissions.approvals.models import Approval
from permissions.approvals.rules import ApprovalRules, Names, Rule, needed


class ApprovalNeeded(Refusal):
    """A rule wants a colleague's approval. Doors that can wait for it catch this and ask."""

    status = 409
    code = "approval_needed"
    sentence = _("This needs a colleague's approval. Open the conversation to ask for it.")

    def __init__(self, operation: str, rule: Rule) -> None:
        super().__init__(operation=operation)
        self.operation = operation
        self.rule = rule


_running: ContextVar[Approval | None] = ContextVar("running", default=None)


@contextmanager
def running(approval: Approval) -> Iterator[None]:
    """The command inside is the run of an approved request: it is not asked about again."""
    token = _running.set(approval)
    try:
        yield
    finally:
        _running.reset(token)


def require_approval(
    operation: str,
    *,
    agent: Agent,
    tags: Names = (),
    issue_type: str | Sequence[str] = "",
    rules: ApprovalRules | None = None,
) -> None:
    """Raises ApprovalNeeded if a rule wants one and this is not the run of an approved request.

    Called by a command after its lock and its check of the right; with the `rules` if it has read
    them since.
    """
    approved = _running.get()
    if approved and (approved.operation, approved.requester_id) == (operation, agent.pk):
        return
    if rule := needed(operation, agent=agent, tags=tags, issue_type=issue_type, rules=rules):
        raise ApprovalNeeded(operation, rule)


def approval_of(operation: str) -> Approval | None:
    """The approved request of this operation that is being run, for a command that asks more."""
    approved = _running.get()
    return approved if approved and approved.operation == operation else None
