from typing import ClassVar

from helpdesk.core.events import Event, event


@event
class PolicyChanged(Event):
    """An administrator changed the rules of this name."""

    name: ClassVar[str] = "policy.changed"
    subject: str
