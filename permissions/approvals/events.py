from helpdesk.core.events import Event, event


@event
class ApprovalMoved(Event):
    """A request for an approval was made, decided, withdrawn or settled."""

    name = "approval.moved"
    approval_id: str
    conversation_id: str
    customer_id: str
    requester_id: int
