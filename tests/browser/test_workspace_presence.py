"""Who is there: on the list's rows, in the conversation, and as a status in every picker."""

import re

from playwright.sync_api import expect

from tests.browser.workspaces import Customer, Desk


def test_a_row_shows_who_looks_and_who_writes(live, person):
    amy, ben = person().enter("agent1"), person().enter("agent2")
    lin = Customer(live.port)
    lin.says("Where is my order?")
    ben.go("/workspace/?view=all")
    there = ben.page.locator(f"#row-{lin.conversation} .row-people .avatar")
    expect(ben.page.locator(f"#row-{lin.conversation}")).to_be_visible()
    expect(there).to_have_count(0)
    desk = Desk(amy, lin.conversation)
    expect(there).to_have_attribute("aria-label", "林晓: viewing")
    desk.turn_to("note")
    desk.field.press_sequentially("Hm")
    expect(there).to_have_attribute("aria-label", "林晓: writing a note")
    lin.says("And another thing")  # the row is drawn anew
    expect(ben.page.locator(f"#row-{lin.conversation}")).to_contain_text("And another thing")
    expect(there).to_have_count(1)
    desk.act("claim")
    responsible = ben.page.locator(f"#row-{lin.conversation} .responsible")
    expect(responsible).to_have_attribute("aria-label", re.compile("Assigned to 林晓 · 林晓: "))
    expect(there).to_have_count(0)  # told once, on the one avatar
    amy.page.close()
    expect(responsible).to_have_attribute("aria-label", "Assigned to 林晓")
    expect(there).to_have_count(0)


def test_a_chosen_status_is_on_colleagues_screens_at_once(live, person):
    amy, ben = person().enter("agent1"), person("zh-CN").sign_in("agent2")
    lin = Customer(live.port)
    lin.says("Where is my order?")
    desk = Desk(amy, lin.conversation)
    own = ben.page.locator("#me .avatar")
    desk.turn_to("note")
    desk.field.press_sequentially("@周")
    option = amy.page.get_by_role("option", name=re.compile("周明"))
    expect(option.locator(".avatar")).to_have_attribute("data-status", "online")
    for value, word in (("busy", "Busy"), ("away", "Away"), ("online", "Online")):
        ben.page.locator("#me > summary").click()
        ben.page.locator(f"#me button[value={value}]").click()
        expect(own).to_have_attribute("data-status", value)
        expect(option.locator(".avatar")).to_have_attribute("data-status", value)
        expect(option).to_contain_text(word)


def test_the_status_menu_works_by_keyboard_alone_and_closes_again(live, person):
    mia = person().sign_in("agent3")
    page = mia.page
    expect(page.locator("#me .avatar")).to_have_attribute("data-status", "online")
    summary = page.locator("#me > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#me button[value=busy]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#me button[value=busy]")).to_be_hidden()
    expect(summary).to_be_focused()


def test_whoever_is_on_a_page_without_conversations_is_online_too(live, person):
    amy, mia = person().sign_in("agent1"), person().enter("agent3")
    mia.go("/settings/notices/")
    expect(mia.page.locator("#me .avatar")).to_have_attribute("data-status", "online")
    lin = Customer(live.port)
    lin.says("Hello")
    mia.page.locator("#notices > summary").click()
    mia.page.locator(f"#notices-panel a[href*='{lin.conversation}']").click()
    expect(mia.page).to_have_url(re.compile(lin.conversation))
    assert amy.complaints == []
