"""Who may speak in a conversation, who may come in, and under which name: what holds right now.

The installation's rules say what holds where nothing else is said; an inbox may say otherwise, and
a conversation may have a mode of its own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from permissions.acts.vocabulary import Duty
from permissions.policies.rules import read, rules

MOST = 50  # participants that can be asked for


class Mode(TextChoices):
    """Whose replies go out to the customer."""

    OPEN = "open", _("Open floor")
    LEAD = "lead", _("Lead speaks")
    SOLO = "solo", _("Solo")
    INVITED = "invited", _("By invitation")
    APPROVED = "approved", _("By approval")

    @property
    def icon(self) -> str:
        return ICONS[self]

    @property
    def meaning(self) -> str:
        return str(MEANINGS[self])


class Joining(TextChoices):
    """Who may take part."""

    EVERYONE = "everyone", _("Everyone with the right to join")
    CHOSEN = "chosen", _("Chosen teams and roles")
    INVITED = "invited", _("Only who is invited")
    APPROVED = "approved", _("Whoever a supervisor lets in")


class Shown(TextChoices):
    """What customers read above a reply."""

    AGENTS = "agents", _("The name of the agent who answers")
    TEAM = "team", _("One name for the whole team")


MEANINGS = {
    Mode.OPEN: _("Everyone who takes part may answer the customer."),
    Mode.LEAD: _("Whoever is responsible answers; the others suggest replies and advise in notes."),
    Mode.SOLO: _("Whoever is responsible answers alone; the others watch."),
    Mode.INVITED: _("Everyone who was invited may answer; nobody joins by themselves."),
    Mode.APPROVED: _("Everyone who was let in may answer; joining needs an approval."),
}
ICONS = {
    Mode.OPEN: "talk",
    Mode.LEAD: "flag",
    Mode.SOLO: "user",
    Mode.INVITED: "mail",
    Mode.APPROVED: "check",
}


UNDO = (0, 5, 10, 20, 30)  # seconds to choose from


@rules("collaboration", Duty.SETTINGS)
@dataclass(frozen=True)
class Collaboration:
    """How the team works together where an inbox does not say otherwise."""

    enabled: bool = True
    mode: str = Mode.OPEN.value
    joining: str = Joining.EVERYONE.value
    groups: tuple[int, ...] = ()  # the teams' and roles' groups that may join if they are chosen
    most: int = 0  # participants of one conversation; 0: as many as like
    shown: str = Shown.AGENTS.value
    unseen_supervisors: bool = False
    undo_seconds: int = 0  # between pressing Send and sending; 0: at once

    def __post_init__(self) -> None:
        Mode(self.mode), Joining(self.joining), Shown(self.shown)
        if self.undo_seconds not in UNDO:
            raise ValueError(self.undo_seconds)
        if not isinstance(self.most, int) or not 0 <= self.most <= MOST:
            raise ValueError(self.most)


@rules("internal-messages", Duty.SETTINGS)
@dataclass(frozen=True)
class InternalMessages:
    """Whether colleagues write each other notes, and sensitive ones; rights say who may."""

    enabled: bool = True
    sensitive: bool = True


@dataclass(frozen=True, slots=True)
class Floor:
    """What holds in one conversation."""

    enabled: bool
    mode: Mode
    usual: Mode  # the inbox's mode, which a conversation may differ from
    joining: Joining
    groups: frozenset[int]
    most: int
    one_name: str  # what customers read instead of agents' names; '': their names
    unseen_supervisors: bool
    undo_seconds: int
    notes: bool  # whether new ones may be written
    sensitive_notes: bool

    @classmethod
    def read(cls, own_mode: str, columns: Sequence[Any]) -> Self:
        """From a conversation's own mode and the columns of COLUMNS."""
        mode, joining, groups, most, shown, name, value, internal = columns
        usual = read(Collaboration, json.loads(value) if value else {})
        messages = read(InternalMessages, json.loads(internal) if internal else {})
        chosen = json.loads(groups) if joining == Joining.CHOSEN else usual.groups
        return cls(
            enabled=usual.enabled,
            mode=Mode(own_mode or mode or usual.mode),
            usual=Mode(mode or usual.mode),
            joining=Joining(joining or usual.joining),
            groups=frozenset(chosen),
            most=usual.most if most is None else most,
            one_name=name if (shown or usual.shown) == Shown.TEAM else "",
            unseen_supervisors=usual.unseen_supervisors,
            undo_seconds=usual.undo_seconds,
            notes=messages.enabled,
            sensitive_notes=messages.enabled and messages.sensitive,
        )

    @property
    def is_led(self) -> bool:
        """Whether only the one responsible answers."""
        return not self.enabled or self.mode in (Mode.LEAD, Mode.SOLO)

    @property
    def asks_for_invitation(self) -> bool:
        return self.mode == Mode.INVITED or self.joining == Joining.INVITED

    @property
    def asks_for_approval(self) -> bool:
        return self.mode == Mode.APPROVED or self.joining == Joining.APPROVED

    @property
    def icon(self) -> str:
        return self.mode.icon if self.enabled else "lock"

    @property
    def name(self) -> str:
        """In plain words, beside the people."""
        return str(self.mode.label if self.enabled else _("One at a time"))

    @property
    def meaning(self) -> str:
        switched_off = _("Working together is switched off: whoever is responsible works alone.")
        return self.mode.meaning if self.enabled else str(switched_off)


# Read together with whatever else is asked of a locked conversation, so that it costs no statement.
_RULES = """(SELECT value FROM permissions_policy WHERE name = 'collaboration'),
  (SELECT value FROM permissions_policy WHERE name = 'internal-messages')"""
COLUMNS = f"""inbox.mode, inbox.joining, inbox.joining_groups, inbox.most_participants,
  inbox.shown_as, COALESCE(NULLIF(inbox.team_name, ''), inbox.name), {_RULES}"""

_FLOORS = f"SELECT inbox.id, {COLUMNS} FROM conversations_inbox inbox"  # noqa: S608 ours
_FLOOR = f"{_FLOORS} WHERE inbox.id = %s"


def floor_in(inbox_id: int, own_mode: str = "") -> Floor:
    """What holds in a conversation of this inbox: one short statement."""
    with connection.cursor() as cursor:
        cursor.execute(_FLOOR, [inbox_id])
        return Floor.read(own_mode, cursor.fetchone()[1:])


def floor_everywhere() -> Floor:
    """What holds where neither an inbox nor a conversation says otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_RULES}")
        found = cursor.fetchone()
    nothing_said = ("", "", "[]", None, "", _("the inbox's name"))
    return Floor.read("", [*nothing_said, *found])


def usual_floors() -> dict[int, Floor]:
    """What holds in each inbox, in the conversations without a mode of their own."""
    with connection.cursor() as cursor:
        cursor.execute(_FLOORS)
        return {inbox_id: Floor.read("", columns) for inbox_id, *columns in cursor.fetchall()}
