"""One answer to "may they see this?": random worlds, every surface asked, an oracle in plain words.

A failure names its seed; `ONE_ANSWER_SEED=…` plays that world again alone.
"""

import os
import random
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from collaboration.context import queries as context
from collaboration.notices.models import Notice, NoticeKind, Why
from collaboration.workspace.seats import visible_among
from conversations.customers.models import Customer
from conversations.grants import sight
from conversations.grants.models import Grant
from conversations.grants.sight import readers
from conversations.grants.why import why
from conversations.inboxes.models import Inbox
from conversations.threads import queries
from conversations.threads.listing import Listing
from conversations.threads.models import Conversation, Entry, File, Participant, Status
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import forget_rights, give
from permissions.acts.vocabulary import SCOPES, Act
from tests.conftest import Browser

SEEDS = (
    [int(os.environ.get("ONE_ANSWER_SEED", 0))] if "ONE_ANSWER_SEED" in os.environ else [1, 2, 3]
)
AGENTS, CONVERSATIONS, CUSTOMERS = 14, 80, 25
Ids = set[uuid.UUID]


@dataclass
class World:
    dice: random.Random
    agents: list[Agent] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    inboxes: list[Inbox] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    rows: list[Conversation] = field(default_factory=list)
    member: set[tuple[int, int]] = field(default_factory=set)  # agent, team
    scopes: dict[tuple[int, int], set[Act]] = field(default_factory=dict)  # agent, inbox
    joined: set[tuple[int, uuid.UUID]] = field(default_factory=set)
    granted: set[tuple[int, uuid.UUID]] = field(default_factory=set)  # agent, the thing itself

    def sees(self, agent: Agent, row: Conversation) -> bool:
        """In the words of the vocabulary, one scope after another."""
        if not agent.is_active:
            return False
        if {(agent.pk, row.pk), (agent.pk, row.customer_id)} & self.granted:
            return True
        scopes = self.scopes.get((agent.pk, row.inbox_id), set())
        theirs = row.assignee_id == agent.pk or (agent.pk, row.pk) in self.joined
        waiting = row.assignee_id is None
        of_team = row.team_id is None or (agent.pk, row.team_id) in self.member
        return (
            Act.VIEW in scopes
            or (Act.VIEW_TEAM in scopes and (theirs or waiting or of_team))
            or (Act.VIEW_UNASSIGNED in scopes and (theirs or waiting))
            or (Act.VIEW_OWN in scopes and theirs)
        )


def make_world(seed: int) -> World:
    dice = random.Random(seed)
    world = World(dice)
    for number in range(3):
        group = Group.objects.create(name=f"team: {number}")
        world.teams.append(Team.objects.create(name=f"Team {number}", group=group))
        world.inboxes.append(Inbox.objects.create(key=f"inbox-{number}", name=f"Inbox {number}"))
    roles = [Group.objects.create(name=f"role {number}") for number in range(3)]
    world.agents = Agent.objects.bulk_create(
        Agent(username=f"a{n}", name=f"Agent {n}", is_active=n > 0) for n in range(AGENTS)
    )
    for group in [*(team.group for team in world.teams), *roles]:
        members = dice.sample(world.agents, dice.randint(0, 6))
        group.user_set.set(members)
        if hasattr(group, "team"):
            world.member |= {(agent.pk, group.team.pk) for agent in members}
        for inbox in world.inboxes:
            _give(world, group, members, inbox)
    for agent in dice.sample(world.agents, 4):
        _give(world, agent, [agent], dice.choice(world.inboxes))
    _fill(world)
    _except(world)
    forget_rights()
    return world


def _give(world: World, to: Group | Agent, members: list[Agent], inbox: Inbox) -> None:
    acts = set(world.dice.sample([*SCOPES, None, None], 2)) - {None}
    if world.dice.random() < 0.5:
        give([Act.REPLY, Act.NOTE], to, inbox)
    if world.dice.random() < 0.8:
        give(acts, to, inbox)
        for agent in members:
            world.scopes.setdefault((agent.pk, inbox.pk), set()).update(acts)


def _fill(world: World) -> None:
    dice, now = world.dice, timezone.now()
    world.customers = Customer.objects.bulk_create(
        Customer(name=f"Customer {number}") for number in range(CUSTOMERS)
    )
    for number in range(CONVERSATIONS):
        status = dice.choice(list(Status))
        row = Conversation(
            inbox=dice.choice(world.inboxes),
            customer=dice.choice(world.customers),
            status=status,
            assignee=dice.choice([None, *world.agents]) if dice.random() < 0.6 else None,
            team=dice.choice([None, None, *world.teams]),
            last_seq=1,
            last_public_seq=1,
            messages=1,
            last_activity_at=now - timedelta(minutes=number),
            created_at=now,
            snoozed_until=now + timedelta(days=1) if status == Status.SNOOZED else None,
        )
        world.rows.append(row)
    Conversation.objects.bulk_create(world.rows)
    entries = Entry.objects.bulk_create(
        Entry(
            conversation=row, seq=1, public_seq=1, kind="message", audience="public",
            author_kind="customer", body="hello", attachments=1, at=now,
        )
        for row in world.rows
    )  # fmt: skip
    File.objects.bulk_create(
        File(
            conversation=entry.conversation, entry=entry, name="a.txt", type="text/plain", size=1,
            sha256="0" * 64, stored="00/none",
        )
        for entry in entries
    )  # fmt: skip
    people = []
    for row in world.rows:
        for agent in dice.sample(world.agents, dice.choice([0, 0, 1, 2])):
            left = now if dice.random() < 0.3 else None
            people.append(Participant(conversation=row, agent=agent, joined_at=now, left_at=left))
            if left is None:
                world.joined.add((agent.pk, row.pk))
    Participant.objects.bulk_create(people)
    Notice.objects.bulk_create(
        Notice(
            agent=agent, conversation=row, kind=NoticeKind.WOKE, why=Why.NAME, entry_seq=1, at=now
        )
        for agent in world.agents
        for row in world.rows
    )


