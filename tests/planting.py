"""A thousand secrets in two offices, and who may come across which of them.

The service team (amy, senior, agent, trainee) looks after the shop, where Lin writes; the warehouse
(eve, dora) after the depot, where Max does, and Lin about something else. Overseers see both.
"""

import random
import re
import string
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from collaboration.canned.commands import Content, add_canned_reply
from collaboration.drafts import log
from collaboration.drafts.commands import keep_draft
from collaboration.drafts.documents import Signed
from collaboration.notices import deriving
from collaboration.notices.models import Notice, NoticeKind, Why
from collaboration.saved.commands import save_view
from collaboration.suggestions.commands import decline_suggestion, suggest
from conversations.customers.commands import add_field, change_value
from conversations.customers.models import Customer
from conversations.customers.operations import proposal_of
from conversations.grants.commands import give_access
from conversations.inboxes.models import Inbox
from conversations.intake.commands import begin_session, new_session, post_message
from conversations.intake.models import CustomerSession
from conversations.reveals.commands import reveal, revoke
from conversations.threads import commands
from conversations.threads.drafted import attach_file
from conversations.threads.files import upload_file
from conversations.threads.listing import Listing
from conversations.threads.models import Conversation, Entry
from permissions.accounts.commands import invite_agent
from permissions.accounts.models import Agent, Team
from permissions.acts.command import command
from permissions.acts.vocabulary import Act
from permissions.approvals.commands import ask_for_approval
from permissions.policies.models import Policy
from permissions.roles.presets import install_roles
from tests.conftest import PASSWORD, Cast

COUNT = 1_000
ROLES = ("admin", "supervisor", "senior", "agent", "trainee", "auditor")
OVERSEERS = frozenset({"admin", "supervisor", "auditor"})
SHOP = OVERSEERS | {"amy", "senior", "agent", "trainee"}
DEPOT = OVERSEERS | {"eve", "dora"}
NOBODY: frozenset[str] = frozenset()

TALKS = {"lin": SHOP, "lin in the depot": DEPOT, "max": DEPOT}  # and who sees them

# What a secret is of → who comes across it.
KNOWN_TO: dict[str, frozenset[str]] = {
    "value": NOBODY,  # masked until it is revealed
    "old value": NOBODY,
    "proposed value": NOBODY,
    "draft of agent": frozenset({"agent"}),
    "draft of eve": frozenset({"eve"}),
    "view of agent": frozenset({"agent"}),
    "canned of agent": frozenset({"agent"}),
    "canned of the warehouse": frozenset({"eve", "dora", "admin", "supervisor"}),
    "canned title of the warehouse": DEPOT,  # an auditor reads what became of it
}
for _who, _inner in TALKS.items():
    _proposer = "agent" if _who == "lin" else "eve"
    _clear = _inner & {"admin", "supervisor", "senior"}  # others read numbers in texts masked
    _customer = _inner | ({_who} & {"lin", "max"})
    KNOWN_TO |= {f"{_who} {thing}": _customer for thing in ("text", "file name", "file")}
    KNOWN_TO |= {
        f"{_who} {thing}": _inner
        for thing in (
            "note", "note file name", "note file", "recalled", "earlier", "reason",
            "waiting reply", "waiting file name", "waiting file", "handing note", "suggestion",
            "drafted", "drafted before", "drafted file name", "drafted file",
        )
    }  # fmt: skip
    KNOWN_TO |= {
        f"{_who} number": _clear | _customer & {"lin", "max"},
        f"{_who} number in a note": _clear,
        # Sensitive notes are for whoever reads customers' sensitive details, too.
        **dict.fromkeys(
            (
                f"{_who} {thing}{part}"
                for thing in ("confided", "confided draft")
                for part in ("", " file name", " file")
            ),
            _clear,
        ),
        f"{_who} typing": _clear,
        f"{_who} declined": frozenset({_proposer}),
        f"{_who} grant": OVERSEERS,
    }
for _who, _inner in (("lin", SHOP | DEPOT), ("max", DEPOT)):
    KNOWN_TO |= {
        f"{_who} name": _inner | {_who},
        f"{_who} look": _inner,  # why somebody had something revealed
        f"{_who} remarks": _inner - {"auditor"},  # internal: for those who answer the customer
    }


