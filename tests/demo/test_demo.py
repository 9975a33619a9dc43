"""The demonstration's data: complete, believable, made once and never over visitors' acts."""

import io
import uuid
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox
from conversations.threads import commands, queries
from conversations.threads.commands import messages, people, states
from conversations.threads.listing import Listing
from conversations.threads.models import Conversation, Entry, File
from helpdesk.demo import playing
from helpdesk.demo.people import PEOPLE, assemble
from helpdesk.demo.playing import LABELS, play
from helpdesk.demo.scenes import SCENES
from permissions.accounts.models import Agent
from permissions.acts.command import command
from tests.database import Rows, rehearsed

PASSWORD = "tea-at-four-oclock"


def make_demo() -> str:
    out = io.StringIO()
    call_command("demo", stdout=out)
    return out.getvalue().strip()


def counted() -> dict[str, int]:
    """How many rows every table of ours holds."""
    models = [
        model
        for app in ("permissions", "conversations", "collaboration")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]
    return {model._meta.label: model._default_manager.count() for model in models}


@pytest.fixture
def password(settings: Any) -> str:
    settings.DEMO_PASSWORD = PASSWORD
    return PASSWORD


@pytest.fixture(scope="module")
def made_once(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Rows:
    """Its rows; the files beside them are nobody's here."""
    folder = tmp_path_factory.mktemp("demo")
    with django_db_blocker.unblock(), override_settings(DEMO_PASSWORD=PASSWORD, MEDIA_ROOT=folder):
        return rehearsed(make_demo)[0]


@pytest.fixture
def demo(db: None, password: str, made_once: Rows) -> None:
    made_once.store()


def agent(username: str) -> Agent:
    return Agent.objects.get(username=username)


def test_without_a_password_it_says_what_to_do(db: None, settings: Any) -> None:
    settings.DEMO_PASSWORD = ""
    with pytest.raises(CommandError, match="Set DEMO_PASSWORD"):
        make_demo()
    assert not Agent.objects.exists()


def test_running_it_twice_adds_nothing(demo: None) -> None:
    before = counted()
    assert make_demo() == "Demo data: complete."
    assert counted() == before


def test_everybody_can_sign_in_with_the_one_password(demo: None, client: Any) -> None:
    assert set(PEOPLE) == set(Agent.objects.values_list("username", flat=True))
    for username in PEOPLE:
        assert client.login(username=username, password=PASSWORD), username


def test_another_password_is_everybodys_from_the_next_run_on(demo: None, settings: Any) -> None:
    settings.DEMO_PASSWORD = "something-else-now"
    make_demo()
    assert agent("agent2").check_password("something-else-now")


def test_there_is_a_border_between_the_teams(demo: None) -> None:
    trade, shop = Inbox.objects.get(key="trade"), Inbox.objects.get(key="demo")
    assert (shop.teams.count(), trade.teams.count()) == (2, 1)
    seen = {
        username: set(Inbox.objects.visible_to(agent(username)).values_list("key", flat=True))
        for username in PEOPLE
    }
    assert seen.pop("agent3") == {"demo"}
    assert all(inboxes == {"demo", "trade"} for inboxes in seen.values())


def test_every_status_is_there_in_both_languages(demo: None) -> None:
    found = Counter(Conversation.objects.values_list("customer__language", "status"))
    for language in ("zh-hans", "en"):
        for status in ("open", "pending", "snoozed", "resolved"):
            assert found[language, status], (language, status)
    live = Conversation.objects.unresolved()
    assert live.filter(assignee=None).count() >= 3
    assert live.filter(assignee=agent("agent1")).count() >= 2
    assert max(thread.participants.count() for thread in live) >= 2
    kinds = Counter(Entry.objects.values_list("kind", flat=True))
    assert all(kinds[kind] >= 10 for kind in Entry.Kind.values)
    types = set(File.objects.exclude(entry=None).values_list("type", flat=True))
    assert types == {"image/png", "image/jpeg", "application/pdf", "text/csv"}


def test_some_of_it_is_unread(demo: None) -> None:
    rows = queries.conversation_page(agent("agent1"), Listing(view="all")).rows
    unread = [queries.unread(row) for row in rows]
    assert 3 <= sum(count > 0 for count in unread) < len(unread)


def test_times_are_of_the_past_days_and_in_order(demo: None) -> None:
    now = timezone.now()
    for thread in Conversation.objects.prefetch_related("entries"):
        entries = sorted(thread.entries.all(), key=lambda entry: entry.seq)
        assert [entry.seq for entry in entries] == list(range(1, thread.last_seq + 1))
        times = [thread.created_at, *(entry.at for entry in entries), now]
        assert times == sorted(times)
        assert thread.last_activity_at == entries[-1].at
    for thread in Conversation.objects.filter(status="snoozed"):
        assert thread.snoozed_until > now


def test_a_customer_has_a_history(demo: None) -> None:
    hotel = Customer.objects.get(name="和风酒店")
    assert hotel.conversations.count() == 3


def test_scenes_have_keys_of_their_own() -> None:
    assert len({scene.key for scene in SCENES}) == len(SCENES) >= 12


@pytest.mark.parametrize("after", [1, 12, 41, 100])
def test_a_run_that_is_cut_off_is_completed_by_the_next(
    db: None, password: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut between any two acts of the conversations, or before."""
    left = iter(range(after))

    def cut(self: Any, *arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        done(self, *arguments)

    done = playing._Stage._do
    with monkeypatch.context() as patch:
        patch.setattr(playing._Stage, "_do", cut)
        with pytest.raises(KeyboardInterrupt):
            make_demo()
    make_demo()
    assert make_demo() == "Demo data: complete."
    for scene in SCENES:
        thread = Conversation.objects.get(customer__attributes__demo=scene.key)
        told = [
            playing.EVENTS.get(act.kind, act.body)
            for act in scene.acts
            if act.kind not in ("join", "reopen")
        ]
        # Joining and reopening come by a reply or a message too; everything else stands once.
        assert told == [
            entry.event.get("type", entry.body)
            for entry in thread.entries.order_by("seq")
            if entry.event.get("type") not in ("joined", "reopened")
        ]
    begun = Counter(Customer.objects.values_list("attributes__demo", flat=True))
    assert all(begun[scene.key] == 1 for scene in SCENES)


def test_a_demo_of_before_the_labels_is_left_as_it_is(db: None, password: str) -> None:
    cast = assemble(password)
    play(
        [
            replace(scene, acts=tuple(act for act in scene.acts if act.kind not in LABELS))
            for scene in SCENES
        ],
        cast,
    )
    assert play(SCENES, cast) == 0


def test_what_visitors_did_is_left_as_it_is(demo: None) -> None:
    thread = Conversation.objects.get(customer__name="Ben Howarth")
    boss, helper = agent("supervisor"), agent("agent1")
    commands.reopen(agent=boss, conversation=thread.pk)
    commands.assign(agent=boss, conversation=thread.pk, to=helper)
    commands.post_reply(
        agent=helper, conversation=thread.pk, body="Has it come?", client_id=uuid.uuid4()
    )
    commands.leave(agent=agent("agent2"), conversation=thread.pk)
    before = counted()
    assert make_demo() == "Demo data: complete."
    assert counted() == before
    thread.refresh_from_db()
    assert (thread.status, thread.assignee) == ("pending", helper)


def test_every_domain_row_comes_with_an_audit_record(
    db: None, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo writes by commands alone, so each entry's conversation has its records."""
    verbs: Counter[str] = Counter()

    def counting(verb: str, **context: Any) -> Any:
        verbs[verb] += 1
        return command(verb, **context)

    for theme in (messages, people, states):
        monkeypatch.setattr(theme, "command", counting)
    make_demo()
    acts = Counter(act.kind for scene in SCENES for act in scene.acts)
    for kind in ("reply", "note", "claim", "join", "leave", "assign", "resolve", "snooze"):
        assert verbs[f"conversation.{kind}"] == acts[kind], kind
