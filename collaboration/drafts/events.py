from helpdesk.core.events import Event, event


@event
class DraftKept(Event):
    """An agent began, emptied or sent a private draft: their own screens show it in the list."""

    name = "draft.kept"
    agent_id: int
    conversation_id: str
    begun: bool


@event
class DraftGrew(Event):
    """Logs of shared drafts go on, up to a number at least: (conversation, kind, number) each."""

    name = "draft.grew"
    heads: list[tuple[str, str, int]]


@event
class DraftBegun(Event):
    """There is a text in a shared draft now, or none any more."""

    name = "draft.begun"
    conversation_id: str
    kind: str
    begun: bool


@event
class DraftLong(Event):
    """A shared draft's log is long enough to be folded into its snapshot."""

    name = "draft.long"
    draft_id: int


@event
class DraftPointers(Event):
    """Carets and names on a shared draft, of one process's clients: an awareness frame in base64.

    Nothing of it is stored; clients repeat it, and forget what is not repeated.
    """

    name = "draft.pointers"
    process: str
    conversation_id: str
    kind: str
    frame: str
