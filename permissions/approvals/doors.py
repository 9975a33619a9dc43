"""What a door does with an act that needs an approval: it asks for one instead."""

import uuid
from collections.abc import Callable
from typing import TypeVar

from helpdesk.core.text import clean_text, one_line
from permissions.accounts.models import Agent
from permissions.approvals.commands import ask_for_approval
from permissions.approvals.gate import ApprovalNeeded
from permissions.approvals.models import Approval
from permissions.approvals.registry import Proposal

R = TypeVar("R")
MOST = 500  # characters of a reason or an answer


def do_or_ask(
    do: Callable[[], R],
    *,
    agent: Agent,
    operation: str,
    proposal: Callable[[], Proposal],
    client_id: uuid.UUID,
    reason: str = "",
) -> R | Approval:
    """What `do` returns, or the request that now waits. Other refusals go on to the person."""
    try:
        return do()
    except ApprovalNeeded as needed:
        if needed.operation != operation:  # it stands in the way of something before this one
            raise
    return ask_for_approval(
        agent=agent,
        operation=operation,
        proposal=proposal(),
        client_id=client_id,
        reason=reason,
    )


def read_words(value: object) -> str:
    """A reason or an answer as a person wrote it, on one line. Raises Invalid."""
    return one_line(clean_text(value or "", limit=MOST), limit=MOST)
