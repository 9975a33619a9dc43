"""What is told of conversations. Ids only."""

from helpdesk.core.events import Event, event


@event
class EntryAdded(Event):
    """A conversation grew: its last number is now at least `seq`."""

    name = "entry.added"
    conversation_id: str
    inbox_id: int
    seq: int


@event
class ReadMarkMoved(Event):
    """An agent read further, on one of their screens."""

    name = "read_mark.moved"
    conversation_id: str
    agent_id: int
    messages: int
