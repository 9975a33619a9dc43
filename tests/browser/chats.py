"""What tests of the customer's chat share: the chat on a screen, and an agent without one."""

import uuid
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.sessions import csrf_token, session_of


class Chat:
    """The customer's chat, on the hosted page or in the widget's frame."""

    def __init__(self, screen: Page | FrameLocator) -> None:
        self.screen = screen
        self.field = screen.locator("[data-field]")
        self.light = screen.locator("[data-light]")
        self.pending = screen.locator("[data-pending] > li")
        self.entries = screen.locator("[data-transcript] > [data-seq]")

    def write(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def entry(self, text: str) -> Locator:
        return self.entries.filter(has_text=text)

    def attach(self, *files: dict[str, Any]) -> None:
        self.screen.locator("[data-picker]").set_input_files(list(files))

    def numbers(self) -> list[int]:
        return [int(entry.get_attribute("data-seq") or 0) for entry in self.entries.all()]

    def said(self) -> list[str]:
        return [text.strip() for text in self.entries.locator(".bubble").all_inner_texts()]

    def begin(self, text: str) -> str:
        """Write the first message. Returns the conversation's id."""
        self.write(text)
        expect(self.entry(text)).to_have_count(1)
        transcript = self.screen.locator("[data-transcript]")
        return transcript.get_attribute("data-conversation") or ""


def hosted(person: Any, path: str = "/chat/demo/") -> Chat:
    return Chat(person.go(path))


def widget(person: Any, path: str = "/demo/") -> Chat:
    """The chat in the widget, opened by its button."""
    page = person.go(path) if path else person.page
    page.locator("button.launcher").click()
    chat = Chat(page.frame_locator("iframe[src*='/chat/demo/']"))
    expect(chat.field).to_be_enabled()  # its script is there
    return chat


class Colleague:
    """An agent who works by HTTP alone."""

    def __init__(self, port: int, name: str = "agent1") -> None:
        self.client = session_of(f"http://localhost:{port}", name)
        token = csrf_token(self.client, "/profile/")
        self.headers = {"X-CSRFToken": token, "Accept": "application/json"}

    def act(self, conversation: str, act: str, **data: Any) -> dict[str, Any]:
        url = f"/workspace/conversations/{conversation}/{act}/"
        answer = self.client.post(url, json=data, headers=self.headers)
        assert answer.status_code in (200, 201), answer.text[:500]
        return answer.json()

    def says(self, conversation: str, body: str, kind: str = "messages", **data: Any) -> None:
        self.act(conversation, kind, body=body, client_id=str(uuid.uuid4()), **data)

    def upload(self, conversation: str, name: str, content: bytes) -> str:
        url = f"/workspace/conversations/{conversation}/files/"
        answer = self.client.post(url, files={"file": (name, content)}, headers=self.headers)
        assert answer.status_code == 201, answer.text[:500]
        return answer.json()["id"]
