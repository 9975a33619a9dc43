"""A colleague who may only advise proposes a reply; whoever answers inserts it by one key."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.browser.workspaces import Customer, Desk
from tests.stack.processes import Up

TEXT = "Good morning!\nYour parcel <b>20881</b> left yesterday."


def switch_to_lead(desk: Desk) -> None:
    desk.page.locator("#talk-acts [data-more]").click()
    desk.page.locator("#acts-menu [data-act=mode][value=lead]").click()


def test_a_suggestion_is_there_at_once_inserted_by_one_key_and_its_author_told(
    live: Up, person: Callable[..., Person]
) -> None:
    lin = Customer(live.port)
    lin.says("Where is my order?")
    lead = Desk(person().enter("agent1"), lin.conversation)
    lead.act("claim")
    expect(lead.entry("took the conversation")).to_be_visible()
    switch_to_lead(lead)
    other = Desk(person("zh-CN").enter("agent2"), lin.conversation)
    expect(other.page.locator("[data-closed=reply]")).to_be_visible()

    for text in (TEXT, "Or this?"):
        other.page.locator("[data-suggest]").click()
        button = other.dialog("suggest").get_by_role("button", name="提交建议")
        expect(button).to_be_disabled()
        other.dialog("suggest").locator("textarea").fill(text)
        button.click()
        expect(other.dialog("suggest")).to_have_count(0)
    strip = lead.page.locator("#suggestions .suggestion")
    expect(strip).to_have_count(2)
    expect(strip.first.locator("summary")).to_have_text(TEXT)
    expect(other.page.locator("#suggestions [data-do=withdraw]")).to_have_count(2)
    expect(other.page.locator("#suggestions [data-do=use]")).to_have_count(0)

    # What is drawn anew around it, and what the lead looks at, stays.
    strip.first.locator("summary").click()
    expect(strip.first.locator("details")).to_have_attribute("open", "")
    other.turn_to("note")
    other.write("She is in a hurry")
    expect(lead.entry("She is in a hurry")).to_be_visible()
    expect(strip.first.locator("details")).to_have_attribute("open", "")

    with lead.page.expect_response(re.compile(r"/suggestions/\d+/use/$")) as used:
        lead.field.press("Alt+Enter")
    assert used.value.json()["text"] == TEXT
    assert used.value.json()["used_by"]["name"]
    lead.reads(TEXT)
    expect(strip).to_have_count(1)
    expect(other.page.locator("#toasts")).to_contain_text("采用了为")

    strip.locator("[data-do=decline]").click()
    lead.dialog("decline").locator("[name=answer]").fill("One is enough")
    lead.dialog("decline").locator("[data-do]").click()
    expect(strip).to_have_count(0)
    expect(other.page.locator("#suggestions .suggestion")).to_have_count(0)
    expect(other.page.locator("#toasts")).to_contain_text("One is enough")
    assert "parcel" not in lin.http.get("entries").text
