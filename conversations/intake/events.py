"""Passing signals of customers and to them: no row, no audit, gone after seconds."""

from helpdesk.core.events import Event, event


@event
class CustomerTyping(Event):
    name = "customer.typing"
    conversation_id: str
    typing: bool


@event
class AgentTypingToCustomer(Event):
    """Somebody of the team is writing a reply (never told of notes)."""

    name = "agent.typing_to_customer"
    conversation_id: str
    public_name: str
    typing: bool