def _except(world: World) -> None:
    """Exceptions of all sorts: living, ended, taken back, and such that show nothing."""
    dice, now = world.dice, timezone.now()
    ends = {None: True, now + timedelta(hours=1): True, now - timedelta(seconds=1): False}
    grants = []
    for _number in range(40):
        agent, end = dice.choice(world.agents), dice.choice(list(ends))
        act = dice.choice([Act.VIEW, Act.VIEW, Act.VIEW, Act.REPLY])
        revoked = now if dice.random() < 0.25 else None
        thing = dice.choice([*world.rows, *world.customers[:8]])
        name = "customer" if isinstance(thing, Customer) else "conversation"
        grants.append(
            Grant(
                agent=agent, act=act, reason="why", expires_at=end, revoked_at=revoked,
                **{name: thing},
            )
        )  # fmt: skip
        if act == Act.VIEW and ends[end] and revoked is None:
            world.granted.add((agent.pk, thing.pk))
    Grant.objects.bulk_create(grants)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
def test_every_surface_gives_the_same_answer(seed: int, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    if seed % 2:  # what agents with many exceptions are asked by
        monkeypatch.setattr(sight, "FEW", 0)
    world = make_world(seed)
    truth: dict[int, Ids] = {
        agent.pk: {row.pk for row in world.rows if world.sees(agent, row)} for agent in world.agents
    }
    shown = sum(map(len, truth.values()))
    pairs = AGENTS * CONVERSATIONS
    assert pairs * 0.1 < shown < pairs * 0.9, "a world in which there is something to get wrong"
    for row in world.rows:
        expected = {agent.pk for agent in world.agents if row.pk in truth[agent.pk]}
        assert set(readers(row).values_list("pk", flat=True)) == expected, f"readers, seed {seed}"
    for agent in world.agents:
        answers = _answers(world, Agent.objects.get(pk=agent.pk))
        wrong = {name for name, found in answers.items() if found != truth[agent.pk]}
        assert not wrong, f"seed {seed}, {agent}: {wrong}"
        if agent.is_active:
            _ask_pages(world, agent, truth[agent.pk], seed)


def _answers(world: World, agent: Agent) -> dict[str, Ids]:
    """What each surface shows of the conversations."""
    ids = {str(row.pk) for row in world.rows}
    active = agent.is_active
    views = ("all", "resolved")  # each conversation is in one of them
    pages = [queries.conversation_page(agent, Listing(view=view), size=200) for view in views]
    counted = queries.counts(agent)["all"]
    assert counted == len(pages[0].rows), f"count of {agent}"
    parts = [pk for part in Conversation.objects.parts_visible_to(agent) for pk in _ids(part)]
    assert len(parts) == len(set(parts)), f"counted twice for {agent}"
    return {
        "query": set(_ids(Conversation.objects.visible_to(agent))),
        "parts": set(parts),
        "row at hand": {row.pk for row in world.rows if row.is_visible_to(agent)},
        "list": {row.pk for page in pages for row in page.rows},
        "socket": {uuid.UUID(one) for one in visible_among(agent.pk, ids)} if active else set(),
        "entries": _of(Entry.objects.visible_to(agent)),
        "files": _of(File.objects.visible_to(agent)),
        "notices": _of(Notice.objects.visible_to(agent)),
        "customers": _through_customers(world, agent),
    }


def _ids(found) -> list[uuid.UUID]:  # type: ignore[no-untyped-def]
    return list(found.values_list("pk", flat=True))


def _of(found) -> Ids:  # type: ignore[no-untyped-def]
    return set(found.values_list("conversation", flat=True))


def _through_customers(world: World, agent: Agent) -> Ids:
    """By each visible customer's past, as the panel beside one of their conversations shows it."""
    seen: Ids = set()
    for customer in Customer.objects.visible_to(agent):
        one = Conversation.objects.visible_to(agent).filter(customer=customer).first()
        assert one is not None
        found, before = {one.pk}, ""
        while True:
            page = context.past(agent, one, before)
            found |= {row.pk for row in page.rows}
            if not page.next:
                break
            before = str(page.next)
        seen |= found
    return seen


def _ask_pages(world: World, agent: Agent, truth: Ids, seed: int) -> None:
    """A few conversations by their addresses, seen and unseen ones: page, JSON, file, panel."""
    client = Browser()
    client.force_login(agent, backend="permissions.accounts.backends.AgentBackend")
    seen = [row for row in world.rows if row.pk in truth]
    unseen = [row for row in world.rows if row.pk not in truth]
    for rows, status in ((seen, 200), (unseen, 404)):
        for row in world.dice.sample(rows, min(2, len(rows))):
            base = f"/workspace/conversations/{row.pk}/"
            for path in ("", "entries/?after=0", "row/", "people/", "context/notes/", "timeline/"):
                answer = client.read(base + path)
                assert answer.status_code == status, f"seed {seed}, {agent}, {path}"
            verdict = why(Agent.objects.get(pk=agent.pk), row)[0]
            assert verdict.allowed is (status == 200)
            assert any(rule.holds for rule in verdict.rules) is verdict.allowed, f"why, seed {seed}"
    listed = client.read("/workspace/conversations/?view=all").json()["conversations"]
    assert {uuid.UUID(one["id"]) for one in listed} <= truth
