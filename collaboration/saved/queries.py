"""The saved views an agent has before them."""

from collaboration.saved.models import SavedView
from conversations.threads.listing import Listing
from helpdesk.core.refusals import Invalid
from permissions.accounts.models import Agent

SHOWN = 60  # own and shared


def saved_views(reader: Agent) -> list[SavedView]:
    """Their own first, then those shared with them."""
    found = list(SavedView.objects.visible_to(reader).select_related("team").order_by("name", "pk"))
    return sorted(found, key=lambda view: view.owner_id != reader.pk)[:SHOWN]


def listings(views: list[SavedView]) -> dict[str, Listing]:
    """What they show, by id. One that is not understood any more is left out."""
    found = {}
    for view in views:
        try:
            found[str(view.pk)] = view.listing
        except Invalid:
            continue
    return found
