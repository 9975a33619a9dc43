"""Marks in what agents write: previewed, sent, seen by the customer, quoted."""

from playwright.sync_api import expect

from tests.browser.chats import Colleague, hosted
from tests.browser.workspaces import Desk


def test_a_marked_reply_is_previewed_sent_seen_and_quoted(live, person):
    lin = hosted(person())
    conversation = lin.begin("Is it **really** on its way?")
    desk = Desk(person().enter("agent1"), conversation)
    toggle = desk.page.get_by_role("button", name="Preview")
    pane = desk.page.locator("#composer .preview")
    expect(toggle).to_be_hidden()  # there is nothing to look at
    desk.field.press_sequentially("It left today:")
    desk.select(8, 13)
    desk.field.press("Control+b")
    desk.reads("It left **today**:")
    desk.field.press("Control+i")
    desk.reads("It left ***today***:")
    desk.field.press("Control+i")
    desk.field.press("End")
    desk.page.keyboard.insert_text("\n- by ship\n- by <b>rail</b>")

    height = desk.field.bounding_box()["height"]
    toggle.click()
    expect(pane.locator("strong")).to_have_text("today")
    expect(pane.locator("li")).to_have_text(["by ship", "by <b>rail</b>"])
    expect(toggle).to_have_attribute("aria-pressed", "true")
    assert pane.bounding_box()["height"] == height
    desk.page.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    expect(desk.field).to_be_focused()
    toggle.click()
    expect(pane).to_be_focused()
    desk.page.keyboard.press("Control+Enter")  # what one has just looked at can be sent
    expect(pane).to_be_hidden()
    desk.reads("")

    said = lin.entry("It left today:").locator(".bubble")
    expect(said.locator("strong")).to_have_text("today")
    expect(said.locator("li")).to_have_text(["by ship", "by <b>rail</b>"])
    assert lin.said()[0] == "Is it **really** on its way?"
    sent = desk.entry("It left today:")
    sent.locator(".bubble").hover()
    desk.page.locator("[data-tool=quote]").click()
    desk.reads("> It left today:\n> \n> by ship\n> by <b>rail</b>\n\n")


def test_a_note_offers_the_tags_in_use(live, person):
    lin = hosted(person())
    conversation = lin.begin("Hello")
    Colleague(live.port, "senior").act(
        conversation, "tags", tags=["Gift wrap", "Wrapped"], instead_of=[]
    )
    desk = Desk(person().enter("agent1"), conversation)
    offered = desk.page.locator("#composer [role=option]")
    desk.field.press_sequentially("Is it #wrap")
    desk.turn_to("note")
    desk.field.press_sequentially("See #wrap")
    expect(offered.first).to_have_text("Wrapped")  # what begins with it comes first
    expect(offered).to_have_text(["Wrapped", "Gift wrap"])
    desk.field.press("ArrowDown")
    desk.field.press("Enter")
    desk.reads("See #Gift wrap ")
    expect(offered.first).to_be_hidden()
    desk.field.press_sequentially("and #wrap")
    expect(offered.first).to_be_visible()
    desk.field.press("Control+Enter")
    expect(offered.first).to_be_hidden()  # with what it was offered for
    desk.turn_to("reply")
    desk.reads("Is it #wrap")
