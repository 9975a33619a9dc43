"""What agents do with their notices. Reading one changes nothing others see: no audit record."""

import uuid
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models.functions import Now

from collaboration.notices.events import NoticesChanged
from collaboration.notices.models import Notice, NoticeQuerySet, NoticeSettings
from collaboration.notices.preferences import settings_of
from helpdesk.core import events
from permissions.accounts.models import Agent
from permissions.acts.command import command


def read_notice(*, agent: Agent, notice_id: int) -> None:
    """It was looked at. One that is not theirs, or is gone, changes nothing."""
    _read(agent.pk, Notice.objects.filter(pk=notice_id))


def read_all(*, agent: Agent, upto: int) -> None:
    """All were looked at, up to the newest that was shown; what came later stays."""
    _read(agent.pk, Notice.objects.filter(pk__lte=upto))


def read_conversation(*, agent_id: int, conversation: uuid.UUID) -> None:
    """Whoever opens a conversation has read what was told of it."""
    _read(agent_id, Notice.objects.filter(conversation=conversation))


def _read(agent_id: int, which: NoticeQuerySet) -> None:
    with transaction.atomic(durable=True):
        if which.filter(agent=agent_id).unread().update(read_at=Now()):
            transaction.on_commit(lambda: events.publish(NoticesChanged((agent_id,))))


def change_settings(
    *,
    agent: Agent,
    channels: Mapping[str, Sequence[str]],
    quiet_viewing: bool,
    quiet_busy: bool,
) -> NoticeSettings:
    """Choose how to be told of what."""
    with command("agent.change_notice_settings", actor=agent, on=agent) as step:
        before = settings_of(agent)
        after = NoticeSettings(
            agent=agent,
            channels={kind: list(chosen) for kind, chosen in channels.items()},
            quiet_viewing=quiet_viewing,
            quiet_busy=quiet_busy,
        )
        facts = ("channels", "quiet_viewing", "quiet_busy")
        step.note(
            before={name: getattr(before, name) for name in facts},
            after={name: getattr(after, name) for name in facts},
        )
        NoticeSettings.objects.bulk_create(
            [after], update_conflicts=True, unique_fields=["agent"], update_fields=facts
        )
        return after
