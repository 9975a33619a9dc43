"""Notices as an agent reads them: only of what they may see now."""

import base64
import binascii
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from collaboration.notices.models import Notice, NoticeKind, NoticeQuerySet, Why
from conversations.grants.rights import confidants
from conversations.grants.sight import readers
from conversations.threads.covering import cover_texts
from conversations.threads.models import Conversation, Entry
from helpdesk.core.refusals import Invalid, NotFound
from helpdesk.core.text import one_line
from permissions.accounts.models import Agent, AgentStatus, Team

PAGE = 30
MOST_COUNTED = 100  # "99+" is as good as any number
WITH_TEXT = (NoticeKind.MESSAGE, NoticeKind.MENTIONED, NoticeKind.UNASSIGNED)


@dataclass(frozen=True)
class Page:
    notices: list[Notice]
    next: str
    unread: int

    @property
    def newest(self) -> int:
        """The highest id that is shown."""
        return max((notice.pk for notice in self.notices), default=0)


def unread_count(reader: Agent) -> int:
    """How many the reader has not looked at, `MOST_COUNTED` at most."""
    found = Notice.objects.visible_to(reader).unread().order_by()
    return found.values("pk")[:MOST_COUNTED].count()


def unread_marks(agent_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """By agent, two numbers that change with every unread notice more or less."""
    found = Notice.objects.filter(agent__in=agent_ids).unread().order_by()
    sums = found.values("agent").annotate(messages=Sum("count"), ids=Sum("id"))
    return {one["agent"]: (one["messages"], one["ids"]) for one in sums}


def latest_unread(reader: Agent) -> list[Notice]:
    found = Notice.objects.visible_to(reader).unread()
    return with_texts(found.order_by("-at", "-id"), MOST_COUNTED)


def page(reader: Agent, *, cursor: str = "", size: int = PAGE) -> Page:
    """A page of the reader's notices, newest first, by key."""
    found = Notice.objects.visible_to(reader)
    if cursor:
        at, pk = _read_cursor(cursor)
        found = found.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    rows = with_texts(found.order_by("-at", "-id"), size + 1)
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, _cursor(rows[-1]) if more else "", unread_count(reader))


def find(reader: Agent, pk: int) -> Notice:
    """One of the reader's notices. Raises NotFound."""
    found = with_texts(Notice.objects.visible_to(reader).filter(pk=pk), 1)
    if not found:
        raise NotFound
    return found[0]


def with_texts(found: NoticeQuerySet, most: int) -> list[Notice]:
    """The first of them, with conversation, customer and the beginning of the entry's text."""
    notices = list(found.select_related("conversation__customer")[:most])
    telling = [notice for notice in notices if notice.kind in WITH_TEXT]
    if telling:
        entries = Entry.objects.filter(
            conversation__in={notice.conversation_id for notice in telling},
            seq__in={notice.entry_seq for notice in telling},
            sensitive=False,  # a list is no place for what was said in confidence
        )
        bodies = {
            (pk, seq): body for pk, seq, body in entries.values_list("conversation", "seq", "body")
        }
        texts = cover_texts(
            {
                notice.pk: bodies.get((notice.conversation_id, notice.entry_seq), "")
                for notice in telling
            }
        )
        for notice in telling:
            notice.text = one_line(texts[notice.pk])  # type: ignore[attr-defined]
    return notices


def sentence(notice: Notice) -> str:
    """What happened, in the language of the moment."""
    facts: dict[str, Any] = {
        "who": str(notice.conversation.customer),
        "by": notice.by_name or _("Tandem"),
        "count": notice.count,
    }
    to_team = notice.why == Why.TEAM
    match notice.kind:
        case NoticeKind.MESSAGE:
            text = ngettext(
                "%(who)s wrote %(count)d message", "%(who)s wrote %(count)d messages", notice.count
            )
        case NoticeKind.UNASSIGNED:
            text = _("%(who)s is waiting, and nobody is responsible")
        case NoticeKind.ASSIGNED:
            text = _("%(by)s assigned you to %(who)s")
        case NoticeKind.TRANSFERRED if to_team:
            text = _("%(by)s handed %(who)s to your team")
        case NoticeKind.TRANSFERRED:
            text = _("%(by)s handed %(who)s to you")
        case NoticeKind.INVITED:
            text = _("%(by)s invited you to the conversation with %(who)s")
        case NoticeKind.APPROVAL:
            text = _("%(by)s asks for an approval: %(who)s")
        case NoticeKind.ANSWERED:
            text = _("Your request is decided: %(who)s")
        case NoticeKind.MENTIONED if to_team:
            text = _("%(by)s mentioned your team: %(who)s")
        case NoticeKind.MENTIONED:
            text = _("%(by)s mentioned you: %(who)s")
        case _other:
            text = _("%(who)s is due again")
    return text % facts


def notice_json(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "conversation": str(notice.conversation_id),
        "url": reverse("workspace:conversation", args=[notice.conversation_id]),
        "entry": notice.entry_seq,
        "count": notice.count,
        "title": sentence(notice),
        "text": getattr(notice, "text", ""),
        "why": str(notice.get_why_display()),
        "at": notice.at.isoformat(),
        "read": notice.read_at is not None,
    }


def _cursor(notice: Notice) -> str:
    text = f"{notice.at.isoformat()}|{notice.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    try:
        raw = base64.urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor[:200]) % 4))
        at, pk = raw.decode().split("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        number = int(pk)
        if not 0 <= number < 2**63:
            raise ValueError
        return moment, number
    except (ValueError, binascii.Error):
        raise Invalid from None


# --- whom one can mention -------------------------------------------------------------------


def mentionable(
    reader: Agent, conversation: Conversation, asked: str, *, sensitive: bool = False
) -> list[dict[str, Any]]:
    """Colleagues and teams who may read a note here: first those whose name begins so, of them
    last who is offline."""
    asked = asked.strip().lower()
    reading = confidants(conversation) if sensitive else readers(conversation)
    colleagues = reading.exclude(pk=reader.pk)
    teams = Team.objects.filter(group__user__in=reading).distinct()
    if asked:
        colleagues = colleagues.filter(Q(name__icontains=asked) | Q(username__icontains=asked))
        teams = teams.filter(name__icontains=asked)
    found: list[dict[str, Any]] = [
        {
            "kind": "agent",
            "id": agent.pk,
            "name": agent.name,
            "colour": agent.colour,
            "status": agent.presence_status.value,
        }
        for agent in colleagues.with_status().order_by("name")[:50]
    ]
    found += [{"kind": "team", "id": team.pk, "name": team.name} for team in teams[:20]]
    found.sort(key=lambda one: (not one["name"].lower().startswith(asked), _is_away(one)))
    return found[:8]


def _is_away(one: dict[str, Any]) -> bool:
    return one.get("status") == AgentStatus.OFFLINE


def find_conversation(reader: Agent, pk: uuid.UUID) -> Conversation | None:
    return Conversation.objects.visible_to(reader).filter(pk=pk).first()
