"""Events in words: one sentence per type, with the names as they were."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.modes.floor import Mode
from conversations.threads.models import Entry, Priority
from permissions.approvals.registry import operation

SENTENCES: dict[str, str | Promise] = {
    "joined": gettext_lazy("%(who)s joined the conversation"),
    "left": gettext_lazy("%(who)s left the conversation"),
    "claimed": gettext_lazy("%(who)s took the conversation"),
    "assigned": gettext_lazy("%(who)s assigned the conversation to %(to)s"),
    "unassigned": gettext_lazy("%(who)s returned the conversation to the queue"),
    "resolved": gettext_lazy("%(who)s resolved the conversation"),
    "reopened": gettext_lazy("%(who)s reopened the conversation"),
    "snoozed": gettext_lazy("%(who)s set the conversation aside"),
    "invited": gettext_lazy("%(who)s invited %(to)s"),
    "took_over": gettext_lazy("%(who)s took over from %(was)s"),
    "transferred": gettext_lazy("%(who)s handed the conversation to %(to)s"),
    "mode": gettext_lazy("%(who)s switched the mode: %(mode)s"),
    "prioritised": gettext_lazy("%(who)s set the priority to %(priority)s"),
    "tagged": gettext_lazy("%(who)s tagged the conversation: %(added)s"),
    "untagged": gettext_lazy("%(who)s took off tags: %(removed)s"),
    "retagged": gettext_lazy("%(who)s tagged it %(added)s instead of %(removed)s"),
    "classified": gettext_lazy("%(who)s set the issue type to %(issue_type)s"),
    "unclassified": gettext_lazy("%(who)s removed the issue type %(old)s"),
    "spam": gettext_lazy("%(who)s marked the conversation as spam"),
    "not_spam": gettext_lazy("%(who)s found that this is no spam"),
    "blocked": gettext_lazy("%(who)s blocked the customer"),
    "unblocked": gettext_lazy("%(who)s let the customer write again"),
    "merged_into": gettext_lazy("%(who)s merged this conversation into another one"),
    "merged_from": gettext_lazy("%(who)s merged another conversation into this one"),
    "introduced": gettext_lazy("%(who)s said how to reach them"),
    "rated": gettext_lazy("%(who)s rated the conversation: %(score)s of 5"),
    "rated_saying": gettext_lazy("%(who)s rated the conversation: %(score)s of 5 – “%(comment)s”"),
    "woke": gettext_lazy("The time is up: the conversation is open again"),
    "recalled": gettext_lazy("%(who)s recalled a message"),
    "edited": gettext_lazy("%(who)s edited a message"),
    "approval_waiting": gettext_lazy("%(who)s asked for an approval: %(operation)s"),
    "approval_done": gettext_lazy("%(who)s approved: %(operation)s"),
    "approval_rejected": gettext_lazy("%(who)s rejected: %(operation)s"),
    "approval_withdrawn": gettext_lazy("%(who)s withdrew a request: %(operation)s"),
    "approval_expired": gettext_lazy("Nobody decided in time: %(operation)s"),
    "approval_void": gettext_lazy("A request became void: %(operation)s"),
    "approval_failed": gettext_lazy("Approved, but it could not be done: %(operation)s"),
    "action": gettext_lazy("%(who)s did: %(name)s"),
}
PUBLIC_SENTENCES: dict[str, str | Promise] = {
    "resolved": gettext_lazy("This conversation has ended. Write again any time."),
    "rated": gettext_lazy("Thank you for your rating."),
}
PRIORITIES = {priority.key: priority.label for priority in Priority}
MODES = {mode.value: mode.label for mode in Mode}


def author_name(entry: Entry) -> str:
    """The author's name, or a word for who it was."""
    if entry.author_name:
        return entry.author_name
    if entry.author_kind == "customer":
        return _("The customer")
    if entry.author_kind == "system":
        return _("Tandem")
    return _("A colleague")


def event_sentence(entry: Entry) -> str:
    """What happened, to colleagues."""
    kind = entry.event.get("type", "")
    sentence = SENTENCES.get("rated_saying" if entry.event.get("comment") else kind)
    if sentence is None:
        return _("Something changed")
    facts: dict[str, Any] = {
        "who": author_name(entry),
        "name": entry.event.get("name", ""),
        "score": entry.event.get("score", ""),
        "comment": entry.event.get("comment", ""),
    }
    for role in ("to", "was"):
        person = entry.event.get(role)
        facts[role] = person["name"] if isinstance(person, dict) else ""
    asked = operation(entry.event.get("operation", ""))
    facts["operation"] = asked.label if asked else ""
    facts["mode"] = MODES.get(entry.event.get("mode", ""), "")
    facts["priority"] = PRIORITIES.get(entry.event.get("priority", ""), "")
    for words in ("added", "removed"):
        named = entry.event.get(words)
        facts[words] = _(", ").join(map(str, named)) if isinstance(named, list) else ""
    for word in ("issue_type", "old"):
        facts[word] = entry.event.get(word, "")
    return str(sentence) % facts


def public_event_sentence(entry: Entry) -> str:
    """What happened, to the customer; '' for what is none of their business."""
    return str(PUBLIC_SENTENCES.get(entry.event.get("type", ""), ""))
