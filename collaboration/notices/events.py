from helpdesk.core.events import Event, event


@event
class NoticesChanged(Event):
    """These agents have other notices than before: new ones, or some were read."""

    name = "notices.changed"
    agent_ids: tuple[int, ...]
