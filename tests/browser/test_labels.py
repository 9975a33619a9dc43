"""Tags and the issue type in the panel: written by keyboard, live on every colleague's screen."""

import uuid

from playwright.sync_api import expect

from tests.browser.workspaces import Customer, Desk


def test_labels_are_set_by_keyboard_and_seen_by_colleagues(live, person):
    lin = Customer(live.port)
    lin.says("Hello")
    desk = Desk(person().enter("senior"), lin.conversation)
    colleague = Desk(person().enter("agent1"), lin.conversation).page
    page, mark = desk.page, uuid.uuid4().hex[:6]
    field, offered = page.locator("#add-tag"), page.locator("#labels-offer [role=option]")
    chips = page.locator("#label-tags [data-tag]:has([data-untag])")
    seen = colleague.locator("#label-tags [data-tag]")

    # From the palette to the field; two tags, one right after the other.
    page.keyboard.press("Control+k")
    page.locator("#palette [data-search]").fill("add a tag")
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    for word in ("late", "急"):
        field.fill(f"{word} {mark}")
        expect(offered.last).to_contain_text(f"New: {word} {mark}")
        field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
        expect(field).to_have_value(f"{word} {mark}")  # the input method's Enter, not ours
        field.press("Enter")
    expect(chips).to_have_text([f"late {mark}", f"急 {mark}"])
    expect(seen).to_have_text([f"late {mark}", f"急 {mark}"])
    expect(desk.entry(f"tagged the conversation: late {mark}")).to_have_count(1)

    # What is half written stays when the panel is drawn anew.
    field.fill("half")
    lin.says("Are you there?")
    colleague.locator("#composer input[value=note]").check(force=True)
    colleague.locator("#composer-text").fill("A note")
    colleague.locator("#composer-text").press("Control+Enter")
    expect(page.locator(".panel-notes")).to_contain_text("A note")
    expect(field).to_have_value("half")

    # The type: a new one, then one of those in use; leaving the field changes nothing.
    kind = page.locator("#issue-type")
    kind.fill(f"Type {mark}")
    kind.press("Enter")
    expect(colleague.locator("#panel-labels")).to_contain_text(f"Type {mark}")
    kind.fill("some")
    field.focus()
    expect(kind).to_have_value(f"Type {mark}")
    kind.fill(f"type {mark}".upper())
    expect(offered.first).to_have_attribute("aria-selected", "true")
    kind.press("Escape")
    page.locator("[data-no-type]").click()
    expect(colleague.locator("#panel-labels")).not_to_contain_text(f"Type {mark}")
    expect(kind).to_have_value("")

    # Off again, by keyboard: the focus goes on to the next one.
    chips.first.locator("[data-untag]").focus()
    page.keyboard.press("Enter")
    expect(seen).to_have_text([f"急 {mark}"])
    expect(chips.first.locator("[data-untag]")).to_be_focused()
