"""What is told of agents. Ids only."""

from helpdesk.core.events import Event, event


@event
class StatusChosen(Event):
    """An agent chose another status: colleagues' screens look."""

    name = "agent.status_chosen"
    agent_id: int
