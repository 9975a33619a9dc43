"""A sensitive note from the supervisor's composer to the screen of an agent who may not read it."""

import uuid
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.browser.workspaces import Customer, Desk
from tests.stack.processes import Up

INBOX = "Kettle & Kiln 壶与窑"
RIGHT = "Agent: Read sensitive notes of colleagues"


def test_a_sensitive_note_is_read_by_those_who_may_and_while_they_may(
    live: Up, person: Callable[..., Person]
) -> None:
    lin, secret = Customer(live.port), f"She is being sued {uuid.uuid4().hex[:8]}"
    lin.says("Where is my refund?")
    boss = Desk(person().enter("supervisor"), lin.conversation)
    agent = Desk(person().enter("agent1"), lin.conversation)
    boss.turn_to("note")
    boss.field.fill("She is")
    boss.page.locator("[data-confide]").click()
    boss.reads("She is")  # what was begun goes along
    boss.field.fill(secret)
    boss.is_saved()
    agent.turn_to("note")
    agent.reads("")  # the routine note is another one
    expect(agent.page.locator("[data-confide]")).to_have_count(0)
    boss.page.locator("[data-send]").click()
    expect(boss.entry(secret)).to_be_visible()
    note = agent.page.locator("#entries .note[data-sensitive]")
    expect(note).to_contain_text("Only those with a right to sensitive notes read it")
    expect(note).to_contain_text("Sensitive note")
    assert secret not in agent.page.content()

    matrix = person().enter("admin").go("/settings/rights/")
    matrix.get_by_role("link", name=INBOX).click()
    right = matrix.get_by_label(RIGHT, exact=True)
    save = matrix.get_by_role("button", name="Save")
    try:
        right.check()
        save.click()
        expect(note).to_contain_text(secret)
    finally:
        right.uncheck()
        save.click()
    expect(note).to_contain_text("Only those with a right to sensitive notes read it")
    assert secret not in agent.page.content()
