"""The product's own pages in Chromium, at a conversation that socket clients use too."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests import chromium as installed
from tests.faults.harness.cast import INBOX
from tests.faults.harness.people import Person

SHOWN = """
() => [...document.querySelectorAll(
    "#entries [data-seq], [data-transcript] [data-seq]"
)].map((entry) => [Number(entry.dataset.seq), entry.textContent])
"""
STATES = """
(bodies) => {
    const places = [
        ...document.querySelectorAll("#entries [data-seq], [data-transcript] [data-seq]"),
        ...document.querySelectorAll(
            "#pending [data-client-id], [data-pending] [data-client-id]"
        ),
    ];
    return bodies.map((body) => places.filter((place) => place.textContent.includes(body))
        .map((place) => place.dataset.seq ? "shown" : place.dataset.state));
}
"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=installed.path(), args=installed.FLAGS
        )
        try:
            yield browser
        finally:
            await browser.close()


class Window:
    """One page of one person, never reloaded unless a test says so."""

    def __init__(self, person: Person, context: BrowserContext, page: Page) -> None:
        self.person = person
        self.context = context
        self.page = page

    @classmethod
    async def open(cls, browser: Browser, person: Person) -> "Window":
        context = await browser.new_context(locale="en-GB")
        context.set_default_timeout(60_000)
        origin = person.url("")
        if person.is_customer:
            token = person.headers["Authorization"].removeprefix("Bearer ")
            session = json.dumps({"token": token, "conversation": person.conversation})
            key = f"tandem.{INBOX}.session"
            await context.add_init_script(
                f"localStorage.setItem({json.dumps(key)}, {json.dumps(session)})"
            )
            path = f"/chat/{INBOX}/"
        else:
            pairs = [pair.split("=", 1) for pair in person.headers["Cookie"].split("; ")]
            await context.add_cookies(
                [{"name": name, "value": value, "url": origin} for name, value in pairs]
            )
            path = f"/workspace/conversations/{person.conversation}/"
        window = cls(person, context, await context.new_page())
        await window.page.goto(origin + path)
        await window.light("live")
        await window.page.evaluate("() => { window.neverReloaded = true; }")
        return window

    async def light(self, state: str, seconds: float = 60.0) -> None:
        """Wait until the page says how up to date it is."""
        await self.page.wait_for_function(
            "(state) => document.querySelector('[data-light]')?.dataset.state === state",
            arg=state,
            timeout=seconds * 1000,
        )

    async def write(self, body: str) -> None:
        """Write as a person does."""
        if self.person.is_customer:
            field = self.page.locator("[data-composer] textarea")
            await field.fill(body)
            await field.press("Enter")
        else:
            await self.page.locator("#composer-text").fill(body)
            await self.page.locator("#composer-text").press("Control+Enter")
            await self.page.wait_for_function(  # until then it is there, being sent
                "(body) => !document.querySelector('#composer-text').textContent.includes(body)",
                arg=body,
            )

    async def shown(self) -> list[tuple[int, str]]:
        """(number, text) of every entry from top to bottom."""
        return [(seq, text) for seq, text in await self.page.evaluate(SHOWN)]

    async def states(self, bodies: list[str]) -> list[list[str]]:
        """Where each message is: "shown", or the state of its copy on the way."""
        found: list[list[str]] = await self.page.evaluate(STATES, bodies)
        return found

    async def holds(self, stored: list[dict[str, Any]], seconds: float) -> None:
        """Fail unless it comes to show exactly these, once, in order, without a reload."""
        await self.page.wait_for_function(
            f"(last) => ({SHOWN})().some(([seq]) => seq === last)",
            arg=len(stored),
            timeout=seconds * 1000,
        )
        shown = await self.shown()
        assert [seq for seq, _ in shown] == list(range(1, len(stored) + 1)), self.person.name
        for (seq, text), entry in zip(shown, stored, strict=True):
            assert entry["body"] in text, f"{self.person.name}: {seq} shows {text!r}"
        assert await self.page.evaluate("() => window.neverReloaded === true")
