"""What happened, told after commit.

An event is a typed fact that holds ids only: whoever hears it reads what it may see. `publish`
tells the reactions of this process (a lower app's news for an upper one) and every process's hub.
A committed fact outlives a failed announcement, so nothing here raises.
"""

import dataclasses
import logging
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, dataclass_transform

logger = logging.getLogger(__name__)


class Event:
    """Base of all events; subclasses are frozen dataclasses of ids with a `name`."""

    name: ClassVar[str]


E = TypeVar("E", bound=Event)
_vocabulary: dict[str, type[Event]] = {}
_reactions: dict[type[Event], list[Callable[[Any], None]]] = {}


@dataclass_transform(frozen_default=True)
def event(cls: type[E]) -> type[E]:
    """Makes a class an event and adds it to the vocabulary of the wire."""
    cls = dataclasses.dataclass(frozen=True, slots=True)(cls)
    if cls.name in _vocabulary:
        raise TypeError(f"two events are named {cls.name}")
    _vocabulary[cls.name] = cls
    return cls


def reacts_to(kind: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Registers a reaction: called once, in the process that committed, after the commit."""

    def register(function: Callable[[E], None]) -> Callable[[E], None]:
        _reactions.setdefault(kind, []).append(function)
        return function

    return register


def publish(item: Event) -> None:
    """Announce a committed fact. Failures are logged and swallowed: readers catch up by number."""
    from helpdesk.core.live import hub

    for deliver in (*_reactions.get(type(item), ()), hub.announce):
        try:
            deliver(item)
        except Exception:
            logger.exception("%s failed on %s", deliver.__qualname__, item)


def to_wire(item: Event) -> dict[str, Any]:
    return {"event": item.name} | {
        field.name: getattr(item, field.name)
        for field in dataclasses.fields(item)  # type: ignore[arg-type]
    }


def from_wire(wire: dict[str, Any]) -> Event | None:
    """The event behind a message of the hub; None for one this release does not know."""
    kind = _vocabulary.get(wire.pop("event", ""))
    if kind is None:
        return None
    try:
        return kind(**wire)
    except TypeError:  # another release's shape of it
        return None
