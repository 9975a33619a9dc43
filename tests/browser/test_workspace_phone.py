"""The workspace on a phone: three screens, all of it within reach of a thumb."""

import pytest
from playwright.sync_api import expect

from tests.browser.workspaces import Customer, Desk

THUMB = 44  # pixels
SMALL = """(root) => [...document.querySelectorAll(root)]
  .flatMap((element) => [...element.querySelectorAll("button, a, summary, .modes label")])
  .filter((element) => element.checkVisibility() && !element.closest("#entries, .popover, .unseen"))
  .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.height < 43.5 || box.width < 43.5))
  .map(([html, box]) => `${Math.round(box.width)}×${Math.round(box.height)} ${html}`)"""


@pytest.fixture
def phone(live, person) -> Desk:
    amy = person(phone=True).enter("agent1")
    lin = Customer(live.port)
    for number in range(30):
        lin.says(f"Message {number}.")
    return Desk(amy, lin.conversation)


def test_what_one_presses_is_large_enough(phone):
    assert phone.agent.ask(SMALL, ".talk > header, #composer") == []


def test_nothing_is_wider_than_the_screen(phone):
    page = phone.page
    for step in ("[data-more]", None):
        if step:
            page.locator(step).click()
        assert phone.agent.ask("document.documentElement.scrollWidth") == 390
    page.keyboard.press("Escape")
    phone.act("transfer")
    box = phone.dialog("people").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_the_composer_stays_above_the_keyboard(phone):
    phone.field.focus()
    phone.page.set_viewport_size({"width": 390, "height": 430})  # the keyboard takes the rest
    expect(phone.field).to_be_in_viewport(ratio=1)
    expect(phone.page.locator("[data-send]")).to_be_in_viewport(ratio=1)
    expect(phone.entry("Message 29.")).to_be_in_viewport()


def test_an_act_from_the_menu_and_back_to_the_list(phone):
    phone.act("snooze")
    phone.dialog("snooze").locator("[value='3h']").click()
    expect(phone.page.locator("#talk-who .chip")).to_have_text("Snoozed")
    phone.page.locator("header [data-show=panel]").click()
    expect(phone.page.locator("#panel")).to_be_in_viewport()
    phone.page.locator("#panel [data-show=talk]").click()
    phone.page.locator("[data-back]").click()
    expect(phone.page.locator(".list")).to_be_visible()


def test_touching_a_message_offers_what_can_be_done_with_it(phone):
    phone.entry("Message 29.").locator(".bubble").tap()
    phone.page.locator("[data-tool=quote]").tap()
    phone.reads("> Message 29.\n\n")
