"""Modes before real browsers: the floor is taken and given back while somebody writes."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.browser.workspaces import Customer, Desk
from tests.stack.processes import Up

MINE = "I was about to say this"


def switch(desk: Desk, mode: str) -> None:
    desk.page.locator("[data-more]").click()
    desk.page.locator(f"#acts-menu [data-act='mode'][value='{mode}']").click()


def test_a_composer_closes_with_its_text_and_opens_again(
    live: Up, person: Callable[..., Person]
) -> None:
    lin = Customer(live.port)
    lin.says("Where is my order?")
    lead = Desk(person().enter("agent1"), lin.conversation)
    other = Desk(person("zh-CN").enter("agent2"), lin.conversation)
    lead.act("claim")
    expect(lead.entry("took the conversation")).to_be_visible()
    other.field.fill(MINE)

    switch(lead, "lead")
    expect(other.page.locator("#talk-mode")).to_contain_text("主答回复")
    expect(other.page.locator("[data-closed=reply]")).to_contain_text("主答")
    expect(other.field).to_have_attribute("aria-readonly", "true")
    other.reads(MINE)
    other.field.press("Control+Enter")
    expect(other.pending).to_have_count(0)
    other.reads(MINE)

    other.page.locator("[data-turn=note]").click()
    other.write("Tell her it left yesterday")
    expect(lead.entry("Tell her it left yesterday")).to_be_visible()
    lead.reads(MINE)  # the lead goes on with what is there
    lead.field.press("Control+End")
    lead.field.press_sequentially(": yes")
    lead.field.press("Control+Enter")
    expect(other.entry(f"{MINE}: yes")).to_be_visible()

    switch(lead, "open")
    expect(other.page.locator("[data-closed=reply]")).to_have_count(0)
    other.turn_to("reply")
    other.reads("")
    expect(other.field).to_have_attribute("aria-readonly", "false")
    other.write(MINE)
    expect(lead.entry(MINE)).to_have_count(2)
    told = lin.http.get("entries").json()["entries"]
    assert [entry["body"] for entry in told if entry["kind"] == "reply"] == [
        f"{MINE}: yes",
        MINE,
    ]
    assert {entry["kind"] for entry in told} == {"message", "reply"}, "modes are ours"


def test_switched_off_in_the_settings_it_ends_on_open_screens_and_comes_back(
    live: Up, person: Callable[..., Person]
) -> None:
    lin = Customer(live.port)
    lin.says("Hello?")
    lead = Desk(person().enter("agent1"), lin.conversation)
    other = Desk(person().enter("agent2"), lin.conversation)
    lead.act("claim")
    expect(lead.entry("took the conversation")).to_be_visible()
    other.field.fill(MINE)
    admin = person().enter("admin")
    settings = admin.go("/settings/collaboration/")
    try:
        settings.locator("[name=enabled]").uncheck()
        settings.get_by_role("button", name="Save").click()
        expect(settings.get_by_role("status")).to_contain_text("Saved")
        expect(other.page.locator("[data-closed=reply]")).to_be_visible()
        expect(other.field).to_have_attribute("aria-readonly", "true")
        other.reads(MINE)
    finally:
        settings.locator("[name=enabled]").check()
        settings.get_by_role("button", name="Save").click()
    expect(other.page.locator("[data-closed=reply]")).to_have_count(0)
    other.reads(MINE)
    lead.reads(MINE)
    expect(other.field).to_have_attribute("aria-readonly", "false")


def test_an_inboxs_page_previews_adds_hours_and_saves(
    live: Up, person: Callable[..., Person]
) -> None:
    admin = person().enter("admin")
    page = admin.go("/settings/inboxes/")
    page.get_by_role("link", name="Trade orders 批发采购", exact=True).click()
    frame = page.frame_locator("#preview-frame")
    page.locator("[name=greeting]").fill("Good morning!")
    expect(frame.locator(".welcome")).to_contain_text("Good morning!")
    page.locator("[name=position][value=left]").check()
    expect(frame.locator("body")).to_have_attribute("data-side", "left")
    sunday = page.locator("[data-day=sun]")
    sunday.locator("[data-add]").click()
    expect(sunday.locator("[name=sun-begin]")).to_have_value("09:00")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("saved=1"))
    expect(sunday.locator("[name=sun-end]")).to_have_value("18:00")
    expect(page.locator(".changed-by")).to_contain_text("Changed by")
    sunday.locator("[data-remove]").click()
    page.get_by_role("button", name="Save").click()
    expect(sunday.locator("[name=sun-end]")).to_have_count(0)
    page.locator("[data-copies=snippet]").click()
    expect(page.locator("#toasts")).to_contain_text(re.compile("copied", re.IGNORECASE))
    page.locator("details summary", has_text="Make a new one").click()
    page.get_by_role("button", name="Make a new secret").click()
    expect(page.locator("#new-secret")).to_have_text(re.compile(r"^[\w-]{40,}$"))
