"""What is told of inboxes. Ids only."""

from helpdesk.core.events import Event, event


@event
class InboxChanged(Event):
    """Somebody changed how an inbox looks or what its rules are."""

    name = "inbox.changed"
    inbox_id: int
