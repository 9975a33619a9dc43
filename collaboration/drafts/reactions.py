from collaboration.drafts.events import DraftLong
from collaboration.drafts.tasks import fold_draft
from helpdesk.core.events import reacts_to


@reacts_to(DraftLong)
def ring(event: DraftLong) -> None:
    """If nobody hears it, the sweep finds the draft."""
    fold_draft.apply_async([event.draft_id], retry=False)
