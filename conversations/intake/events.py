"""Passing signals of customers and to them: no row, no audit, gone after seconds."""

from helpdesk.core.events import Event, event


@event
class CustomerTyping(Event):
    """The customer is writing; `text` is what, as far as it may be shown to agents."""

    name = "customer.typing"
    conversation_id: str
    typing: bool
    text: str = ""


@event
class AgentTypingToCustomer(Event):
    """Somebody of the team is writing a reply (never told of notes)."""

    name = "agent.typing_to_customer"
    conversation_id: str
    public_name: str
    typing: bool


@event
class SessionsMoved(Event):
    """A conversation was merged into another one: its customer's screens show that from now on."""

    name = "sessions.moved"
    conversation_id: str
    into_id: str
