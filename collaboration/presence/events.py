"""Who has a conversation open, told between processes. Ids only; gone after seconds of silence."""

from helpdesk.core.events import Event, event


@event
class PresenceChanged(Event):
    """One screen of an agent turned to a conversation, began to write, or left ("gone")."""

    name = "presence.changed"
    process: str
    screen: str
    agent_id: int
    conversation_id: str
    state: str


@event
class PresenceRoster(Event):
    """All screens of one process, told every few seconds: [screen, agent, conversation, state]."""

    name = "presence.roster"
    process: str
    screens: list[list[object]]
