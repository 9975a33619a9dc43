"""The agent's screen and its messages, whatever the network does: no reload, nothing twice."""

import re

from playwright.sync_api import expect

from tests.browser.sessions import PASSWORD
from tests.browser.workspaces import Customer, Desk


def test_what_both_write_while_the_agent_is_offline(live, person):
    amy = person(quiet=False).enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    amy.ask("window.sameDocument = true")
    amy.context.set_offline(True)
    expect(desk.light).to_have_attribute("data-state", "offline")
    for number in range(3):
        desk.write(f"Offline {number}")
    for message in desk.pending.all():
        expect(message).to_have_attribute("data-state", "sending")
    lin.says("Meanwhile")
    amy.context.set_offline(False)
    expect(desk.pending).to_have_count(0)
    desk.is_live()
    assert desk.said() == ["Before", "Meanwhile", "Offline 0", "Offline 1", "Offline 2"]
    assert desk.numbers() == list(range(1, len(desk.numbers()) + 1))
    assert amy.ask("window.sameDocument")


def test_what_could_not_be_sent_survives_a_reload_and_two_tabs(live, person):
    amy = person(quiet=False).enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    amy.page.route(re.compile("/(messages|draft/send)/$"), lambda route: route.abort())
    desk.write("First")
    desk.reads("")
    desk.write("Second")
    expect(desk.pending).to_have_count(2)
    amy.page.reload()
    expect(desk.pending).to_have_count(2)
    tab = amy.context.new_page()
    tab.goto(amy.page.url)
    amy.page.unroute_all()
    expect(desk.pending).to_have_count(0)
    expect(tab.locator("#pending > li")).to_have_count(0)
    expect(desk.entry("Second")).to_be_visible()
    assert desk.said() == ["Before", "First", "Second"]


def test_a_refused_message_says_why_and_can_be_discarded(live, person):
    amy = person(quiet=False).enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    answer = {"status": 422, "json": {"error": "invalid", "detail": "The text is too long."}}
    amy.page.route("**/draft/send/", lambda route: route.abort())
    amy.page.route("**/messages/", lambda route: route.fulfill(**answer))
    desk.write("Refused")
    expect(desk.pending).to_have_attribute("data-state", "failed")
    expect(desk.pending).to_contain_text("The text is too long.")
    desk.pending.locator("[data-act=discard]").click()
    expect(desk.pending).to_have_count(0)
    amy.page.reload()
    desk.is_live()
    expect(desk.pending).to_have_count(0)


def test_where_sockets_are_blocked_the_same_entries_are_polled(live, person):
    amy = person(quiet=False).sign_in("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    amy.page.route_web_socket("**/ws/**", lambda socket: socket.close())
    desk = Desk(amy, lin.conversation)
    lin.says("By polling")
    expect(desk.entry("By polling")).to_be_visible()
    expect(desk.entries).to_have_count(2)


def test_what_is_written_after_a_sign_out_elsewhere_is_kept(live, person):
    amy = person(quiet=False).enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    expect(desk.entry("Before")).to_be_visible()
    tab = amy.context.new_page()
    tab.goto(f"{amy.url}/workspace/")
    tab.locator("#me > summary").click()
    tab.locator("[data-sign-out]").click()
    expect(amy.page.locator("#signed-out")).to_be_visible()
    expect(desk.entries).to_have_count(0)  # what could be read is gone
    expect(amy.page.locator("#rows > *")).to_have_count(0)
    expect(amy.page.locator(".app")).not_to_contain_text("Lin")
    expect(amy.page).not_to_have_title(re.compile("Lin"))
    desk.write("Kept")
    expect(desk.pending).to_have_attribute("data-state", "failed")
    amy.page.locator("[data-sign-in]").click()
    amy.page.locator("[name=username]").fill("agent1")
    amy.page.locator("[name=password]").fill(PASSWORD)
    amy.page.locator("[name=password]").press("Enter")
    desk.pending.locator("[data-act=retry]").click()
    expect(desk.entry("Kept")).to_be_visible()
    expect(desk.pending).to_have_count(0)


def test_a_text_left_before_its_socket_was_open_is_no_error(live, person):
    amy = person().sign_in("agent1")
    lin = Customer(live.port)
    lin.says("Hello?")
    Desk(amy, lin.conversation)
    with amy.page.expect_websocket(lambda socket: "left" in socket.url) as opened:
        amy.ask(
            """async (path) => {
              const isTexts = ({ name }) => /\\/texts\\.[^/]*js$/.test(name);
              const { name } = performance.getEntriesByType("resource").find(isTexts);
              const { SharedText } = await import(name);
              new SharedText({ path, key: "left" }).close();
            }""",
            f"{lin.conversation}/?left",
        )
    if not opened.value.is_closed():
        opened.value.wait_for_event("close")
