"""Everything that changes a conversation. One function, one act, one transaction."""

from conversations.threads.commands.messages import post_note, post_reply, recall
from conversations.threads.commands.people import (
    assign,
    claim,
    invite,
    join,
    leave,
    take_over,
    transfer,
)
from conversations.threads.commands.reading import mark_read, mark_unread
from conversations.threads.commands.states import (
    prioritise,
    reopen,
    resolve,
    snooze,
    wake_due,
)
from conversations.threads.commands.unwanted import block, mark_spam, not_spam, unblock

__all__ = [
    "assign",
    "block",
    "claim",
    "invite",
    "join",
    "leave",
    "mark_read",
    "mark_spam",
    "mark_unread",
    "not_spam",
    "post_note",
    "post_reply",
    "prioritise",
    "recall",
    "reopen",
    "resolve",
    "snooze",
    "take_over",
    "transfer",
    "unblock",
    "wake_due",
]
