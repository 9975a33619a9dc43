"""What is known of a customer, on open screens: changed together, revealed for minutes."""

import pytest
from playwright.sync_api import expect

from tests.browser.workspaces import Customer, Desk, do, until

pytestmark = pytest.mark.browser
EMAIL = "lin.secret@example.org"
WATCH = """(secret) => {
  window.cameBack = false;
  new MutationObserver(() => { window.cameBack ||= document.body.textContent.includes(secret); })
    .observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@pytest.fixture
def lin(live):
    """Lin, who said how to reach her."""
    lin = Customer(live.port)
    lin.says("Where is my refund?")
    contact = {"name": "Lin Wang", "email": EMAIL}
    assert lin.http.post("contact", json=contact).status_code == 200
    return lin


def fill(page, key, text):
    page.locator(f"#fact-{key} dd").hover()
    page.locator(f"#fact-{key} [hx-get]").click()
    page.locator(f"#edit-{key}").fill(text)


def test_two_agents_change_the_same_customer(person, lin):
    admin, boss = person().enter("admin"), person("zh-CN", quiet=False).enter("supervisor")
    # A browser writes the refused change into its console.
    first, second = Desk(admin, lin.conversation).page, Desk(boss, lin.conversation).page
    for page in (first, second):
        page.locator(".more-facts summary").click()
    fill(second, "company", "Second Ltd")
    fill(first, "company", "First Ltd")
    first.locator("#edit-company").press("Enter")
    expect(first.locator("#fact-company")).to_contain_text("First Ltd")
    second.locator("#edit-company").press("Enter")
    expect(second.locator("#fact-company [role=alert]")).to_contain_text("First Ltd")
    expect(second.locator("#edit-company")).to_have_value("Second Ltd")
    second.locator("#edit-company").press("Enter")
    expect(first.locator("#fact-company")).to_contain_text("Second Ltd")


def test_a_revealed_value_is_shown_with_its_end_and_vanishes_when_it_is_revoked(person, lin):
    admin, boss = person().enter("admin"), person().enter("supervisor")
    page = Desk(admin, lin.conversation).page
    fact = page.locator("#fact-email")
    expect(fact).to_contain_text("l***@example.org")
    fact.locator("[data-reveal]").click()
    page.locator("#reveal-reason").fill("A refund")
    page.locator("#reveal-dialog button.primary:visible").click()
    expect(fact).to_contain_text(EMAIL)
    expect(fact.locator("[data-countdown]")).to_contain_text(":")
    page.reload()
    expect(fact).to_contain_text(EMAIL)
    watch = boss.go("/settings/access/")
    row = watch.locator("#access tr", has_text="A refund").filter(has_text="Lin Wang")
    row.get_by_role("button").first.click()
    expect(fact).to_contain_text("l***@example.org")
    assert EMAIL not in page.content()
    page.reload()
    expect(fact).to_contain_text("l***@example.org")
    assert EMAIL not in page.content()


def test_an_answer_from_before_does_not_bring_a_value_back(live, person, lin):
    admin = person().enter("admin")
    page = Desk(admin, lin.conversation).page
    fact = page.locator("#fact-email")
    fact.locator("[data-reveal]").click()
    page.locator("#reveal-reason").fill("A refund")
    page.locator("#reveal-dialog button.primary:visible").click()
    expect(fact).to_contain_text(EMAIL)
    late = []

    def hold_the_first(route):
        if late:
            route.continue_()
        else:
            late.append((route, route.fetch()))

    page.route("**/parts/", hold_the_first)
    do(live, "agent1", lin, "claim")
    until(page, lambda: late)
    watch = person().enter("supervisor").go("/settings/access/")
    row = watch.locator("#access tr", has_text="A refund").filter(has_text="Lin Wang")
    row.get_by_role("button").first.click()
    expect(fact).to_contain_text("l***@example.org")
    route, answer = late[0]
    assert EMAIL in answer.text()
    admin.ask(WATCH, EMAIL)
    route.fulfill(response=answer)
    expect(page.locator("#talk-who")).to_contain_text("林晓")
    assert not admin.ask("window.cameBack")


def test_who_may_not_see_it_asks(person, lin):
    agent = person(phone=True).enter("agent1")
    page = agent.go(f"/workspace/conversations/{lin.conversation}/")
    page.locator("button[data-show=panel]").first.click()
    page.locator("#fact-email [data-reveal]").click()
    page.locator("#reveal-reason").fill("She wants a call back")
    page.locator("#reveal-dialog button.primary:visible").click()
    expect(page.locator("[data-of-customer] .callout")).to_be_visible()
    assert EMAIL not in page.content()
