from conversations.threads.commands.approvals import tell_of_approval
from helpdesk.core.events import reacts_to
from permissions.approvals.events import ApprovalMoved


@reacts_to(ApprovalMoved)
def tell(event: ApprovalMoved) -> None:
    """The timeline says it at once; if this fails, the sweep says it."""
    if event.conversation_id:
        tell_of_approval(event.approval_id)
