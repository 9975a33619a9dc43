"""Plays the scenes through the product's own commands, dated to the past days.

A scene is found again by its customer and its numbered acts, so that a run that was cut off is
completed by the next, and a finished one is left as visitors made it.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conversations.intake.commands import begin_session, post_message
from conversations.intake.importing.commands import import_dialogues
from conversations.intake.importing.dialogues import read_dialogue
from conversations.intake.models import CustomerSession
from conversations.threads import commands
from conversations.threads.files import upload_file
from conversations.threads.models import Entry, Priority, ReadMark
from conversations.threads.steps import told_at
from helpdesk.core.context import Origin, origin
from helpdesk.demo.acts import Act, Scene
from helpdesk.demo.people import Cast
from helpdesk.demo.pictures import FILES
from permissions.acts.checks import allowed
from permissions.acts.vocabulary import Act as Right

IDS = uuid.UUID("5f0c4b0e-6c3e-4d0b-9a53-0c5e7d1c0001")
SITE = "https://kettle-and-kiln.example"
PAST = Path(__file__).parent / "past.jsonl"
EVENTS = {
    "claim": "claimed",
    "join": "joined",
    "leave": "left",
    "assign": "assigned",
    "resolve": "resolved",
    "reopen": "reopened",
    "snooze": "snoozed",
    "tag": "tagged",
    "classify": "classified",
    "hurry": "prioritised",
}


LABELS = {"tag", "classify", "hurry"}


def play(scenes: Iterable[Scene], cast: Cast) -> int:
    """Make what is missing of the scenes; returns how many acts that were."""
    sessions = {
        session.customer.attributes.get("demo"): session
        for session in CustomerSession.objects.filter(
            inbox__in=cast.inboxes.values(), customer__attributes__has_key="demo"
        ).select_related("customer", "inbox")
    }
    entries: dict[uuid.UUID, list[Entry]] = {}
    for entry in Entry.objects.filter(
        conversation__in=[session.conversation_id for session in sessions.values()]
    ).order_by("seq"):
        entries.setdefault(entry.conversation_id, []).append(entry)
    marks = set(
        ReadMark.objects.filter(conversation__in=entries).values_list("agent_id", "conversation_id")
    )
    made = 0
    for scene in scenes:
        session = sessions.get(scene.key)
        known = entries.get(session.conversation_id, []) if session else []
        made += _Stage(scene, cast, session, known, marks).play()
    return made


class _Stage:
    """One scene with what an earlier run has made of it."""

    def __init__(
        self,
        scene: Scene,
        cast: Cast,
        session: CustomerSession | None,
        known: list[Entry],
        marks: set[tuple[int, uuid.UUID]],
    ) -> None:
        self.scene = scene
        self.cast = cast
        self.session = session
        self.known = known
        self.marks = marks
        self.made = 0

    def play(self) -> int:
        now = timezone.now()
        moment = now - self.scene.ago
        done = 0  # number of the last entry an act was found in
        seqs = []
        token = origin.set(Origin(address=self.scene.address))
        try:
            acts = _numbered(self.scene.acts)
            for place, (number, act) in enumerate(acts):
                entry = self._find(number, act, after=done)
                later = acts[place + 1 :]
                if entry is None and act.kind in LABELS and self._any(later, after=done):
                    seqs.append(done)  # an older demo has no labels, and stays as it is
                    continue
                if entry is None:
                    moment = min(moment + timedelta(minutes=act.after), now)
                    with told_at(moment):
                        self._do(number, act, now)
                    self.made += 1
                    entry = self._last()
                else:
                    moment = entry.at
                done = entry.seq
                seqs.append(done)
            self._read(seqs)
        finally:
            origin.reset(token)
        return self.made

    def _find(self, number: int, act: Act, *, after: int) -> Entry | None:
        """The entry that shows that the act was done before."""
        for entry in self.known:
            if entry.seq <= after:
                continue
            if act.kind not in EVENTS:
                if entry.client_id == self._id(number):
                    return entry
            elif (
                entry.event.get("type") == EVENTS[act.kind]
                and entry.agent_id == self.cast.agents[act.who].pk
            ):
                return entry
        return None

    def _any(self, acts: list[tuple[int, Act]], *, after: int) -> bool:
        return any(self._find(number, act, after=after) for number, act in acts)

    def _last(self) -> Entry:
        assert self.session is not None
        last = Entry.objects.filter(conversation=self.session.conversation_id).latest("seq")
        self.known.append(last)
        return last

    def _id(self, number: int) -> uuid.UUID:
        return uuid.uuid5(IDS, f"{self.scene.key}/{number}")

    def _do(self, number: int, act: Act, now: datetime) -> None:
        if act.kind == "message":
            self._say(number, act)
            return
        assert self.session is not None, "a scene begins with its customer"
        agent = self.cast.agents[act.who]
        conversation = self.session.conversation_id
        match act.kind:
            case "reply" | "note":
                post = commands.post_reply if act.kind == "reply" else commands.post_note
                post(
                    agent=agent,
                    conversation=conversation,
                    body=act.body,
                    client_id=self._id(number),
                    files=[
                        upload_file(author=agent, upload=_upload(name)).pk for name in act.files
                    ],
                )
            case "assign":
                commands.assign(agent=agent, conversation=conversation, to=self.cast.agents[act.to])
            case "tag":
                commands.add_tag(agent=agent, conversation=conversation, tag=act.body)
            case "classify":
                commands.set_issue_type(agent=agent, conversation=conversation, issue_type=act.body)
            case "hurry":
                commands.prioritise(
                    agent=agent, conversation=conversation, priority=Priority.URGENT
                )
            case "snooze":
                until = now + timedelta(hours=act.hours)
                commands.snooze(agent=agent, conversation=conversation, until=until)
            case kind:
                getattr(commands, kind)(agent=agent, conversation=conversation)

    def _say(self, number: int, act: Act) -> None:
        if self.session is None:
            page = {"url": f"{SITE}{self.scene.page}", "title": "Kettle & Kiln"}
            self.session, _token = begin_session(
                inbox=self.cast.inboxes[self.scene.inbox],
                name=self.scene.customer,
                language=self.scene.language,
                attributes={"page": page, "demo": self.scene.key},
            )
        customer = self.session.customer
        post_message(
            session=self.session,
            body=act.body,
            client_id=self._id(number),
            files=[upload_file(author=customer, upload=_upload(name)).pk for name in act.files],
        )

    def _read(self, seqs: list[int]) -> None:
        """Everybody has seen all of it, or all but what the customer wrote last."""
        upto = len(seqs)
        while self.scene.unread and upto and self.scene.acts[upto - 1].kind == "message":
            upto -= 1
        if not upto:
            return
        assert self.session is not None
        for agent in self.cast.agents.values():
            if (agent.pk, self.session.conversation_id) in self.marks:
                continue
            if allowed(agent, Right.VIEW, self.session.inbox_id):
                commands.mark_read(
                    agent=agent, conversation=self.session.conversation_id, seq=seqs[upto - 1]
                )


def _numbered(acts: Iterable[Act]) -> list[tuple[int, Act]]:
    """Acts with the numbers that their ids are made of, which labels have none of."""
    numbers, found = count(), []
    for act in acts:
        found.append((-1 if act.kind in LABELS else next(numbers), act))
    return found


def _upload(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, FILES[name]())


def import_past(cast: Cast) -> int:
    """Conversations from before Tandem, by the importer's path; returns how many are new."""
    dialogues = [
        read_dialogue(number, line, moment=timezone.now())
        for number, line in enumerate(PAST.read_bytes().splitlines(), 1)
    ]
    inbox = cast.inboxes["demo"]
    return import_dialogues(inbox=inbox, dialogues=dialogues, source=PAST.name).imported
