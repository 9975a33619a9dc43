"""The tables of this app, feature by feature."""

from conversations.collisions.models import Collision
from conversations.customers.models import Customer, CustomerField, CustomerValue, ValueChange
from conversations.grants.models import Grant
from conversations.inboxes.models import Inbox, InboxAgentRight, InboxGroupRight
from conversations.intake.models import CustomerSession, Rating
from conversations.reveals.models import Reveal
from conversations.threads.models import (
    Conversation,
    Entry,
    EntryEdit,
    ExportPass,
    File,
    Participant,
    ReadMark,
)

__all__ = [
    "Collision",
    "Conversation",
    "Customer",
    "CustomerField",
    "CustomerSession",
    "CustomerValue",
    "Entry",
    "EntryEdit",
    "ExportPass",
    "File",
    "Grant",
    "Inbox",
    "InboxAgentRight",
    "InboxGroupRight",
    "Participant",
    "Rating",
    "ReadMark",
    "Reveal",
    "ValueChange",
]
