from helpdesk.core.events import Event, event


@event
class DraftKept(Event):
    """An agent began, emptied or sent a private draft: their own screens show it in the list."""

    name = "draft.kept"
    agent_id: int
    conversation_id: str
    begun: bool
