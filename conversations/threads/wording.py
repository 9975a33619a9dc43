"""Events in words: one sentence per type, with the names as they were."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.threads.models import Entry

SENTENCES: dict[str, str | Promise] = {
    "joined": gettext_lazy("%(who)s joined the conversation"),
    "left": gettext_lazy("%(who)s left the conversation"),
    "claimed": gettext_lazy("%(who)s took the conversation"),
    "assigned": gettext_lazy("%(who)s assigned the conversation to %(to)s"),
    "unassigned": gettext_lazy("%(who)s returned the conversation to the queue"),
    "resolved": gettext_lazy("%(who)s resolved the conversation"),
    "reopened": gettext_lazy("%(who)s reopened the conversation"),
    "snoozed": gettext_lazy("%(who)s set the conversation aside"),
    "woke": gettext_lazy("The time is up: the conversation is open again"),
    "action": gettext_lazy("%(who)s did: %(name)s"),
}
PUBLIC_SENTENCES: dict[str, str | Promise] = {
    "resolved": gettext_lazy("This conversation has ended. Write again any time."),
}


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
    sentence = SENTENCES.get(entry.event.get("type", ""))
    if sentence is None:
        return _("Something changed")
    facts: dict[str, Any] = {
        "who": author_name(entry),
        "name": entry.event.get("name", ""),
    }
    to = entry.event.get("to")
    facts["to"] = to["name"] if isinstance(to, dict) else ""
    return str(sentence) % facts


def public_event_sentence(entry: Entry) -> str:
    """What happened, to the customer; '' for what is none of their business."""
    return str(PUBLIC_SENTENCES.get(entry.event.get("type", ""), ""))