@dataclass
class Secrets:
    """Strings that are found again in anything, each with what it is a secret of."""

    kind: dict[str, str] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(1_000))
    _form = re.compile(r"zq[a-z]{10}|\d{11,18}")

    def _keep(self, kind: str, text: str) -> str:
        assert kind in KNOWN_TO
        assert text not in self.kind
        self.kind[text] = kind
        return text

    def word(self, kind: str) -> str:
        return self._keep(kind, "zq" + "".join(self.dice.choices(string.ascii_lowercase, k=10)))

    def words(self, kind: str, count: int) -> str:
        return " ".join(self.word(kind) for _ in range(count))

    def digits(self, kind: str, begin: str, count: int) -> str:
        return self._keep(kind, begin + "".join(self.dice.choices(string.digits, k=count)))

    def found_in(self, text: str) -> set[str]:
        return self.kind.keys() & set(self._form.findall(text))

    def of(self, *kinds: str) -> set[str]:
        return {secret for secret, kind in self.kind.items() if kind in kinds}

    def known_to(self, who: str) -> set[str]:
        return {secret for secret, kind in self.kind.items() if who in KNOWN_TO[kind]}


@dataclass
class Planted:
    cast: Cast
    secrets: Secrets = field(default_factory=Secrets)
    people: dict[str, Agent] = field(default_factory=dict)
    sessions: dict[str, CustomerSession] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)  # sensitive ones
    files: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)  # approval of a reply → its file

    @property
    def conversations(self) -> dict[str, uuid.UUID]:
        return {who: one.conversation_id for who, one in self.sessions.items()}


