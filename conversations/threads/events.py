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
    """An agent read further, on one of their screens, or (`back`) marked it unread."""

    name = "read_mark.moved"
    conversation_id: str
    agent_id: int
    messages: int
    back: bool = False


@event
class TeamHasRead(Event):
    """Somebody who answers has read the customer's messages up to this public number."""

    name = "team.has_read"
    conversation_id: str
    public_seq: int


@event
class CustomerHasRead(Event):
    """The customer has read up to this public number."""

    name = "customer.has_read"
    conversation_id: str
    public_seq: int


@event
class DraftedFilesChanged(Event):
    """A file came to what colleagues write together, was removed there, or was sent."""

    name = "drafted_files.changed"
    conversation_id: str
