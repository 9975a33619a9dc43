"""The tables of this app, feature by feature."""

from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox, InboxAgentRight, InboxGroupRight
from conversations.intake.models import CustomerSession, Rating
from conversations.threads.models import (
    Conversation,
    Entry,
    File,
    Participant,
    ReadMark,
)

__all__ = [
    "Conversation",
    "Customer",
    "CustomerSession",
    "Entry",
    "File",
    "Inbox",
    "InboxAgentRight",
    "InboxGroupRight",
    "Participant",
    "Rating",
    "ReadMark",
]
