"""What came or went on open conversations and nobody told these screens of."""

import time
from collections.abc import Callable, Hashable, Mapping

from collaboration.workspace.screens import screens
from helpdesk.core.live import hub
from helpdesk.core.live.threads import in_thread

LOOK = 6.0  # seconds between two looks

Found = Mapping[str, frozenset[Hashable]]  # conversation → ids of what it has


class Missed:
    """Looks every few seconds, and tells of conversations that do not have what they had.

    One that was just opened is compared with an empty one: its screen may have been drawn a moment
    before it listened.
    """

    def __init__(self, read: Callable[[set[str]], Found], tell: Callable[[str], None]) -> None:
        self._read, self._tell = read, tell
        self._found: Found = {}
        self._looked_at = 0.0
        hub.on_tick(self.look)

    async def look(self) -> None:
        watched = {pk for screen in screens for pk in screen.watched}
        if time.monotonic() - self._looked_at < LOOK or not watched:
            return
        self._looked_at = time.monotonic()
        before, self._found = self._found, await in_thread(self._read, watched)
        for conversation_id in watched:
            if before.get(conversation_id) != self._found.get(conversation_id):
                self._tell(conversation_id)