def plant(cast: Cast) -> Planted:
    """By the commands everybody's acts go through, so that the audit records know of them too."""
    made = Planted(cast)
    _hire(made)
    boss = made.people["admin"]
    texts = [
        add_field(agent=boss, kind="text", label_en=name, label_zh="", sensitivity="sensitive")
        for name in ("Account", "Card", "Passport")
    ]
    made.fields = ["email", "phone", "address", "identity", *(one.key for one in texts)]
    _write(made, "lin", cast.inbox, "lin")
    _write(made, "lin in the depot", cast.other_inbox, "lin")
    _write(made, "max", cast.other_inbox, "max")
    for customer in made.customers:
        _know(made, customer)
    for who in TALKS:
        ask(made, who)
        _work_together(made, who)
    _keep_private(made)
    for left, who in zip((3, 2, 1), TALKS, strict=True):
        note(made, who, (COUNT - len(made.secrets.kind)) // left - 1)  # its number is one more
    assert len(made.secrets.kind) == COUNT
    _give_notices(made)
    return made


def _hire(made: Planted) -> None:
    cast, roles = made.cast, install_roles()
    rules = {"mask_texts": True, "reveal_minutes": 5}
    Policy.objects.create(name="customer-privacy", value=rules, version=1)
    Inbox.objects.update(shows_typing=True)
    warehouse = Team.objects.get(name="Warehouse")
    teams = {"senior": cast.team, "agent": cast.team, "trainee": cast.team, "dora": warehouse}
    for name in (*ROLES, "dora"):
        made.people[name] = invite_agent(
            actor=None,
            username=name,
            name=name.title(),
            password=PASSWORD,
            roles=[roles["trainee" if name == "dora" else name]],
            teams=[teams[name]] if name in teams else [],
        )
    cast.eve.groups.add(roles["agent"].group)
    Agent.objects.filter(pk=cast.eve.pk).update(authz_version=9)
    made.people |= {"amy": cast.amy, "eve": Agent.objects.get(pk=cast.eve.pk)}


def _helper(made: Planted, who: str) -> Agent:
    """Who answers there."""
    return made.people["amy" if who == "lin" else "eve"]


def _file(made: Planted, who: str, thing: str, author: Agent | Customer) -> uuid.UUID:
    name = made.secrets.words(f"{who} {thing} name", 3)
    content = made.secrets.words(f"{who} {thing}", 3).encode()
    kept = upload_file(author=author, upload=SimpleUploadedFile(f"{name}.txt", content))
    made.files.append(str(kept.pk))
    return kept.pk


def _write(made: Planted, who: str, inbox: Inbox, customer: str) -> None:
    """A customer's conversation, with all that one can hold."""
    if customer in made.customers:
        with command("customer.begin_session", actor=None, on=None):
            session, token = new_session(inbox, made.customers[customer])
    else:
        name = made.secrets.words(f"{customer} name", 4)
        session, token = begin_session(inbox=inbox, name=name, language="en")
        made.customers[customer] = session.customer
    made.sessions[who], made.tokens[who] = session, token
    say(made, who)
    edited, agent = _reply(made, who, "earlier"), _helper(made, who)
    text, conversation = made.secrets.words(f"{who} text", 12), edited.conversation_id
    commands.edit_reply(agent=agent, conversation=conversation, seq=edited.seq, body=text, was=0)
    recalled = _reply(made, who, "recalled")
    commands.recall(
        agent=_helper(made, who), conversation=recalled.conversation_id, seq=recalled.seq
    )


def say(made: Planted, who: str) -> None:
    """Messages, a reply and a note, with files and numbers."""
    secrets, session, agent = made.secrets, made.sessions[who], _helper(made, who)
    post_message(session=session, body=secrets.words(f"{who} text", 12), client_id=uuid.uuid4())
    post_message(
        session=session,
        body=f"{secrets.digits(f'{who} number', '13', 9)} {secrets.words(f'{who} text', 10)}",
        client_id=uuid.uuid4(),
        files=[_file(made, who, "file", session.customer)],
    )
    _reply(made, who, "text")
    note(made, who, 20, [_file(made, who, "note file", agent)])
    boss = made.people["supervisor"]
    commands.post_note(
        agent=boss,
        conversation=made.conversations[who],
        body=f"@Supervisor @Admin {made.secrets.words(f'{who} confided', 4)}",
        client_id=uuid.uuid4(),
        files=[_file(made, who, "confided file", boss)],
        sensitive=True,
    )


def _reply(made: Planted, who: str, thing: str) -> Entry:
    return commands.post_reply(
        agent=_helper(made, who),
        conversation=made.conversations[who],
        body=made.secrets.words(f"{who} {thing}", 12),
        client_id=uuid.uuid4(),
    )[0]


def note(made: Planted, who: str, count: int, files: Iterable[uuid.UUID] = ()) -> Entry:
    number = made.secrets.digits(f"{who} number in a note", "13", 9)
    return commands.post_note(
        agent=_helper(made, who),
        conversation=made.conversations[who],
        body=f"@Amy Ito @Eve Outside {number} {made.secrets.words(f'{who} note', count)}",
        client_id=uuid.uuid4(),
        files=list(files),
    )[0]


def _values(secrets: Secrets, kind: str, fields: list[str]) -> dict[str, str]:
    email, phone, address, identity, *texts = fields
    return {
        email: f"{secrets.word(kind)}@secret.example",
        phone: secrets.digits(kind, "13", 9),
        address: secrets.words(kind, 12),
        identity: secrets.digits(kind, "1101011990", 8),
        **{key: secrets.words(kind, 12) for key in texts},
    }


def _know(made: Planted, who: str) -> None:
    """What is known of a customer, what was, and who looked at it, in vain by now."""
    customer, boss = made.customers[who].pk, made.people["admin"]
    for version, kind in enumerate(("old value", "value")):
        for key, text in _values(made.secrets, kind, made.fields).items():
            change_value(agent=boss, customer=customer, key=key, text=text, version=version)
    remarks = made.secrets.words(f"{who} remarks", 10)
    change_value(agent=boss, customer=customer, key="notes", text=remarks, version=0)
    supervisor = made.people["supervisor"]
    looked = reveal(
        agent=supervisor,
        customer=customer,
        fields=made.fields,
        reason=made.secrets.words(f"{who} look", 6),
    )
    revoke(agent=supervisor, reveal=looked.pk)


def ask(made: Planted, who: str, look_at: str = "phone") -> None:
    """What colleagues wait to be allowed: a reply, a look, a change."""
    conversation = made.conversations[who]
    customer = made.sessions[who].customer.pk
    learner = made.people["trainee" if who == "lin" else "dora"]
    changer = made.people["agent" if who == "lin" else "eve"]
    file, message = _file(made, who, "waiting file", learner), str(uuid.uuid4())
    asked = ask_for_approval(
        agent=learner,
        operation="reply.send",
        proposal={
            "conversation": str(conversation),
            "agent": learner.pk,
            "body": made.secrets.words(f"{who} waiting reply", 12),
            "client_id": message,
            "files": [str(file)],
            "seen": 1,
        },
        client_id=uuid.UUID(message),
    )
    made.waiting[str(asked.pk)] = str(file)
    ask_for_approval(
        agent=learner,
        operation="customer.reveal",
        proposal={
            "customer": str(customer),
            "fields": [look_at],
            "conversation": str(conversation),
        },
        client_id=uuid.uuid4(),
        reason=made.secrets.words(f"{who} reason", 6),
    )
    for key, text in (
        ("phone", made.secrets.digits("proposed value", "13", 9)),
        ("address", made.secrets.words("proposed value", 5)),
    ):
        proposal = proposal_of(customer, key, text, 2) | {"conversation": str(conversation)}
        ask_for_approval(
            agent=changer, operation="customer.change", proposal=proposal, client_id=uuid.uuid4()
        )


def _work_together(made: Planted, who: str) -> None:
    """A hand-over, an exception with its reason, suggestions, and a text written together."""
    words, conversation, agent = made.secrets.words, made.conversations[who], _helper(made, who)
    mate = made.people["agent" if who == "lin" else "dora"]
    handing = words(f"{who} handing note", 6)
    commands.transfer(agent=agent, conversation=conversation, to=mate, note=handing)
    give_access(
        agent=made.people["admin"],
        to=agent,
        on=Conversation.objects.get(pk=conversation),
        acts=[Act.TAG],
        reason=words(f"{who} grant", 4),
        lasts=None,
    )
    made.people[agent.username] = agent = Agent.objects.get(pk=agent.pk)
    proposer, decider = (mate, agent) if who == "lin" else (agent, mate)
    for kind in ("suggestion", "declined"):
        text = words(f"{who} {kind}", 6)
        one, _ = suggest(
            agent=proposer, conversation=conversation, text=text, client_id=uuid.uuid4()
        )
    answer = words(f"{who} declined", 3)
    decline_suggestion(agent=decider, conversation=conversation, suggestion=one.pk, answer=answer)
    boss = made.people["supervisor"]
    for author, kind, thing in ((agent, "reply", "drafted"), (boss, "sensitive", "confided draft")):
        name, content = (words(f"{who} {thing} file{part}", 3) for part in (" name", ""))
        upload = SimpleUploadedFile(f"{name}.txt", content.encode())
        kept = attach_file(agent=author, conversation=conversation, kind=kind, upload=upload)
        made.files.append(str(kept.pk))
    _draft(
        *(conversation, "reply", agent),
        *(words(f"{who} {thing}", 6) for thing in ("drafted before", "drafted")),
    )
    _draft(
        *(conversation, "sensitive", boss),
        *(words(f"{who} confided draft", 2) for _ in range(2)),
    )


def _draft(conversation: uuid.UUID, kind: str, agent: Agent, *texts: str) -> None:
    """A shared text, and what it was before."""
    with transaction.atomic():
        draft, document = log.lock((str(conversation), kind)), Signed()
        for text in texts:
            if document.length:
                version = log.version_of(draft, document, agent.pk)
                version.at = log.clock()
                version.save()
                log.store([log.Change(draft, [(None, document.clear())], 0)])
            log.store([log.Change(draft, [(agent.pk, document.write(text, agent.pk))], len(text))])


def _keep_private(made: Planted) -> None:
    words, people = made.secrets.words, made.people
    agent, boss = people["agent"], people["supervisor"]
    warehouse = Team.objects.get(name="Warehouse")
    for who, conversation in made.conversations.items():
        author = agent if who == "lin" else people["eve"]
        for mode in ("reply", "note"):
            body = words(f"draft of {author.username}", 8)
            keep_draft(agent=author, conversation=conversation, mode=mode, body=body, number=1)
    for _ in range(3):
        own, shared = "canned of agent", "canned of the warehouse"
        mine = Content(words(own, 4), words(own, 1), words(own, 10), owner=agent, team=None)
        title = words("canned title of the warehouse", 4)
        theirs = Content(title, words(shared, 1), words(shared, 10), owner=None, team=warehouse)
        add_canned_reply(agent=agent, content=mine)
        add_canned_reply(agent=boss, content=theirs)
    save_view(agent=agent, name=words("view of agent", 4), listing=Listing(view="all"))


def _give_notices(made: Planted) -> None:
    """What everybody is told of, and what they were told of when they saw more than now."""
    deriving.derive(made.conversations.values())
    rows: list[Any] = []
    for conversation in made.conversations.values():
        note = Entry.objects.filter(conversation=conversation, kind=Entry.Kind.NOTE).first()
        assert note is not None
        rows += [
            Notice(
                agent=agent, conversation_id=conversation, kind=NoticeKind.MENTIONED,
                why=Why.NAME, entry_seq=note.seq, at=note.at,
            )
            for agent in made.people.values()
        ]  # fmt: skip
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
