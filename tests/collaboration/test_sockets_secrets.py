"""What sockets tell of a thousand secrets: to those they are for, and to nobody else."""

# ruff: noqa: F811  (fixtures of the other file)

import json
from collections import Counter
from typing import Any

import pytest

from conversations.customers.commands import change_value
from tests import planting
from tests.collaboration.test_sockets import (  # noqa: F401
    Screen,
    cast,
    chats,
    in_database,
    sockets,
)
from tests.planting import Planted

pytestmark = pytest.mark.django_db(transaction=True)
AGENTS = ("supervisor", "senior", "trainee", "auditor", "eve")
# What a socket carries of a conversation; pages have the rest.
TOLD = [
    f"{whose} {thing}"
    for whose in planting.TALKS
    for thing in (
        "text", "note", "recalled", "file name", "note file name", "number", "number in a note",
        "typing", "confided", "confided file name",
    )
]  # fmt: skip


class Ears:
    """Somebody's socket, and what of all secrets it told."""

    def __init__(self, who: str, screen: Screen, planted: Planted) -> None:
        self.who = who
        self.screen = screen
        self.secrets = planted.secrets
        self.found: set[str] = set()

    async def next(self) -> dict[str, Any]:
        text = await self.screen.receive_from(timeout=10)
        self.found |= self.secrets.found_in(text)
        return json.loads(text)

    async def answer(self, conversation: str) -> str:
        """The kind of frame that answers a wish to watch."""
        while True:
            frame = await self.next()
            if frame["type"] in ("head", "access") and frame.get("conversation") == conversation:
                return frame["type"]

    async def hear_all(self) -> None:
        """All there is for them to hear, and what came beside it: nothing else."""
        known = self.secrets.known_to(self.who)
        while missing := (known & self.secrets.of(*TOLD)) - self.found:
            try:
                await self.next()
            except TimeoutError:
                raise AssertionError(f"{self.who} lacks {self.kinds(missing)}") from None
        while not self.screen.output_queue.empty():
            await self.next()
        assert self.found <= known, f"{self.who}: {self.kinds(self.found - known)}"

    def kinds(self, secrets: set[str]) -> Counter[str]:
        return Counter(self.secrets.kind[secret] for secret in secrets)


async def watch_all(planted: Planted, ears: Ears) -> None:
    """Open every conversation from its beginning, and have them all in the list."""
    talks = {whose: str(pk) for whose, pk in planted.conversations.items()}
    await ears.screen.tell(type="rows", conversations=list(talks.values()))
    await ears.screen.tell(type="listing", query="view=all")
    for whose, pk in talks.items():
        await ears.screen.tell(type="watch", conversation=pk, after=0)
        expected = "head" if ears.who in planting.TALKS[whose] else "access"
        assert await ears.answer(pk) == expected, f"{ears.who} watches {whose}"


def go_on(planted: Planted, whose: str) -> None:
    """Acts of all sorts in one conversation."""
    planting.say(planted, whose)
    planting.ask(planted, whose, look_at="email")
    new = planted.secrets.words("value", 5)
    customer, key = planted.sessions[whose].customer.pk, planted.fields[-1]
    boss = planted.people["admin"]
    change_value(agent=boss, customer=customer, key=key, text=new, version=2)


async def test_sockets_tell_each_what_is_for_them(cast, sockets, chats, settings):
    settings.LIMITS = {name: (10_000, seconds) for name, (_, seconds) in settings.LIMITS.items()}
    planted = await in_database(planting.plant, cast)
    vars(cast).update(planted.people)
    everybody = []
    for who in AGENTS:
        everybody.append(Ears(who, await sockets(who), planted))
        await watch_all(planted, everybody[-1])
    for who, inbox in (("lin", "shop"), ("max", "depot")):
        everybody.append(Ears(who, await chats(planted.tokens[who], key=inbox), planted))
    for ears in everybody:  # what they missed
        await ears.hear_all()

    for ears in everybody[-2:]:
        typed = planted.secrets.words(f"{ears.who} typing", 3)
        await ears.screen.tell(type="typing", typing=True, text=typed)
    for whose in ("lin", "max"):
        await in_database(go_on, planted, whose)
    for ears in everybody:
        await ears.hear_all()
    # Whatever was told to others than it is for was told before this.
    for whose in ("lin", "max"):
        await in_database(planting.note, planted, whose, 5)
    for ears in everybody:
        await ears.hear_all()
