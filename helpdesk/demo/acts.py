"""The words a scene is written in: who does what, and how many minutes after the act before."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True)
class Act:
    """One thing somebody does. `who` is '' for the customer, else an agent's username."""

    kind: str  # message, reply, note, or what commands.py calls the act
    who: str
    after: float  # minutes
    body: str = ""
    files: tuple[str, ...] = ()
    to: str = ""
    hours: float = 0


def says(body: str, *, after: float = 1, files: tuple[str, ...] = ()) -> Act:
    return Act("message", "", after, body, files)


def reply(who: str, body: str, *, after: float = 2, files: tuple[str, ...] = ()) -> Act:
    return Act("reply", who, after, body, files)


def note(who: str, body: str, *, after: float = 1) -> Act:
    return Act("note", who, after, body)


def claim(who: str, *, after: float = 1) -> Act:
    return Act("claim", who, after)


def join(who: str, *, after: float = 1) -> Act:
    return Act("join", who, after)


def leave(who: str, *, after: float = 1) -> Act:
    return Act("leave", who, after)


def assign(who: str, to: str, *, after: float = 1) -> Act:
    return Act("assign", who, after, to=to)


def resolve(who: str, *, after: float = 1) -> Act:
    return Act("resolve", who, after)


def reopen(who: str, *, after: float = 1) -> Act:
    return Act("reopen", who, after)


def tag(who: str, label: str, *, after: float = 1) -> Act:
    return Act("tag", who, after, label)


def classify(who: str, label: str, *, after: float = 1) -> Act:
    return Act("classify", who, after, label)


def hurry(who: str, *, after: float = 1) -> Act:
    """Mark it as urgent."""
    return Act("hurry", who, after)


def snooze(who: str, *, hours: float, after: float = 1) -> Act:
    """Set aside for so many hours from the moment the demo is made."""
    return Act("snooze", who, after, hours=hours)


@dataclass(frozen=True)
class Scene:
    """A conversation. `ago` is when it began; it must be over before now."""

    key: str  # stays for ever: by it a later run knows what is there
    customer: str
    language: str
    ago: timedelta
    acts: tuple[Act, ...]
    inbox: str = "demo"
    page: str = "/"
    unread: bool = False  # nobody has read what the customer wrote last
    address: str = field(default="203.0.113.7")  # of a block reserved for documentation
