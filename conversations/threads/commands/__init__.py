"""Everything that changes a conversation. One function, one act, one transaction."""

from conversations.threads.commands.exporting import allow_export, export
from conversations.threads.commands.labels import add_tag, remove_tag, set_issue_type, set_tags
from conversations.threads.commands.messages import edit_reply, post_note, post_reply, recall
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
    "add_tag",
    "allow_export",
    "assign",
    "block",
    "claim",
    "edit_reply",
    "export",
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
    "remove_tag",
    "reopen",
    "resolve",
    "set_issue_type",
    "set_tags",
    "snooze",
    "take_over",
    "transfer",
    "unblock",
    "wake_due",
]
