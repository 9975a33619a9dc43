"""The workspace on a phone: three screens, all of it within reach of a thumb."""

import pytest
from playwright.sync_api import expect

from tests.browser.workspaces import Customer, Desk, do

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


def test_so_is_what_stands_in_the_panel(live, person):
    lin = Customer(live.port)
    lin.says("Hello")
    tags = ["VIP", "A tag that is much longer than the line on which it stands on a phone"]
    do(live, "senior", lin, "tags", tags=tags)
    do(live, "senior", lin, "issue-type", issue_type="Orders")
    desk = Desk(person(phone=True).enter("senior"), lin.conversation)
    desk.page.locator("header [data-show=panel]").click()
    expect(desk.page.locator("#panel [data-untag]")).to_have_count(2)
    expect(desk.page.locator("#panel [data-show=talk]")).to_be_in_viewport(ratio=1)
    assert desk.agent.ask(SMALL, "#panel") == []


def test_so_is_what_stands_below_the_list_and_with_files(live, person):
    lin = Customer(live.port)
    lin.says("Hello")
    desk = Desk(person(phone=True).enter("senior"), lin.conversation)
    note = {"name": "list.csv", "mimeType": "text/csv", "buffer": b"a,b"}
    desk.page.locator("#composer [data-picker]").set_input_files([note])
    remove = desk.page.locator("#composer .upload [data-act=remove]")
    expect(remove).to_be_visible()
    assert remove.bounding_box()["height"] >= THUMB
    page = desk.agent.go("/workspace/?view=all")
    page.locator("#pick-mode").click()
    page.locator("#rows .pick").first.click()
    expect(page.locator("#bulk [data-bulk=resolve]")).to_be_visible()
    assert desk.agent.ask(SMALL, "#bulk .chosen, #bulk-acts") == []


@pytest.mark.parametrize("path", ["/approvals/", "/settings/canned/", "/reports/"])
def test_so_is_what_stands_on_other_pages(person, path):
    leader = person(phone=True).enter("supervisor")
    leader.go(path)
    assert leader.ask(SMALL, "main") == []


def test_one_endless_word_hides_nothing(live, person):
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbau"
    lin = Customer(live.port, name=word)
    lin.says(word * 5)
    do(live, "senior", lin, "issue-type", issue_type=word)
    desk = Desk(person(phone=True).enter("senior"), lin.conversation)
    event = desk.entry("set the issue type")
    expect(event).to_be_in_viewport(ratio=1)
    assert event.evaluate("(event) => event.scrollWidth <= event.clientWidth")
    desk.page.locator("header [data-show=panel]").click()
    desk.page.locator("#panel [data-show=talk]").click()
    expect(desk.field).to_be_in_viewport()


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
