"""What is told of the audit records. Ids only."""

from helpdesk.core.events import Event, event


@event
class CheckAsked(Event):
    """Somebody wants all records verified."""

    name = "audit.check_asked"
    check_id: int
