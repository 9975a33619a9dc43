"""Coming back to a conversation that went on, and watching one without being seen."""

import re
import uuid
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.browser.workspaces import Customer, Desk, do
from tests.stack.processes import Up

TOP = "document.querySelector('#entries > [data-seq=\"3\"]').getBoundingClientRect().top"


def test_what_was_missed_stands_where_it_began_until_it_is_put_away(
    live: Up, person: Callable[..., Person]
) -> None:
    lin, amy = Customer(live.port), person().enter("agent1")
    lin.says("Where is my order?")
    with amy.page.expect_response(re.compile("/read/$")):
        desk = Desk(amy, lin.conversation)
    summary = desk.page.locator("#catch-up")
    expect(summary).to_have_count(0)
    amy.go("/settings/notices/")
    do(live, "agent2", lin, "claim")
    for number in range(30):
        lin.says(f"Are you there? ({number})")
    note = {"client_id": str(uuid.uuid4()), "body": "@林晓 please look"}
    do(live, "agent2", lin, "notes", **note)

    desk = Desk(amy, lin.conversation)
    expect(summary.locator("li")).to_have_text(
        [
            "30 messages from the customer",
            re.compile("^1 note by "),
            "1 note mentions you",
            re.compile("^Waiting for an answer"),
            re.compile("took the conversation$"),
        ]
    )
    first = summary.locator("xpath=parent::li/following-sibling::*[@data-seq][1]")
    expect(first).to_have_attribute("data-seq", "2")
    expect(first).to_be_in_viewport()
    stood = desk.agent.ask(TOP)
    lin.says("One more")
    expect(desk.entry("One more")).to_have_count(1)
    expect(desk.page.locator("#entries > .unread-line")).to_have_text("31 unread")
    expect(summary).to_contain_text("30 messages")
    assert desk.agent.ask(TOP) == stood, "nothing moves under the reader's eyes"

    summary.get_by_text("1 note mentions you").click()
    expect(desk.entry("please look")).to_be_focused()
    summary.locator("[data-dismiss]").click()
    expect(summary).to_have_count(0)
    desk.page.locator("#jump").click()
    expect(desk.page.locator("#jump")).to_be_hidden()


def test_a_supervisor_reads_that_nobody_sees_them_and_is_seen_once_they_whisper(
    live: Up, person: Callable[..., Person]
) -> None:
    lin, admin = Customer(live.port), person().enter("admin")
    lin.says("Hello?")
    do(live, "agent1", lin, "claim")
    settings = admin.go("/settings/collaboration/")
    try:
        settings.locator("[name=unseen_supervisors]").check()
        settings.get_by_role("button", name="Save").click()
        expect(settings.get_by_role("status")).to_contain_text("Saved")
        amy = Desk(person().enter("agent1"), lin.conversation)
        sue = Desk(person().enter("supervisor"), lin.conversation)
        watching = sue.page.locator("#talk-watching")
        expect(watching).to_contain_text("You are watching unseen.")
        people = amy.page.locator("#people > *")
        expect(people).to_have_count(0)
        watching.get_by_role("button", name="Whisper").click()
        expect(sue.field).to_be_focused()
        expect(sue.page.locator("#composer")).to_have_attribute("data-mode", "note")
        expect(people).to_have_count(0)
        sue.page.keyboard.type("Offer her a refund")
        expect(people).to_contain_text("writing a note")
        expect(watching).to_contain_text("Colleagues see you here now")
        watching.get_by_role("button", name="Take over").click()
        expect(sue.page.locator("#talk-who")).to_contain_text("赵岚")
        expect(watching).to_be_empty()
    finally:
        settings.locator("[name=unseen_supervisors]").uncheck()
        settings.get_by_role("button", name="Save").click()
        expect(settings.get_by_role("status")).to_contain_text("Saved")
