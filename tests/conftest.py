"""The cast: amy (all of an agent's rights), ben (may look), eve (outside), lin (the customer)."""

import copy
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from xdist.scheduler import LoadScopeScheduling

from conversations.customers.models import Customer
from conversations.inboxes.commands import open_inbox
from conversations.inboxes.models import Inbox
from conversations.intake.commands import begin_session, post_message
from conversations.intake.models import CustomerSession
from conversations.threads.models import Conversation
from permissions.accounts.commands import create_team, invite_agent
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import forget_rights, give
from permissions.acts.vocabulary import Act
from permissions.roles.presets import install_roles
from tests.database import Rows, kept_between_tests, rehearsed
from tests.stack.prepared import Prepared

PASSWORD = "correct horse battery"
SHARED = {"browser", "faults", "demo"}  # folders whose tests share what is made once
ALONE = {"test_p20_abuse.py"}  # a file in them that runs a system of its own
TWICE = "browser"  # the longest: half of it has another system


class OneWorkerPerSystem(LoadScopeScheduling):  # type: ignore[misc]
    """Tests that share a running system stay on one worker; all others go where there is time.

    The largest groups go first, so that none is left for the end, when the other worker is idle.
    (xdist's own groups are lost with pytest 9.2, which has no `_nodeid` for them to write to.)
    """

    def _split_scope(self, nodeid: str) -> str:
        _tests, folder, *rest = nodeid.split("::")[0].split("/")
        if folder == "stack" or ALONE & set(rest):
            return nodeid.split("::")[0]
        if folder == TWICE:
            return f"{folder} {rest[0].startswith('test_workspace')}"
        return folder if folder in SHARED else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneWorkerPerSystem:
    return OneWorkerPerSystem(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What tests that commit leave is taken away again, which the audit table refuses elsewhere.

    The roles are there already, which each test's first inbox would make anew otherwise.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE permissions_auditrecord DISABLE TRIGGER audit_no_truncate")
        cursor.execute("ALTER TABLE permissions_seal DISABLE TRIGGER seal_no_truncate")
        install_roles()
        cursor.execute("TRUNCATE permissions_auditrecord RESTART IDENTITY")
        base = Rows.stored()
    with kept_between_tests(base):
        yield


@pytest.fixture(scope="session")
def _rehearsed(django_db_setup: None, django_db_blocker: Any) -> "tuple[Rows, Cast]":
    """The cast as commands make it, and their rows."""
    with django_db_blocker.unblock():
        return rehearsed(make_cast)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """`prepared.copy("product", folder)`: a data directory that needs no first start."""
    own = tmp_path_factory.getbasetemp()
    return Prepared(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(autouse=True)
def _nothing_kept(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.AUDIT_HEAD = str(tmp_path / "audit-head")
    forget_rights()
    yield
    forget_rights()


@dataclass
class Cast:
    amy: Agent
    ben: Agent
    eve: Agent
    team: Team
    inbox: Inbox
    other_inbox: Inbox
    session: CustomerSession
    token: str
    lin: Customer
    posted: list[Any] = field(default_factory=list)

    @property
    def thread(self) -> Conversation:
        """Lin's conversation as it is now."""
        return Conversation.objects.get(pk=self.session.conversation_id)

    def says(self, body: str, **extra: Any) -> Any:
        """Lin writes."""
        extra.setdefault("client_id", uuid.uuid4())
        return post_message(session=self.session, body=body, **extra)[0]


def make_cast() -> Cast:
    team = create_team(actor=None, name="Service")
    other = create_team(actor=None, name="Warehouse")
    people = {
        username: invite_agent(
            actor=None, username=username, name=name, password=PASSWORD, teams=teams
        )
        for username, name, teams in (
            ("amy", "Amy Ito", [team]),
            ("ben", "Ben Okafor", []),
            ("eve", "Eve Outside", [other]),
        )
    }
    inbox = open_inbox(actor=None, key="shop", name="Shop", teams=[team], greeting="Hello!")
    other_inbox = open_inbox(actor=None, key="depot", name="Depot", teams=[other])
    give([Act.VIEW], people["ben"], inbox)
    Agent.objects.filter(username="ben").update(authz_version=2)
    session, token = begin_session(inbox=inbox, name="Lin", language="en")
    for agent in people.values():
        agent.refresh_from_db()
    return Cast(
        **people,
        team=team,
        inbox=inbox,
        other_inbox=other_inbox,
        session=session,
        token=token,
        lin=session.customer,
    )


@pytest.fixture
def cast(request: pytest.FixtureRequest, db: None) -> Cast:
    """Where the test commits, processes know of them from the tests before: so they are others."""
    if not connection.in_atomic_block:
        return make_cast()
    rows, made = request.getfixturevalue("_rehearsed")
    rows.store()
    return copy.deepcopy(made)


@pytest.fixture
def ada(cast: Any) -> Agent:
    """An administrator, `cast.ada` as well."""
    made = invite_agent(
        actor=None,
        username="ada",
        name="Ada Root",
        password=PASSWORD,
        roles=[install_roles()["admin"]],
    )
    cast.ada = Agent.objects.get(pk=made.pk)
    return cast.ada


@pytest.fixture
def thread(cast: Cast) -> Conversation:
    """Lin's conversation after her first message."""
    cast.says("Where is my order?")
    return cast.thread


class Browser(Client):
    """A test client that speaks JSON like a program does."""

    def send(self, path: str, data: dict[str, Any] | None = None, **extra: Any) -> Any:
        return self.post(
            path,
            data or {},
            content_type="application/json",
            headers={"accept": "application/json", **extra.pop("headers", {})},
            **extra,
        )

    def read(self, path: str, **extra: Any) -> Any:
        return self.get(path, headers={"accept": "application/json"}, **extra)


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def signed_in(cast: Cast) -> Any:
    """`signed_in("amy")`: that agent's client."""

    def sign_in(name: str) -> Browser:
        client = Browser()
        client.force_login(
            getattr(cast, name), backend="permissions.accounts.backends.AgentBackend"
        )
        return client

    return sign_in


def act(thread: Conversation, name: str) -> str:
    return f"/workspace/conversations/{thread.pk}/{name}/"


def message(body: str = "hello", **extra: Any) -> dict[str, Any]:
    return {"client_id": str(uuid.uuid4()), "body": body, **extra}
