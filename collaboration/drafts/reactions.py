from collaboration.drafts import moving
from collaboration.drafts.events import DraftLong
from collaboration.drafts.tasks import fold_draft
from conversations.intake.events import SessionsMoved
from helpdesk.core.events import reacts_to


@reacts_to(DraftLong)
def ring(event: DraftLong) -> None:
    """If nobody hears it, the sweep finds the draft."""
    fold_draft.apply_async([event.draft_id], retry=False)


@reacts_to(SessionsMoved)
def carry_over(event: SessionsMoved) -> None:
    """If this process dies first, the text stays with the merged conversation, to be read there."""
    moving.carry_over(event.conversation_id, event.into_id)
