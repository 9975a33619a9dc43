from helpdesk.core.events import Event, event


@event
class SuggestionMoved(Event):
    """A suggestion was made, used, declined or withdrawn."""

    name = "suggestion.moved"
    conversation_id: str  # on whose screen that was done
    suggestion_id: int
    author_id: int | None
