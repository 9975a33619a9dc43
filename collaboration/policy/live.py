"""What a process knows of how its inboxes' conversations are worked on together.

Screens are told when it changes; signs of life ask it, so that they need no query of their own.
"""

import logging

from django.db import DatabaseError

from collaboration.workspace.screens import screens, spawn
from conversations.inboxes.events import InboxChanged
from conversations.modes.enforcing import watches_unseen
from conversations.modes.floor import Floor, usual_floors
from conversations.threads.models import Conversation, Participant
from helpdesk.core.live import hub
from helpdesk.core.live.threads import in_thread
from permissions.accounts.models import Agent
from permissions.policies.events import PolicyChanged

logger = logging.getLogger(__name__)
_floors: dict[int, Floor] = {}  # by inbox; empty: not read yet


def name_for_customers(inbox_id: int, own: str) -> str | None:
    """Under which name somebody writes to customers here; None while that is not known."""
    floor = _floors.get(inbox_id)
    return None if floor is None else floor.one_name or own


def hides_supervisors() -> bool:
    return any(floor.unseen_supervisors for floor in _floors.values())


def is_unseen(agent_id: int, conversation_id: str) -> bool:
    """Whether this agent watches the conversation without colleagues seeing it."""
    agent = Agent.objects.filter(pk=agent_id).first()
    found = Conversation.objects.filter(pk=conversation_id).first()
    if agent is None or found is None:
        return False
    there = Participant.objects.filter(conversation=found, agent=agent, left_at=None)
    return bool(watches_unseen(found, agent, takes_part=there.exists()))


async def learn() -> None:
    """Read the floors, and tell the screens if any is another one."""
    global _floors
    found = await in_thread(usual_floors)
    if found == _floors:
        return
    known, _floors = bool(_floors), found
    if known:
        for screen in list(screens):
            screen.tell(type="floor")


async def know() -> None:
    if not _floors:
        await learn()


@hub.hears(PolicyChanged)
def hear_rules(event: PolicyChanged) -> None:
    if event.subject in ("collaboration", "internal-messages"):
        spawn(learn())


@hub.hears(InboxChanged)
def hear_inbox(event: InboxChanged) -> None:
    spawn(learn())


@hub.on_tick
async def look_for_changed_floors() -> None:
    """Whatever Redis told or did not."""
    if not screens:
        return
    try:
        await learn()
    except DatabaseError as error:  # away for a moment; the next tick looks again
        logger.warning("the floors could not be read: %s", error)
