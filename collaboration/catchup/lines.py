"""What was missed, in words: one line per theme, each leading to the entry with which it began."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from collaboration.catchup.missed import Happened, Missed, Said
from conversations.threads.models import Conversation
from permissions.approvals.models import State

ASSIGNMENT = ("claimed", "assigned", "took_over", "transferred", "unassigned")
STATUS = ("resolved", "reopened", "snoozed", "woke", "spam", "not_spam")
TAGS = ("tagged", "untagged", "retagged")
TYPE = ("classified", "unclassified")
PRIORITY = ("prioritised",)
MODE = ("mode",)
LABELS = (*TAGS, *TYPE, *PRIORITY)
PEOPLE = ("joined", "invited", "left")
RECALLED = ("recalled",)
RATED = ("rated",)
INTRODUCED = ("introduced",)
BLOCKED = ("blocked", "unblocked")
ICONS = {
    ASSIGNMENT: "assign",
    STATUS: "history",
    TAGS: "tag",
    TYPE: "pencil",
    PRIORITY: "flag",
    MODE: "talk",
    PEOPLE: "people",
    RECALLED: "reopen",
    RATED: "star",
    INTRODUCED: "user",
    BLOCKED: "block",
}
STEPS = {
    "resolved": pgettext_lazy("a conversation was", "resolved"),
    "reopened": pgettext_lazy("a conversation was", "reopened"),
    "snoozed": pgettext_lazy("a conversation was", "set aside"),
    "woke": pgettext_lazy("a conversation was", "taken up again"),
    "spam": pgettext_lazy("a conversation was", "spam"),
    "not_spam": pgettext_lazy("a conversation was", "no spam"),
}
MOST_STEPS = 4
NAMED = 3  # of several people


@dataclass(frozen=True, slots=True)
class Line:
    icon: str
    text: str
    seq: int = 0  # where it began; 0 for what is not on the timeline
    waits_since: datetime | None = None


def lines_of(missed: Missed, conversation: Conversation) -> list[Line]:
    """Every line of a summary; together they account for everything that was missed."""
    lines = [*_said(missed), *_unanswered(missed, conversation)]
    left = list(missed.events)
    for types in (ASSIGNMENT, STATUS, TAGS, TYPE, PRIORITY, MODE, PEOPLE):
        lines += _theme(types, left)
    lines += _approvals(left)
    for types in (RECALLED, RATED, INTRODUCED, BLOCKED):
        lines += _theme(types, left)
    return [*lines, *_others(left), *_fields(missed)]


# --- what was said -------------------------------------------------------------------------


def _said(missed: Missed) -> Iterable[Line]:
    messages, replies, notes = (
        [one for one in missed.said if one.kind == kind] for kind in ("message", "reply", "note")
    )
    if messages:
        text = ngettext(
            "%(count)s message from the customer",
            "%(count)s messages from the customer",
            _n(messages),
        )
        yield Line("talk", text % {"count": _n(messages)}, messages[0].first)
    if replies:
        text = ngettext(
            "%(count)s reply by %(names)s", "%(count)s replies by %(names)s", _n(replies)
        )
        yield Line("reply", text % {"count": _n(replies), "names": _who(replies)}, replies[0].first)
    if notes:
        text = ngettext("%(count)s note by %(names)s", "%(count)s notes by %(names)s", _n(notes))
        yield Line("lock", text % {"count": _n(notes), "names": _who(notes)}, notes[0].first)
    if missed.mentions:
        text = ngettext(
            "%(count)s note mentions you", "%(count)s notes mention you", missed.mentions
        )
        yield Line("at", text % {"count": missed.mentions}, missed.first_mention)


def _n(said: Iterable[Said]) -> int:
    return sum(one.count for one in said)


def _who(said: Iterable[Said]) -> str:
    return _names([one.who for one in said])


def _names(names: Iterable[str]) -> str:
    """Ming · Ming and Li · Ming, Li and 3 others."""
    each = list(dict.fromkeys(names))
    if len(each) == 1:
        return each[0]
    if len(each) <= NAMED:
        return _("%(names)s and %(last)s") % {"names": _(", ").join(each[:-1]), "last": each[-1]}
    first, more = each[: NAMED - 1], len(each) - NAMED + 1
    text = ngettext("%(names)s and %(count)s other", "%(names)s and %(count)s others", more)
    return text % {"names": _(", ").join(first), "count": more}


def _unanswered(missed: Missed, conversation: Conversation) -> Iterable[Line]:
    if missed.unanswered and conversation.waiting_since:
        since = conversation.waiting_since
        yield Line("clock", _("Waiting for an answer"), missed.unanswered, since)


# --- what was done -------------------------------------------------------------------------


def _theme(types: tuple[str, ...], left: list[Happened]) -> Iterable[Line]:
    """One line for events of these types, which it takes from those that are left."""
    events = _take(types, left)
    if not events:
        return
    if len(events) == 1 or types not in IN_SHORT:
        text = events[-1].sentence  # of several the last says how it stands
    else:
        text = IN_SHORT[types](events)
    yield Line(ICONS[types], text, events[0].seq)


def _take(types: Collection[str], left: list[Happened]) -> list[Happened]:
    taken = [one for one in left if one.type in types]
    left[:] = [one for one in left if one.type not in types]
    return taken


def _assignment(events: list[Happened]) -> str:
    was, to = _owner_before(events[0]), _owner_after(events[-1])
    if not to:
        return _("Returned to the queue")
    if was == to:
        return _("Passed on, and back to %(to)s") % {"to": to}
    if was:
        return _("Assigned from %(was)s to %(to)s") % {"was": was, "to": to}
    return _("Assigned to %(to)s") % {"to": to}


def _owner_before(event: Happened) -> str:
    was = event.event.get("was")
    return str(was["name"]) if was else ""


def _owner_after(event: Happened) -> str:
    if event.type in ("claimed", "took_over"):
        return event.who
    to = event.event.get("to")
    return str(to["name"]) if to else ""


def _status(events: list[Happened]) -> str:
    steps = [str(STEPS[one.type]) for one in events]
    if len(steps) <= MOST_STEPS:
        return _("Status: %(steps)s") % {"steps": " → ".join(steps)}
    text = ngettext(
        "Status changed %(count)s time, at last: %(step)s",
        "Status changed %(count)s times, at last: %(step)s",
        len(steps),
    )
    return text % {"count": len(steps), "step": steps[-1]}


def _tags(events: list[Happened]) -> str:
    """What all the changes of tags come to."""
    first: dict[str, bool] = {}
    last: dict[str, bool] = {}
    for one in events:
        for key, there in (("removed", False), ("added", True)):
            for tag in one.event.get(key) or ():
                first.setdefault(tag, there)
                last[tag] = there
    added, removed = (
        _(", ").join(tag for tag in last if last[tag] is there and first[tag] is there)
        for there in (True, False)
    )
    if added and removed:
        return _("Tags: %(added)s instead of %(removed)s") % {"added": added, "removed": removed}
    if added:
        return _("Tags added: %(added)s") % {"added": added}
    if removed:
        return _("Tags taken off: %(removed)s") % {"removed": removed}
    return _("Tags changed, and changed back")


def _people(events: list[Happened]) -> str:
    """Who came and stayed, who went."""
    there: dict[str, bool] = {}
    for one in events:
        who = one.event["to"]["name"] if one.type == "invited" else one.who
        there[who] = one.type != "left"
    came = [who for who, stayed in there.items() if stayed]
    went = [who for who, stayed in there.items() if not stayed]
    if came and went:
        names = {"came": _names(came), "went": _names(went)}
        return _("%(came)s joined, %(went)s left") % names
    if came:
        return _("%(names)s joined") % {"names": _names(came)}
    return _("%(names)s left") % {"names": _names(went)}


def _recalled(events: list[Happened]) -> str:
    text = ngettext("%(count)s message recalled", "%(count)s messages recalled", len(events))
    return text % {"count": len(events)}


IN_SHORT = {
    ASSIGNMENT: _assignment,
    STATUS: _status,
    TAGS: _tags,
    PEOPLE: _people,
    RECALLED: _recalled,
}


def _approvals(left: list[Happened]) -> Iterable[Line]:
    """How each request stands in the end."""
    events = _take([f"approval_{state}" for state in State.values], left)
    if not events:
        return
    if len(events) == 1:
        yield Line("checks", events[0].sentence, events[0].seq)
        return
    stand = {one.event["approval"]: one.type.removeprefix("approval_") for one in events}
    states = [
        _("%(state)s: %(count)s") % {"state": State(state).label, "count": count}
        for state, count in Counter(stand.values()).items()
    ]
    text = _("Approvals – %(states)s") % {"states": _(", ").join(states)}
    yield Line("checks", text, events[0].seq)


def _others(left: list[Happened]) -> Iterable[Line]:
    if len(left) == 1:
        yield Line("bolt", left[0].sentence, left[0].seq)
    elif left:
        text = ngettext("%(count)s other event", "%(count)s other events", len(left))
        yield Line("bolt", text % {"count": len(left)}, left[0].seq)


def _fields(missed: Missed) -> Iterable[Line]:
    for who, fields in missed.fields.items():
        names = {"who": who, "fields": _(", ").join(fields)}
        yield Line("pencil", _("%(who)s changed the customer's details: %(fields)s") % names)
