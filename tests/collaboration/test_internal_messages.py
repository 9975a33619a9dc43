"""The settings of internal messages, and what open screens and drafts make of the right to read
sensitive ones."""

# ruff: noqa: F811  (fixtures of other files)

import uuid
from typing import Any

import pytest

from conversations.modes.floor import InternalMessages
from conversations.threads import commands
from helpdesk.core.live.sockets import NO_RIGHT, NOTHING_HERE
from permissions.accounts.models import Agent
from permissions.acts.checks import give, raise_version, take
from permissions.acts.command import command
from permissions.acts.scope import AccessChanged
from permissions.acts.vocabulary import Act
from permissions.policies.rules import current, stored
from tests.collaboration.editors import Editor, editors_of
from tests.collaboration.test_sockets import (  # noqa: F401
    HOST,
    ORIGIN,
    cast,
    cookie_of,
    in_database,
    sockets,
    thread,
)

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/settings/internal-messages/"
SECRET = "The customer is being sued"


@pytest.fixture
async def drafts(cast, thread):
    """`drafts("amy")`: an editor of the sensitive note, `drafts("amy", "note")` of the other."""
    async with editors_of(thread) as open_editor:

        async def open_draft(who: str, kind: str = "sensitive") -> Editor:
            return await open_editor(getattr(cast, who), f"{kind}/")

        yield open_draft


def change_right(change: Any, cast: Any, who: str, *acts: Act) -> None:
    """Give or take, as the pages of rights do."""
    with command("inbox.rights", actor=None, on=cast.inbox) as step:
        change(acts, getattr(cast, who), cast.inbox)
        step.tell(AccessChanged(raise_version(Agent.objects.filter(username=who))))


def confide(cast: Any, thread: Any) -> None:
    commands.post_note(
        agent=Agent.objects.get(username="amy"),
        conversation=thread.pk,
        body=SECRET,
        client_id=uuid.uuid4(),
        sensitive=True,
    )


# --- the page --------------------------------------------------------------------------------


def form(**changes: Any) -> dict[str, Any]:
    return {
        "enabled": "on",
        "sensitive": "on",
        "version": stored(InternalMessages).version,
    } | changes


def test_an_administrator_switches_them_off_and_is_named(ada, signed_in):
    client, shown = signed_in("ada"), form()
    off = form()
    del off["sensitive"]
    assert client.post(PAGE, off).status_code == 302
    assert current(InternalMessages) == InternalMessages(enabled=True, sensitive=False)
    assert "Changed by Ada Root" in client.get(PAGE).content.decode()
    assert client.post(PAGE, shown).status_code == 409  # shown before that
    assert client.post(PAGE, {"version": "x"}).status_code == 422


def test_the_page_says_who_may_as_the_rights_do(ada, cast, signed_in):
    lines = signed_in("ada").get(PAGE).content.decode().split("<tr>")
    told = {name: next(line for line in lines if f'row">{name}' in line) for name in (
        "Supervisor", "Senior agent", "Trainee", "Service",
    )}  # fmt: skip
    assert {name: line.count("i-check") for name, line in told.items()} == {
        "Supervisor": 3, "Senior agent": 1, "Trainee": 0, "Service": 1,
    }  # fmt: skip
    assert "in 1 inbox" in told["Service"]
    assert "everywhere" in told["Supervisor"]


# --- open screens ----------------------------------------------------------------------------


async def test_a_sensitive_note_is_told_to_each_as_they_may_read_it(cast, thread, sockets):
    await in_database(change_right, give, cast, "amy", Act.CONFIDE)
    amy, ben = await sockets("amy"), await sockets("ben")
    for screen in (amy, ben):
        await screen.tell(type="watch", conversation=str(thread.pk), after=0)
        await screen.frame("head", conversation=str(thread.pk))
    await in_database(confide, cast, thread)
    told, withheld = await amy.frame("entry"), await ben.frame("entry")
    assert SECRET in told["html"]
    assert SECRET not in str(withheld)
    assert (withheld["entry"]["seq"], withheld["entry"]["withheld"]) == (told["entry"]["seq"], True)
    # A right that is given or taken: the screen asks for everything anew, and hears accordingly.
    await in_database(change_right, give, cast, "ben", Act.READ_CONFIDED)
    await ben.frame("customer", customer="*", texts=True)
    await in_database(confide, cast, thread)
    assert SECRET in (await ben.frame("entry"))["html"]
    await in_database(change_right, take, cast, "ben", Act.READ_CONFIDED)
    await ben.frame("customer", customer="*", texts=True)
    await in_database(confide, cast, thread)
    assert SECRET not in str(await ben.frame("entry"))


# --- drafts ----------------------------------------------------------------------------------


async def test_a_sensitive_note_is_a_draft_of_its_own(cast, thread, drafts):
    await in_database(change_right, give, cast, "amy", Act.CONFIDE)
    amy, routine = await drafts("amy"), await drafts("amy", "note")
    await routine.say("for all of us")
    await amy.say(SECRET)
    stranger = await drafts("ben")
    assert await stranger.end() == NOTHING_HERE
    again = await drafts("amy", "note")
    await again.reads("for all of us")


async def test_who_loses_the_right_loses_the_draft(cast, thread, drafts):
    await in_database(change_right, give, cast, "amy", Act.CONFIDE)
    await in_database(change_right, give, cast, "ben", Act.READ_CONFIDED)
    amy, ben = await drafts("amy"), await drafts("ben")
    await amy.say(SECRET)
    await ben.reads(SECRET)
    await in_database(change_right, take, cast, "ben", Act.READ_CONFIDED)
    assert await ben.end() == NO_RIGHT
    await amy.say(" – still here")
    again = await drafts("amy")
    await again.reads(f"{SECRET} – still here")


async def test_who_may_only_read_them_writes_none(cast, thread, drafts):
    await in_database(change_right, give, cast, "ben", Act.NOTE, Act.READ_CONFIDED)
    ben = await drafts("ben")
    await ben.say("not mine to write")
    assert await ben.end() == NO_RIGHT


async def test_it_is_sent_as_what_it_was_written_as(cast, thread, drafts, signed_in):
    await in_database(change_right, give, cast, "amy", Act.CONFIDE)
    amy = await drafts("amy")
    await amy.say(SECRET)
    again = await drafts("amy")
    await again.reads(SECRET)
    asked = {"kind": "sensitive", "client_id": str(uuid.uuid4()), "generation": 0, "seen": 1}

    def send(kind: str) -> Any:
        path = f"/workspace/conversations/{thread.pk}/draft/send/"
        return signed_in("amy").send(path, asked | {"kind": kind})

    answer = await in_database(send, "sensitive")
    assert (answer.status_code, answer.json()["sensitive"]) == (201, True)
    assert (await in_database(send, "sensitive")).status_code == 200  # the same once more
    assert (await in_database(send, "note")).status_code == 409
    await amy.reads("")
