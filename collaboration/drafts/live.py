from collections.abc import Iterable, Set

from collaboration.drafts.events import DraftBegun, DraftKept
from collaboration.drafts.files import waiting_among
from collaboration.drafts.models import SharedDraft
from collaboration.drafts.queries import begun_among
from collaboration.workspace.missed import Missed
from collaboration.workspace.screens import Screen, screens, spawn, tell_watchers
from conversations.threads.events import DraftedFilesChanged
from helpdesk.core.live import hub
from helpdesk.core.live.threads import in_thread


@hub.hears(DraftKept)
def show_pencil(event: DraftKept) -> None:
    """A draft begun on one device is marked in the list on all of its author's."""
    for screen in list(screens):
        if screen.seat and screen.seat.agent_id == event.agent_id:
            screen.tell(type="draft", conversation=event.conversation_id, begun=event.begun)


@hub.hears(DraftBegun)
def show_shared_pencil(event: DraftBegun) -> None:
    """A pencil on the rows of who lists the conversation, and on the other mode's name."""
    pk = event.conversation_id
    concerned = [screen for screen in screens if pk in screen.rows or pk in screen.watched]
    if concerned:
        spawn(show_begun(concerned, {pk}))


async def show_begun(concerned: Iterable[Screen], conversation_ids: Set[str]) -> None:
    """Tell screens what has been begun on conversations they may see."""
    found = await in_thread(begun_among, conversation_ids)
    by: dict[str, dict[str, str]] = {pk: {} for pk in conversation_ids}
    for one in found:
        # That a note is written, all may know; that it is in confidence is said when it is there.
        kind = "reply" if one.kind == SharedDraft.Kind.REPLY else "note"
        by[one.conversation_id].setdefault(kind, one.by)
    for screen in concerned:
        for pk, begun in by.items():
            screen.tell(type="drafting", conversation=pk, begun=begun)


@hub.hears(DraftedFilesChanged)
def show_files(event: DraftedFilesChanged) -> None:
    """Whoever has the conversation open asks what there is now."""
    _tell_files(event.conversation_id)


def _tell_files(conversation_id: str) -> None:
    tell_watchers(conversation_id, type="drafted")


missed = Missed(waiting_among, _tell_files)
