"""The main job: a customer and two agents in one live conversation, in both languages."""

import io
import re
import uuid

import pytest
from PIL import Image
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.conftest import Person


def picture() -> dict[str, object]:
    out = io.BytesIO()
    Image.new("RGB", (80, 60), "teal").save(out, "PNG")
    return {"name": "label.png", "mimeType": "image/png", "buffer": out.getvalue()}


class Shop:
    """Lin on the shop page, with the widget."""

    def __init__(self, lin: Person) -> None:
        self.lin = lin
        self.open()

    def open(self) -> None:
        page = self.lin.go("/demo/")
        page.locator("button.launcher").click()
        self.chat: FrameLocator = page.frame_locator("iframe[src*='/chat/demo/']")
        expect(self.chat.locator("textarea")).to_be_visible()

    def write(self, text: str) -> None:
        self.chat.locator("textarea").fill(text)
        self.chat.locator("textarea").press("Enter")

    def said(self) -> list[str]:
        """The texts on her screen, in the order of their numbers."""
        return self.chat.locator("[data-transcript] [data-seq] .bubble").all_inner_texts()

    def message(self, text: str):
        return self.chat.locator("[data-transcript] [data-seq]", has_text=text)


def row(page: Page, text: str):
    return page.locator("li.row", has_text=text)


def write(page: Page, text: str, mode: str = "reply") -> None:
    page.locator(f"#composer input[value={mode}]").check(force=True)
    page.locator("#composer-text").fill(text)
    page.locator("#composer-text").press("Control+Enter")


def entry(page: Page, text: str):
    return page.locator("#entries [data-seq]", has_text=text)


WORDS = {
    "en-GB": ("Where is my parcel?", "Let me look.", "It left this morning.", "check the depot"),
    "zh-CN": ("我的包裹到哪了?", "我看一下。", "今天早上已发出。", "问一下仓库"),
}


@pytest.mark.parametrize("language", WORDS)
def test_a_customer_and_two_agents(person, language):
    question, first, second, inside = WORDS[language]
    mark = uuid.uuid4().hex[:6]
    question = f"{question} {mark}"

    one, two = (person(language).fill_in_the_form(name) for name in ("agent1", "agent2"))
    for agent in (one, two):
        agent.page.locator("#tabs [data-view=unassigned]").click()
        expect(agent.page.locator("#tabs [data-view=unassigned]")).to_have_attribute(
            "aria-current", re.compile("true|page")
        )
    shop = Shop(person(language))

    # The customer writes: unread for both agents, without a reload.
    shop.write(question)
    expect(shop.message(question)).to_have_count(1)
    for agent in (one, two):
        expect(row(agent.page, mark)).to_have_count(1)
        expect(row(agent.page, mark).locator("[data-badge]")).to_have_text("1")

    # One claims, the other joins.
    for agent in (one, two):
        row(agent.page, mark).locator("a").click()
        expect(entry(agent.page, question)).to_be_visible()
    one.page.locator("[data-act=claim]").click()
    expect(one.page.locator("[data-act=claim]")).to_have_count(0)
    expect(two.page.locator("[data-act=claim]")).to_have_count(0)
    two.page.locator("[data-act=join]").click()
    expect(two.page.locator("#acts-menu [data-act=leave]")).to_be_attached()
    expect(one.page.locator("#people [data-state]")).to_have_count(1)

    # Typing shows on the other's screen and on the customer's.
    one.page.locator("#composer-text").press_sequentially("L")
    expect(two.page.locator("#people [data-state=reply]")).to_have_count(1)
    expect(shop.chat.locator("[data-typing]")).to_be_visible()

    # Both write; everybody sees both, in one order.
    write(one.page, first)
    expect(entry(two.page, first)).to_be_visible()
    write(two.page, second)
    expect(entry(one.page, second)).to_be_visible()
    expect(shop.message(second)).to_be_visible()
    said = shop.said()
    assert [text.strip() for text in said if text.strip() in (question, first, second)] == [
        question,
        first,
        second,
    ]

    # A note stays inside.
    write(one.page, inside, mode="note")
    expect(entry(two.page, inside)).to_have_attribute("data-kind", "note")

    # A file each way.
    shop.chat.locator("[data-picker]").set_input_files(picture())
    shop.write("")
    expect(two.page.locator("#entries [data-kind=message] img")).to_be_visible()
    one.page.locator("#composer input[value=reply]").check(force=True)
    one.page.locator("#composer [data-picker]").set_input_files(
        {"name": "invoice.txt", "mimeType": "text/plain", "buffer": b"total 12.00"}
    )
    expect(one.page.locator("[data-uploads=reply] li[data-state=done]")).to_have_count(1)
    write(one.page, "invoice")
    expect(shop.chat.locator("[data-transcript]")).to_contain_text("invoice.txt")

    # Resolved: told to everybody, and gone from the list of open ones.
    one.page.locator("[data-act=resolve]").click()
    expect(two.page.locator("[data-act=reopen]")).to_be_visible()
    expect(shop.chat.locator("[data-transcript] [data-kind=event]")).to_have_count(1)

    # The customer returns and finds the history, without the note.
    shop.open()
    for text in (question, first, second):
        expect(shop.message(text)).to_have_count(1)
    expect(shop.chat.locator("[data-transcript] [data-kind=event]")).to_have_count(1)
    assert inside not in shop.chat.locator("body").inner_text()

    # What she writes now opens it again, on every screen.
    shop.write(f"one more thing {mark}")
    expect(one.page.locator("[data-act=resolve]")).to_be_visible()
    expect(entry(one.page, "one more thing")).to_be_visible()

    # Every screen holds the same numbers, once, in order.
    numbers = [
        [
            int(n)
            for n in agent.page.locator("#entries [data-seq]").evaluate_all(
                "all => all.map(one => one.dataset.seq)"
            )
        ]
        for agent in (one, two)
    ]
    assert numbers[0] == numbers[1] == list(range(1, len(numbers[0]) + 1))
