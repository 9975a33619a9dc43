"""Entries become notices: once each, whoever dies in between.

A conversation's position (`Derived`) and the notices up to it are written in one transaction, so
doing it again, or twice at the same time, changes nothing. Serving processes do it as soon as they
hear of an entry; a sweep finds what nobody heard of.
"""

import logging
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from collaboration.notices.models import Derived, Notice, NoticeKind, NoticeSettings, Swept, Why
from collaboration.notices.preferences import channels_of
from conversations.grants.rights import confidants
from conversations.grants.sight import readers
from conversations.threads import mentions
from conversations.threads.models import Conversation, Entry, ReadMark
from helpdesk.core import rows
from permissions.accounts.models import Agent, Team
from permissions.approvals.models import Approval
from permissions.approvals.queries import approvers

logger = logging.getLogger(__name__)

FRESH = timedelta(days=1)  # what is older is history (an import, the demo's past), not news
OVERLAP = timedelta(seconds=20)  # longer than any transaction of ours may take
PAGE = 200  # entries, and conversations of one look
FACTS = (
    *("seq", "public_seq", "kind", "agent", "author_kind", "author_name", "event", "at"),
    "sensitive",
)

TAKEN = ("claimed", "assigned", "took_over")
ENDED = ("resolved", "spam", "merged_into")
Recipients = Mapping[int, Why]


def derive(conversation_ids: Iterable[uuid.UUID | str]) -> set[int]:
    """Make the notices of what is new in these conversations. Returns the agents concerned.

    Where there are only replies, which concern nobody, the sweep goes on.
    """
    found = rows.prepared(_NEWS, [[str(pk) for pk in conversation_ids]]).fetchall()
    concerned, _failed = _derive_all(pk for (pk,) in found)
    return concerned


def sweep() -> set[int]:
    """Derive whatever changed and was not derived yet. Running it twice changes nothing."""
    swept = Swept.objects.filter(pk=1).values_list("at", flat=True).first()
    upto = _clock()
    since = max(swept - OVERLAP, upto - FRESH) if swept else upto - FRESH
    concerned: set[int] = set()
    while found := _behind(Q(last_activity_at__gt=since)):
        agents, failed = _derive_all(found, wait=True)
        concerned |= agents
        if failed:  # the next sweep begins where this one did
            return concerned
    Swept.objects.update_or_create(pk=1, defaults={"at": upto})
    return concerned


def forget_old(after: timedelta = timedelta(days=60)) -> int:
    """Notices that nobody will look for any more."""
    gone, _rows = Notice.objects.filter(at__lt=Now() - after).delete()
    return gone


def _clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def _behind(among: Q) -> list[uuid.UUID]:
    # Annotated first: a filter alone would leave out those without a position.
    found = Conversation.objects.filter(among).annotate(done=Coalesce("derived__seq", 0))
    found = found.filter(last_seq__gt=F("done"))
    return list(found.order_by("last_activity_at").values_list("pk", flat=True)[:PAGE])


def _derive_all(ids: Iterable[uuid.UUID], *, wait: bool = False) -> tuple[set[int], bool]:
    """One conversation that cannot be derived does not keep the others from it."""
    concerned: set[int] = set()
    failed = False
    for pk in ids:
        try:
            concerned |= _derive_one(pk, wait=wait)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("the notices of conversation %s cannot be made", pk)
            failed = True
    return concerned, failed


def _derive_one(pk: uuid.UUID, *, wait: bool = False) -> set[int]:
    with transaction.atomic(durable=True):
        Derived.objects.bulk_create([Derived(conversation_id=pk)], ignore_conflicts=True)
        locked = Derived.objects.select_for_update(skip_locked=not wait)
        place = locked.filter(conversation=pk).first()
        if place is None:  # another process is at it
            return set()
        conversation = Conversation.objects.select_related("inbox").get(pk=pk)
        entries = list(
            Entry.objects.filter(conversation=pk, seq__gt=place.seq, at__gt=Now() - FRESH)
            .order_by("seq")[:PAGE]
            .only(*FACTS)
        )
        concerned: set[int] = set()
        work = Deriving(conversation)
        for entry in entries:
            concerned |= work.take(entry)
        last = entries[-1].seq if entries else 0
        place.seq = last if len(entries) == PAGE else max(last, conversation.last_seq)
        place.save(update_fields=["seq"])
        return concerned


