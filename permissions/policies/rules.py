"""Rules as typed values: each subject is a frozen dataclass whose defaults hold until changed.

    @rules("collaboration", Duty.SETTINGS)
    @dataclass(frozen=True)
    class Collaboration:
        enabled: bool = True

Fields are plain JSON values. A stored value that does not fit any more (an older release's) gives
way to the default.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from helpdesk.core import rows
from permissions.acts.vocabulary import Duty
from permissions.policies.models import Policy

R = TypeVar("R")
_subjects: dict[type, tuple[str, Duty]] = {}
_known: ContextVar[dict[type, Any] | None] = ContextVar("known", default=None)


def rules(name: str, duty: Duty) -> Callable[[type[R]], type[R]]:
    """Declares a dataclass as the rules named `name`, which those with the duty may change."""

    def register(kind: type[R]) -> type[R]:
        if any(name == known for known, _duty in _subjects.values()):
            raise TypeError(f"two kinds of rules are named {name}")
        _subjects[kind] = name, duty
        return kind

    return register


def name_of(kind: type) -> str:
    return _subjects[kind][0]


def duty_of(kind: type) -> Duty:
    return _subjects[kind][1]


def stored(kind: type) -> Policy:
    """The row of these rules, with version 0 while nobody has changed them."""
    name = name_of(kind)
    return rows.first(Policy, "name = %s", [name]) or Policy(name=name)


def current(kind: type[R]) -> R:
    """The rules as they are now: one short statement, so that no process believes old ones."""
    known = _known.get()
    if known is None:
        return read(kind, stored(kind).value)
    if kind not in known:
        known[kind] = read(kind, stored(kind).value)
    found: R = known[kind]
    return found


@contextmanager
def read_once() -> Iterator[None]:
    """Inside, each kind of rules is asked for once."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def read(kind: type[R], value: dict[str, Any]) -> R:
    """The rules a stored value stands for."""
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    fitting = {
        key: tuple(part) if isinstance(part, list) else part
        for key, part in value.items()
        if key in known
    }
    try:
        return kind(**fitting)
    except (TypeError, ValueError):
        return kind()
