"""An agent before the workspace, and customers who write to it by plain requests."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Person
from tests.browser.sessions import csrf_token, session_of
from tests.stack.processes import Up


class Customer:
    """Lin, without a browser."""

    def __init__(self, port: int, name: str = "") -> None:
        self.http = httpx.Client(base_url=f"http://localhost:{port}/chat/demo/", trust_env=False)
        named = {"name": name or f"Lin {uuid.uuid4().hex[:6]}"}
        begun = self.http.post("session", json=named).json()
        self.http.headers["Authorization"] = f"Bearer {begun['token']}"
        self.conversation: str = begun["conversation"]

    def says(self, text: str) -> None:
        message = {"client_id": str(uuid.uuid4()), "body": text}
        assert self.http.post("messages", json=message).status_code == 201


# What the editor shows, without colleagues' carets, and what is selected in it.
TEXT = """() => {
  const view = document.querySelector("#composer-text");
  const lines = [...view.querySelectorAll(".cm-line")].map((line) => {
    const copy = line.cloneNode(true);
    for (const caret of copy.querySelectorAll(".caret, img")) caret.remove();
    return copy.textContent;
  });
  return lines.join("\\n");
}"""
SELECT = """([from, to]) => {
  const place = (at) => {
    for (const line of document.querySelectorAll("#composer-text .cm-line")) {
      if (at <= line.textContent.length) return [line.firstChild ?? line, at];
      at -= line.textContent.length + 1;
    }
  };
  getSelection().setBaseAndExtent(...place(from), ...place(to));
}"""


def until(page: Page, state: Callable[[], Any]) -> None:
    """Wait for what the test itself was told of; the page goes on meanwhile."""
    for _ in range(1_000):
        if state():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it did not come about")


class Desk:
    """The workspace on an agent's screen, with a conversation open."""

    def __init__(self, agent: Person, conversation: str) -> None:
        self.agent = agent
        self.page = agent.go(f"/workspace/conversations/{conversation}/")
        self.field = self.page.locator("#composer-text")
        self.pending = self.page.locator("#pending > li")
        self.entries = self.page.locator("#entries > [data-seq]")
        self.light = self.page.locator("main [data-light]")
        self.is_live()
        expect(self.page.locator("textarea#composer-text")).to_have_count(0)  # it is the editor

    def is_live(self) -> None:
        expect(self.light).to_have_attribute("data-state", "live")

    def turn_to(self, mode: str) -> None:
        self.page.locator(f"#composer input[value={mode}]").check(force=True)

    def text(self) -> str:
        return self.page.evaluate(TEXT)

    def reads(self, text: str) -> None:
        """The composer has this text, exactly."""
        self.page.wait_for_function(f"text => ({TEXT})() === text", arg=text)

    def is_saved(self) -> None:
        """What is written is durable."""
        expect(self.page.locator("[data-kept]")).to_have_attribute("data-kept", "saved")

    def select(self, start: int, end: int) -> None:
        """Select a part of the composer's text; its lines have no parts of their own."""
        self.field.focus()
        self.page.evaluate(SELECT, [start, end])

    def write(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Control+Enter")

    def act(self, name: str) -> None:
        """Press an act's button, in the head or in its menu."""
        button = self.page.locator(f"#talk-acts > [data-act='{name}']")
        inside = self.page.locator(f"#acts-menu [data-act='{name}']")
        expect(button.or_(inside).first).to_be_attached()
        if not button.count():
            self.page.locator("[data-more]").click()
            button = inside
        button.click()

    def press(self, *keys: str) -> None:
        """Keys that are for no field."""
        self.page.locator("#stream").focus()
        for key in keys:
            self.page.keyboard.press(key)

    def dialog(self, name: str) -> Locator:
        return self.page.locator(f"#{name}-dialog[open]")

    def entry(self, text: str) -> Locator:
        return self.page.locator("#entries > [data-seq]", has_text=text)

    def said(self) -> list[str]:
        return self.page.locator("#entries .bubble").all_inner_texts()

    def numbers(self) -> list[int]:
        return self.agent.ask(
            "[...document.querySelectorAll('#entries > [data-seq]')].map((e) => +e.dataset.seq)"
        )


def do(live: Up, name: str, lin: Customer, act: str, **data: Any) -> None:
    """An agent acts on Lin's conversation, elsewhere."""
    client = session_of(f"http://localhost:{live.port}", name)
    token = csrf_token(client, "/workspace/")
    path = f"/workspace/conversations/{lin.conversation}/{act}/"
    answer = client.post(path, json=data, headers={"X-CSRFToken": token})
    assert answer.is_success or answer.is_redirect, answer.text[:500]