class Deriving:
    """The notices of one conversation's new entries, entry by entry."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self._may_see: set[int] | None = None

    @property
    def may_see(self) -> set[int]:
        if self._may_see is None:
            self._may_see = set(readers(self.conversation).values_list("pk", flat=True))
        return self._may_see

    def take(self, entry: Entry) -> set[int]:
        """Returns whose notices changed."""
        match entry.kind:
            case Entry.Kind.MESSAGE:
                concerned = self._tell_messages(entry)
                if entry.public_seq == 1:
                    concerned |= self._tell_waiting(entry)
                return concerned
            case Entry.Kind.NOTE:
                return self._tell(entry, NoticeKind.MENTIONED, self._mentioned(entry))
            case Entry.Kind.EVENT:
                return self._take_event(entry, entry.event.get("type", ""))
        return set()

    def _take_event(self, entry: Entry, what: str) -> set[int]:
        to = entry.event.get("to") or {}
        concerned: set[int] = set()
        if what in TAKEN or what == "transferred":
            waited = Q(kind=NoticeKind.UNASSIGNED) | Q(kind=NoticeKind.TRANSFERRED, why=Why.TEAM)
            concerned |= self._settle(waited)
        if what in ENDED:
            ended = (NoticeKind.MESSAGE, NoticeKind.UNASSIGNED, NoticeKind.WOKE)
            concerned |= self._settle(Q(kind__in=ended))
        if what == "assigned":
            concerned |= self._tell(entry, NoticeKind.ASSIGNED, {to["id"]: Why.OWNER})
        elif what == "invited":
            concerned |= self._tell(entry, NoticeKind.INVITED, {to["id"]: Why.NAME})
        elif what == "transferred" and to.get("kind") == "team":
            concerned |= self._tell(entry, NoticeKind.TRANSFERRED, _team(to["id"]))
        elif what == "transferred":
            concerned |= self._tell(entry, NoticeKind.TRANSFERRED, {to["id"]: Why.OWNER})
        elif what == "woke":
            concerned |= self._tell(
                entry, NoticeKind.WOKE, self._hands(entry) or self._snoozer(entry)
            )
        elif what in ("unassigned", "reopened"):
            concerned |= self._tell_waiting(entry)
        elif what.startswith("approval_"):
            concerned |= self._take_approval(entry, what)
        return concerned

    def _take_approval(self, entry: Entry, what: str) -> set[int]:
        """Approvers hear of what waits; who asked hears the end, and approvers need not look."""
        asked = Approval.objects.filter(pk=entry.event["approval"]).first()
        if asked is None:
            return set()
        if what == "approval_waiting":
            people = {one.pk: Why.APPROVER for one in approvers(asked)}
            return self._tell(entry, NoticeKind.APPROVAL, people)
        told = self.conversation.entries.filter(
            event__approval=entry.event["approval"], event__type="approval_waiting"
        )
        concerned = self._settle(Q(kind=NoticeKind.APPROVAL, entry_seq__in=told.values("seq")))
        answered = self._tell(entry, NoticeKind.ANSWERED, {asked.requester_id: Why.ASKED})
        return concerned | answered

    # --- who ---------------------------------------------------------------------------------

    def _hands(self, entry: Entry) -> dict[int, Why]:
        """Whoever works on it, and did so already when the entry came."""
        taking_part = self.conversation.participants.filter(left_at=None)
        joined = dict(taking_part.values_list("agent", "joined_at"))
        found = {agent: Why.PARTICIPANT for agent, at in joined.items() if at <= entry.at}
        owner = self.conversation.assignee_id
        if owner is not None and (owner in found or owner not in joined):
            found[owner] = Why.OWNER
        return found

    def _snoozer(self, entry: Entry) -> dict[int, Why]:
        earlier = self.conversation.entries.filter(seq__lt=entry.seq, event__type="snoozed")
        who = earlier.order_by("-seq").values_list("agent", flat=True).first()
        return {who: Why.PARTICIPANT} if who else {}

    def _mentioned(self, entry: Entry) -> dict[int, Why]:
        """Of a team that a sensitive note mentions, those who may read it."""
        found: dict[int, Why] = {}
        for one in mentions.of(entry):
            if one["kind"] == "agent":
                found[one["id"]] = Why.NAME
            else:
                found = _team(one["id"]) | found
        if found and entry.sensitive:
            reading = confidants(self.conversation).filter(pk__in=found)
            found = {pk: found[pk] for pk in reading.values_list("pk", flat=True)}
        return found

    # --- what --------------------------------------------------------------------------------

    def _tell_waiting(self, entry: Entry) -> set[int]:
        """Nobody looks after it: those whose inbox it is are told."""
        if self.conversation.assignee_id is not None or self.conversation.status == "resolved":
            return set()
        if self.conversation.team_id is not None:
            people = _team(self.conversation.team_id)
        else:
            members = Agent.objects.filter(groups__team__inboxes=self.conversation.inbox_id)
            people = dict.fromkeys(members.values_list("pk", flat=True), Why.INBOX)
        return self._tell(entry, NoticeKind.UNASSIGNED, people)

    def _wanting(self, entry: Entry, kind: NoticeKind, people: Recipients) -> dict[int, Why]:
        """Those of them who may see it, did not do it, have not read it and want to know."""
        found = {pk: why for pk, why in people.items() if pk != entry.agent_id}
        if not found:
            return {}
        found = {pk: why for pk, why in found.items() if pk in self.may_see}
        read = ReadMark.objects.filter(
            conversation=self.conversation, agent__in=found, seq__gte=entry.seq
        )
        for pk in read.values_list("agent", flat=True):
            del found[pk]
        for settings in NoticeSettings.objects.filter(agent__in=found):
            if not channels_of(settings, kind):
                del found[settings.pk]
        return found

    def _tell(self, entry: Entry, kind: NoticeKind, people: Recipients) -> set[int]:
        wanting = self._wanting(entry, kind, people)
        Notice.objects.bulk_create(
            [
                Notice(
                    agent_id=agent_id,
                    conversation=self.conversation,
                    kind=kind,
                    why=why,
                    entry_seq=entry.seq,
                    by_name=entry.author_name,
                    at=entry.at,
                )
                for agent_id, why in sorted(wanting.items())
            ],
            ignore_conflicts=True,
        )
        return set(wanting)

    def _tell_messages(self, entry: Entry) -> set[int]:
        """One unread notice for all messages of the conversation, with their number."""
        wanting = self._wanting(entry, NoticeKind.MESSAGE, self._hands(entry))
        if wanting:
            agents, whys = zip(*sorted(wanting.items()), strict=True)
            with connection.cursor() as cursor:
                cursor.execute(
                    _MESSAGES,
                    {
                        "agents": list(agents),
                        "whys": [str(why) for why in whys],
                        "conversation": self.conversation.pk,
                        "seq": entry.seq,
                        "by": entry.author_name,
                        "at": entry.at,
                    },
                )
        return set(wanting)

    def _settle(self, which: Q) -> set[int]:
        """What these said is over: nobody need look any more."""
        found = Notice.objects.filter(which, conversation=self.conversation, read_at=None)
        agents = set(found.values_list("agent", flat=True))
        if agents:
            found.update(read_at=Now())
        return agents


def _team(team_id: int) -> dict[int, Why]:
    team = Team.objects.filter(pk=team_id).first()
    members = team.members.values_list("pk", flat=True) if team else ()
    return dict.fromkeys(members, Why.TEAM)


# Asked several times a second while a conversation is busy.
_NEWS = f"""
SELECT conversation.id FROM conversations_conversation conversation
LEFT JOIN collaboration_derived derived ON derived.conversation_id = conversation.id
WHERE conversation.id = ANY(%s::uuid[]) AND EXISTS (
  SELECT FROM conversations_entry entry
  WHERE entry.conversation_id = conversation.id AND entry.kind <> 'reply'
    AND entry.seq > COALESCE(derived.seq, 0)
)
ORDER BY last_activity_at LIMIT {PAGE}
"""  # noqa: S608 ours
_MESSAGES = """
INSERT INTO collaboration_notice AS n
  (agent_id, conversation_id, kind, why, entry_seq, count, by_name, at)
SELECT agent, %(conversation)s, 'message', why, %(seq)s, 1, %(by)s, %(at)s
FROM unnest(%(agents)s::bigint[], %(whys)s::text[]) AS told (agent, why)
ON CONFLICT (agent_id, conversation_id) WHERE kind = 'message' AND read_at IS NULL
DO UPDATE SET count = n.count + 1, entry_seq = EXCLUDED.entry_seq, at = EXCLUDED.at,
  why = EXCLUDED.why
"""
