from collaboration.drafts.events import DraftKept
from collaboration.workspace.screens import screens
from helpdesk.core.live import hub


@hub.hears(DraftKept)
def show_pencil(event: DraftKept) -> None:
    """A draft begun on one device is marked in the list on all of its author's."""
    for screen in list(screens):
        if screen.seat and screen.seat.agent_id == event.agent_id:
            screen.tell(type="draft", conversation=event.conversation_id, begun=event.begun)
