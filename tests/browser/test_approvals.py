"""A trainee asks, a supervisor edits and approves, the customer gets one message."""

import uuid

from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.workspaces import Customer, Desk

RULES = "/settings/approvals/"


def add_rule(admin: Person, operation: str, role: str) -> None:
    page = admin.go(RULES)
    page.locator("select[name=operation]").select_option(operation)
    page.locator("select[name=role]").select_option(role)
    page.locator(".rule-form .primary").click()
    expect(page.locator(".saved")).to_be_visible()


def remove_rules(admin: Person) -> None:
    page = admin.go(RULES)
    for _ in range(page.locator(".approval-rules tbody tr").count()):
        page.locator("button[value=remove]").first.click()
        expect(page.locator(".saved")).to_be_visible()


def strip(page: Page, text: str):
    return page.locator("#talk-approvals .request", has_text=text)


def test_a_reply_waits_is_edited_approved_and_sent_once(live, person):
    admin = person("en-GB").enter("admin")
    add_rule(admin, "reply.send", "agent")
    try:
        lin, mark = Customer(live.port), uuid.uuid4().hex[:6]
        lin.says(f"Where is my parcel? {mark}")
        trainee = Desk(person("en-GB").enter("agent1"), lin.conversation)
        leader = person("en-GB").enter("supervisor")
        queue = leader.go("/approvals/")
        desk = Desk(person("en-GB").enter("senior"), lin.conversation)

        # The reply waits in place, for the whole team to see.
        trainee.write(f"it comming {mark}")
        waiting = strip(trainee.page, f"it comming {mark}")
        expect(waiting).to_have_attribute("data-state", "waiting")
        expect(trainee.pending).to_have_count(0)
        expect(strip(desk.page, f"it comming {mark}")).to_be_visible()
        assert trainee.entry("it comming").count() == 0

        # The supervisor's queue has it without a reload, with the customer's question.
        card = queue.locator(".request", has_text=mark)
        expect(card).to_be_visible()
        expect(queue.locator("#approvals-count")).to_be_visible()
        expect(card.locator("[data-context]")).to_contain_text("Where is my parcel?")
        card.locator("textarea").fill(f"It is coming. {mark}")
        expect(card.locator("[data-edited]")).to_be_visible()
        card.locator("[name=answer]").fill("Mind the spelling.")
        card.locator("[data-approve]").click()
        expect(card).to_have_attribute("data-state", "done")

        # It is sent in the trainee's name, once; the trainee reads what became of it.
        expect(trainee.entry(f"It is coming. {mark}")).to_have_count(1)
        expect(desk.entry(f"It is coming. {mark}")).to_have_count(1)
        expect(waiting).to_have_attribute("data-state", "done")
        expect(strip(desk.page, f"it comming {mark}")).to_have_count(0)
        outcome = strip(trainee.page, "Mind the spelling.")
        expect(outcome).to_be_visible()
        outcome.locator("[data-noted]").click()
        expect(outcome).to_have_count(0)
        got = lin.http.get("entries", params={"after": 0}).json()["entries"]
        assert [one["body"] for one in got if one["kind"] == "reply"] == [f"It is coming. {mark}"]
        assert "comming" not in str(got)

        # A rejected one can be written anew.
        trainee.write(f"no idea {mark}")
        card = queue.locator(".request[data-state=waiting]", has_text=f"no idea {mark}")
        card.locator("[name=answer]").fill("Ask the depot first.")
        card.locator("button", has_text="Reject").click()
        rejected = strip(trainee.page, "Ask the depot first.")
        rejected.locator("[data-reuse]").click()
        trainee.reads(f"no idea {mark}")
        expect(rejected).to_have_count(0)
        trainee.field.fill("")
    finally:
        remove_rules(admin)


def test_a_recalled_reply_leaves_the_customers_screen(live, person):
    lin, mark = Customer(live.port), uuid.uuid4().hex[:6]
    lin.says(f"Hello {mark}")
    desk = Desk(person("en-GB").enter("agent1"), lin.conversation)
    desk.write(f"The code is {mark}")
    reply = desk.entry(f"The code is {mark}")
    expect(reply).to_have_count(1)
    reply.hover()
    desk.page.locator("[data-tool=recall]").click()
    desk.dialog("recall").locator("[data-do]").click()
    expect(reply).to_have_attribute("data-recalled", "")
    expect(reply.locator(".recalled-mark")).to_be_visible()
    got = lin.http.get("entries", params={"after": 0}).json()["entries"]
    assert "code is" not in str(got)
    assert [one["seq"] for one in got] == list(range(1, len(got) + 1))


def test_an_export_waits_is_approved_and_downloaded_once(live, person):
    admin = person("en-GB").enter("admin")
    add_rule(admin, "data.export", "supervisor")
    try:
        lin, mark = Customer(live.port), uuid.uuid4().hex[:6]
        lin.says(f"Please send me all you know of me: {mark}")
        page = Desk(person("en-GB").enter("supervisor"), lin.conversation).page

        def ask() -> None:
            page.locator("[data-more]").click()
            page.locator("[data-act=export]").click()
            page.locator("#export-dialog [data-do]").click()

        ask()
        waiting = page.locator("#talk-approvals .request[data-state=waiting]")
        expect(waiting).to_contain_text("Export a conversation")
        card = admin.go("/approvals/").locator(".request", has_text="The whole transcript, once")
        card.locator("[data-approve]").click()
        expect(card).to_have_attribute("data-state", "done")
        expect(waiting).to_have_count(0)
        with page.expect_download() as started:
            ask()
        assert started.value.suggested_filename.endswith(".txt")
        assert mark in started.value.path().read_text()
        ask()
        expect(waiting).to_have_count(1)  # once is once

        auditor = person("en-GB").enter("auditor").go("/admin/permissions/auditrecord/")
        auditor.locator("#searchbar").fill(f"conversation.export {lin.conversation}")
        auditor.locator("#searchbar").press("Enter")
        expect(auditor.locator("#result_list tbody tr")).to_have_count(1)
    finally:
        remove_rules(admin)
