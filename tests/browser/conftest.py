"""A whole Tandem with its demo data, and people before real browsers."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from tests import chromium as installed
from tests.browser.sessions import PASSWORD, session_of
from tests.stack.prepared import DEMO, Prepared
from tests.stack.processes import PROJECT, Up

FAILED = pytest.StashKey[bool]()
SCREENS = PROJECT / "var" / "test" / "screens"  # what people saw when a test failed
expect.set_options(timeout=20_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", action="store_true", help="draw docs/images anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report


# Of the package, not the session: Playwright holds an event loop, and coroutine tests that run
# later in the same process need their own.
@pytest.fixture(scope="package")
def live(prepared: Prepared) -> Iterator[Up]:
    """`manage.py up` with demo data, on a data directory and port of its own."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-browser-"))  # short: sockets lie in it
    up = Up(prepared.copy("demo", folder / "data"), LIMITS_SCALE="1000", **DEMO)
    try:
        yield up.wait_until_up()
    finally:
        up.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed.path(), args=installed.FLAGS)
        yield browser
        browser.close()


class Person:
    """Somebody before a browser of their own. What their console says is kept."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.complaints: list[str] = []
        self.page = self.watch(context.new_page())

    def watch(self, page: Page) -> Page:
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def enter(self, name: str) -> "Person":
        """Have the session of an agent, before any page is open."""
        self.context.add_cookies(
            [
                {"name": cookie.name, "value": cookie.value or "", "url": self.url}
                for cookie in session_of(self.url, name).cookies.jar
            ]
        )
        return self

    def sign_in(self, name: str) -> "Person":
        """An agent, before the workspace."""
        self.enter(name).go("/workspace/")
        return self

    def fill_in_the_form(self, name: str) -> "Person":
        page = self.go("/login/")
        page.locator("[name=username]").fill(name)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main button[type=submit], form:has([name=password]) button").last.click()
        expect(page).to_have_url(re.compile("/workspace/"))
        return self

    def ask(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(script, *arguments)


@pytest.fixture
def person(
    live: Up, chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Person]]:
    """`person(language="zh-CN")`: a new browser; what its console complained of fails the test."""
    people: list[Person] = []

    def make(
        language: str = "en-GB", *, quiet: bool = True, phone: bool = False, dark: bool = False
    ) -> Person:
        context = chromium.new_context(
            locale=language,
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
            has_touch=phone,
            accept_downloads=True,
        )
        context.set_default_timeout(20_000)
        made = Person(context, f"http://localhost:{live.port}")
        made.quiet = quiet  # type: ignore[attr-defined]
        people.append(made)
        return made

    yield make
    if request.node.stash.get(FAILED, False):
        SCREENS.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(people):
            name = re.sub(r"\W+", "-", request.node.name)
            one.page.screenshot(path=SCREENS / f"{name}-{number}.png")
    complaints = [text for one in people if one.quiet for text in one.complaints]  # type: ignore[attr-defined]
    for one in people:
        with suppress(Error):
            for page in one.context.pages:  # an answer still being made up would fail the next test
                page.unroute_all(behavior="ignoreErrors")
            one.context.close()
    assert complaints == []
