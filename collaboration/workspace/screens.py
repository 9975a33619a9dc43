"""The agents' open screens in this process."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Set
from typing import Protocol

from django.db import DatabaseError

from collaboration.workspace.seats import Seat
from helpdesk.core.frames import Frame
from helpdesk.core.live.sockets import dump

logger = logging.getLogger(__name__)


class Screen(Protocol):
    seat: Seat | None
    language: str
    watched: Mapping[str, object]  # the conversations it has open
    rows: Set[str]  # … and those of its list

    def push(self, frame: Frame | str) -> None: ...
    def tell(self, **frame: object) -> None: ...
    def lose(self, conversation_id: str) -> None: ...


screens: set[Screen] = set()
_running: set[asyncio.Task[None]] = set()


def tell_watchers(conversation_id: str, **frame: object) -> None:
    """Tell all screens here that have a conversation open."""
    text = Frame(dump({"conversation": conversation_id, **frame}))
    for screen in list(screens):
        if conversation_id in screen.watched:
            screen.push(text)


def spawn(work: Awaitable[None]) -> None:
    """Do it beside whatever runs. It is kept until its end: a loop only remembers tasks weakly."""
    task = asyncio.get_running_loop().create_task(_watched(work))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _watched(work: Awaitable[None]) -> None:
    name = getattr(work, "__qualname__", repr(work))
    try:
        await work
    except DatabaseError as error:  # away for a moment; the next tick looks again
        logger.warning("%s waits: %s", name, error)
    except Exception:
        logger.exception("%s failed", name)
