"""One key, one act; the palette and the sheet; fields and input methods keep their keys."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.workspaces import Customer, Desk, do


@pytest.fixture
def lin(live) -> Customer:
    lin = Customer(live.port)
    lin.says("Where is my order?")
    return lin


def test_r_and_n_turn_to_the_field(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.press("n")
    expect(desk.field).to_be_focused()
    expect(desk.page.locator("#composer")).to_have_attribute("data-mode", "note")
    desk.page.keyboard.type("ren")  # letters are letters here
    desk.reads("ren")
    desk.page.keyboard.press("Escape")
    desk.press("r")
    expect(desk.page.locator("#composer")).to_have_attribute("data-mode", "reply")
    desk.reads("")


def test_e_resolves_and_the_colleague_sees_it(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    other = Desk(person().enter("agent2"), lin.conversation)
    desk.press("e")
    expect(other.entry("resolved the conversation")).to_be_visible()
    expect(other.page.locator("#talk-who .chip")).to_have_text("Resolved")
    expect(desk.page.locator("#talk-acts > [data-act=reopen]")).to_be_visible()


def test_a_transfer_with_its_note_by_keys_alone(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    other = Desk(person().enter("agent2"), lin.conversation)
    desk.press("t")
    dialog = desk.dialog("people")
    expect(dialog.locator("[data-search]")).to_be_focused()
    desk.page.keyboard.type("周明")
    expect(dialog.locator("[role=option]").filter(visible=True)).to_have_count(1)
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("Knows the invoices")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    note = other.entry("Knows the invoices")
    expect(note).to_have_attribute("data-kind", "note")
    expect(other.page.locator("#talk-who")).to_contain_text("周明")


def test_assigning_and_inviting_by_name(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.press("a")
    expect(desk.dialog("people")).to_be_visible()
    desk.page.keyboard.type("林晓")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#talk-who")).to_contain_text("林晓")
    desk.press("i")
    expect(desk.dialog("people")).to_be_visible()
    desk.page.keyboard.press("ArrowDown")
    name = desk.page.locator("#people-dialog [aria-selected=true] > span").last.inner_text()
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#participants")).to_contain_text(name)


def test_who_was_slower_is_told_who_was_faster(person, lin):
    desk = Desk(person(quiet=False).enter("agent1"), lin.conversation)
    other = person().enter("agent2")
    desk.press("a")
    expect(desk.dialog("people")).to_be_visible()
    # The head of this screen must not learn of it before the dialog is sent.
    desk.agent.context.route("**/parts/", lambda route: route.abort())
    Desk(other, lin.conversation).act("claim")
    expect(desk.entry("took the conversation")).to_be_attached()
    desk.page.keyboard.type("Mia")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(".toast", has_text="became responsible")).to_be_visible()
    expect(desk.dialog("people")).to_be_visible()


def test_snoozing_and_waking_by_the_customer(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.press("z")
    desk.dialog("snooze").locator("[value=tomorrow]").click()
    expect(desk.page.locator("#talk-who .chip")).to_have_text("Snoozed")
    lin.says("Still here")
    expect(desk.page.locator("#talk-who .chip")).to_have_text("Open")


def test_spam_is_asked_about_and_taken_back(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.press("s")
    desk.page.keyboard.press("Escape")
    expect(desk.dialog("spam")).to_be_hidden()
    desk.press("s")
    desk.dialog("spam").locator("[data-do]").click()
    expect(desk.page.locator("#talk-who .chip").first).to_have_text("Resolved")
    desk.act("not-spam")
    expect(desk.page.locator("#talk-who .chip").first).to_have_text("Open")


def test_blocking_and_unblocking(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.act("block")
    desk.page.locator("#block-dialog [name=reason]").fill("Rude")
    desk.dialog("block").locator("[data-do]").click()
    expect(desk.page.locator("#acts-menu [data-act=unblock]")).to_be_attached()
    desk.act("unblock")
    expect(desk.page.locator("#acts-menu [data-act=block]")).to_be_attached()


def test_a_priority_is_chosen_in_the_menu(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.page.locator("[data-more]").click()
    urgent = desk.page.locator("#acts-menu [value=urgent]")
    urgent.click()
    expect(urgent).to_have_attribute("aria-pressed", "true")


def test_what_is_marked_unread_is_left_and_unread(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.act("claim")
    expect(desk.entry("took the conversation")).to_be_attached()
    desk.press("u")
    expect(desk.page.locator("#composer")).to_have_count(0)
    row = desk.page.locator(f"#row-{lin.conversation} [data-badge]")
    expect(row).to_have_text("1")


def test_the_palette_finds_acts_views_and_pages(person, lin):
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.field.focus()
    desk.page.keyboard.press("Control+k")
    palette = desk.page.locator("#palette")
    expect(palette).to_be_visible()
    for text, found in (
        ("snooz", "Snooze…"),
        ("canned", "Canned replies"),
        ("approv", "Approvals"),
        ("简体", "简体中文"),
    ):
        palette.locator("[data-search]").fill(text)
        expect(palette.locator("[role=option] [data-label]", has_text=found).first).to_be_visible()
    palette.locator("[data-search]").fill("nothing like this")
    expect(palette.locator("[data-none]")).to_be_visible()
    palette.locator("[data-search]").fill("resolve")
    desk.page.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    expect(desk.entry("resolved the conversation")).to_be_attached()


def test_the_sheet_says_the_keys_and_switches_them_off(person, lin):
    desk = Desk(person(language="zh-CN").enter("agent1"), lin.conversation)
    desk.press("?")
    sheet = desk.page.locator("#keys")
    expect(sheet.locator("h2")).to_have_text("键盘快捷键")
    sheet.locator("[data-single-keys]").uncheck()
    desk.page.keyboard.press("Escape")
    desk.press("n")
    expect(desk.field).not_to_be_focused()
    desk.page.keyboard.press("Control+k")
    expect(desk.page.locator("#palette")).to_be_visible()


def test_an_input_method_keeps_its_keys(person, lin):
    amy = person().enter("agent1")
    desk = Desk(amy, lin.conversation)
    desk.page.locator("#stream").focus()
    keyboard = amy.context.new_cdp_session(amy.page)
    for key in ("e", "n", "s"):
        keyboard.send(
            "Input.dispatchKeyEvent",
            {"type": "rawKeyDown", "key": key, "windowsVirtualKeyCode": 229},
        )
    amy.page.keyboard.press("r")  # the first key that is a key
    expect(desk.field).to_be_focused()
    expect(desk.page.locator("#composer")).to_have_attribute("data-mode", "reply")
    expect(desk.dialog("spam")).to_have_count(0)
    expect(desk.entry("resolved")).to_have_count(0)


def test_shift_e_resolves_and_goes_on_with_the_next(live, person, lin):
    other = Customer(live.port)
    other.says("Me too")
    desk = Desk(person().enter("agent1"), other.conversation)
    desk.page.goto(
        f"{desk.agent.url}/workspace/conversations/{other.conversation}/?view=unassigned"
    )
    desk.is_live()
    desk.press("E")
    expect(desk.page).not_to_have_url(re.compile(other.conversation))
    expect(desk.page).to_have_url(re.compile("/workspace/conversations/.+"))
    expect(desk.page.locator("#composer")).to_be_visible()
    gone = desk.page.locator(f"#row-{other.conversation}:not([data-leaving])")
    expect(gone.locator("[aria-current]")).to_have_count(0)


def test_j_and_k_walk_through_the_list_and_enter_opens(live, person, lin):
    amy = person().enter("agent1")
    page = amy.go("/workspace/?view=all")
    rows = page.locator("#rows > .row > a")
    expect(rows.nth(2)).to_be_visible()
    page.keyboard.press("j")
    expect(rows.first).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.first).to_be_focused()
    name = rows.first.locator(".name").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("#talk-who h1")).to_have_text(name)


def test_merging_goes_on_in_the_other_conversation(person, lin):
    first = lin.conversation
    amy = person().enter("agent1")
    Desk(amy, first).act("resolve")
    expect(amy.page.locator("#talk-who .chip").first).to_have_text("Resolved")
    begun = lin.http.post("conversations", json={}).json()
    lin.says("One more thing")
    desk = Desk(amy, begun["conversation"])
    desk.act("merge")
    option = desk.dialog("merge").locator("[name=into]")
    expect(option).to_have_count(1)
    expect(desk.dialog("merge").locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    option.check()
    desk.dialog("merge").locator("[data-do]").click()
    expect(amy.page).to_have_url(re.compile(first))
    expect(desk.entry("merged")).to_be_attached()
    expect(desk.page.locator("#composer")).to_be_visible()


def test_what_was_merged_is_read_and_leads_on(live, person, lin):
    first = lin.conversation
    do(live, "agent1", lin, "resolve")
    second = lin.http.post("conversations", json={}).json()["conversation"]
    lin.says("One more thing")
    amy = person().enter("agent1")
    watcher = Desk(person().enter("agent2"), second)
    desk = Desk(amy, second)
    desk.write("I shall look")
    desk.act("merge")
    desk.dialog("merge").locator("[name=into]").check()
    desk.dialog("merge").locator("[data-do]").click()
    expect(amy.page).to_have_url(re.compile(first))
    desk.page.get_by_role("link", name="merged another conversation").click()
    expect(amy.page).to_have_url(re.compile(second))
    for screen in (watcher, Desk(amy, second)):
        page = screen.page
        expect(page.locator("#talk-who .chip").first).to_have_text("Merged")
        expect(page.locator("#talk-acts [data-act]:not([data-act=export])")).to_have_count(0)
        expect(page.locator("[data-send]")).to_be_disabled()
        screen.entry("I shall look").click()
        expect(page.locator("[data-tool=quote]")).to_be_visible()
        for tool in ("edit", "recall"):
            expect(page.locator(f"[data-tool={tool}]")).to_be_hidden()
        page.locator("#composer-floor").get_by_role("link", name="Go there").click()
        expect(page).to_have_url(re.compile(first))


def test_the_list_is_one_stop_and_arrows_lead_through_it(person, lin):
    page = person().sign_in("agent1").page
    links = page.locator("#rows > .row > a")
    expect(links.nth(2)).to_be_visible()
    expect(links.nth(1)).to_have_attribute("tabindex", "-1")
    links.first.focus()
    for key, at in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("Home", 0)):
        page.keyboard.press(key)
        expect(links.nth(at)).to_be_focused()
        expect(page.locator("#rows > .row > a[tabindex='0']")).to_have_count(1)


def test_a_view_of_the_menu_is_chosen_without_losing_ones_place(person):
    page = person().sign_in("agent1").page
    summary = page.locator("#more-views > summary")
    summary.focus()
    for key in ("Enter", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#workspace[data-view=snoozed]")).to_be_attached()
    expect(summary).to_be_focused()
