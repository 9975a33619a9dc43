"""What sockets tell of suggestions: to whom has the conversation open, and to the author."""

# ruff: noqa: F811  (fixtures of the other file)

import uuid
from typing import Any

import pytest

from collaboration.suggestions import commands
from collaboration.workspace import missed
from helpdesk.core import events
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from tests.collaboration.test_sockets import (  # noqa: F401
    Screen,
    cast,
    hears_only_of_colleagues,
    in_database,
    sockets,
    thread,
)
from tests.permissions.conftest import raise_versions

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def ben(cast: Any) -> Any:
    def prepare() -> None:
        give([Act.NOTE], cast.ben, cast.inbox)
        raise_versions()
        for one in (cast.amy, cast.ben):
            one.refresh_from_db()

    await in_database(prepare)
    return cast.ben


async def suggest(ben: Any, thread: Any) -> Any:
    made, _ = await in_database(
        commands.suggest, agent=ben, conversation=thread.pk, text="Try this", client_id=uuid.uuid4()
    )
    return made


async def watch(screen: Screen, thread: Any) -> None:
    await screen.tell(type="watch", conversation=str(thread.pk), after=0)
    await screen.frame("entry")


async def test_watchers_are_told_and_the_author_wherever_they_are(cast, thread, sockets, ben):
    amy, author, eve = [await sockets(who) for who in ("amy", "ben", "eve")]
    await watch(amy, thread)
    one = await suggest(ben, thread)
    frame = await amy.frame("suggestion")
    assert frame == {"type": "suggestion", "conversation": str(thread.pk)}
    await in_database(
        commands.use_suggestion, agent=cast.amy, conversation=thread.pk, suggestion=one.pk
    )
    frame = await author.frame("suggestion")
    assert frame["said"] == "Amy Ito uses the reply you suggested for Lin."
    await eve.frame("hello")
    await hears_only_of_colleagues(eve)


async def test_what_nobody_was_told_of_is_found(cast, thread, sockets, ben, monkeypatch):
    amy = await sockets("amy")
    await watch(amy, thread)
    monkeypatch.setattr(events, "publish", lambda item: None)
    monkeypatch.setattr(missed, "LOOK", 0)
    await suggest(ben, thread)
    await amy.frame("suggestion", conversation=str(thread.pk))
