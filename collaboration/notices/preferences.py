"""How an agent wants to be told of a kind of notice, and what counts when they said nothing."""

from collaboration.notices.models import NoticeKind, NoticeSettings
from permissions.accounts.models import Agent

CHANNELS = ("app", "sound", "browser")
EVERY = frozenset(CHANNELS)
# Sound is for what is meant for this agent in person; a queue may be loud by choice only.
DEFAULTS = {kind: EVERY - {"sound"} for kind in NoticeKind} | {
    NoticeKind.MENTIONED: EVERY,
    NoticeKind.APPROVAL: EVERY,
    NoticeKind.ANSWERED: EVERY,
    NoticeKind.UNASSIGNED: frozenset({"app"}),
}


def settings_of(agent: Agent) -> NoticeSettings:
    """The agent's settings; unsaved ones say what counts without any."""
    return NoticeSettings.objects.filter(agent=agent).first() or NoticeSettings(agent=agent)


def channels_of(settings: NoticeSettings, kind: str) -> frozenset[str]:
    """How to tell of a kind; empty: not at all."""
    chosen = settings.channels.get(kind)
    return DEFAULTS[NoticeKind(kind)] if chosen is None else EVERY & set(chosen)
