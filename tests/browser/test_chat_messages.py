"""The customer's messages: in one state each, once, in order, whatever the network does."""

import re

from playwright.sync_api import expect

from tests.browser.chats import Colleague, hosted


def test_what_is_written_offline_is_sent_once_and_in_order(live, person):
    lin = person(quiet=False)  # a browser complains of every request it cannot make
    chat = hosted(lin)
    conversation = chat.begin("Before")
    lin.context.set_offline(True)
    for number in range(3):
        chat.write(f"Offline {number}")
    expect(chat.pending).to_have_count(3)
    for message in chat.pending.all():
        expect(message).to_have_attribute("data-state", "sending")
    expect(chat.light).to_have_attribute("data-state", "offline")
    Colleague(live.port).says(conversation, "Meanwhile")
    lin.context.set_offline(False)
    expect(chat.entries).to_have_count(5)
    expect(chat.pending).to_have_count(0)
    expect(chat.light).to_be_hidden()
    assert chat.numbers() == [1, 2, 3, 4, 5]
    assert [text for text in chat.said() if text.startswith("Offline")] == [
        "Offline 0",
        "Offline 1",
        "Offline 2",
    ]


def test_what_is_written_offline_survives_a_reload(live, person):
    lin = person(quiet=False)
    chat = hosted(lin)
    chat.begin("Before")
    lin.page.route("**/messages*", lambda route: route.abort())
    chat.write("Kept")
    expect(chat.pending).to_have_count(1)
    lin.page.unroute("**/messages*")
    lin.page.reload()
    expect(chat.entry("Kept")).to_have_count(1)
    assert chat.numbers() == [1, 2]


def test_a_refused_message_says_why_and_can_be_sent_again(live, person):
    lin = person(quiet=False)
    chat = hosted(lin)
    chat.begin("Before")
    answer = {"status": 422, "json": {"error": "invalid", "detail": "The text is too long."}}
    lin.page.route("**/messages*", lambda route: route.fulfill(**answer))
    chat.write("Once more")
    expect(chat.pending).to_have_attribute("data-state", "failed")
    expect(chat.pending).to_contain_text("The text is too long.")
    lin.page.unroute("**/messages*")
    chat.pending.locator("[data-act=retry]").click()
    expect(chat.entry("Once more")).to_have_attribute("data-state", "sent")
    expect(chat.pending).to_have_count(0)


def test_without_sockets_the_chat_polls(live, person):
    lin = person(quiet=False)
    lin.context.route_web_socket("**/*", lambda socket: socket.close())
    chat = hosted(lin)
    conversation = chat.begin("No sockets here")
    Colleague(live.port).says(conversation, "No matter")
    expect(chat.entry("No matter")).to_be_visible()
    expect(chat.light).to_be_hidden()


def test_without_storage_the_chat_works_for_the_visit(live, person):
    lin = person()
    for name in ("localStorage", "indexedDB"):
        lin.context.add_init_script(
            f"Object.defineProperty(window, '{name}', {{get() {{ throw new DOMException('no') }}}})"
        )
    chat = hosted(lin)
    conversation = chat.begin("Nothing is kept")
    Colleague(live.port).says(conversation, "Fine")
    expect(chat.entry("Fine")).to_be_visible()


def test_an_expired_session_begins_anew_and_keeps_the_text(live, person):
    lin = person(quiet=False)
    chat = hosted(lin)
    chat.begin("Long ago")
    chat.field.fill("Half a sent")
    lin.page.wait_for_timeout(500)
    lin.ask(
        """() => {
          const session = JSON.parse(localStorage["tandem.demo.session"]);
          session.token = "x".repeat(43);
          localStorage["tandem.demo.session"] = JSON.stringify(session);
        }"""
    )
    lin.page.reload()
    expect(chat.field).to_have_value("Half a sent")
    lin.page.wait_for_timeout(2_000)
    expect(chat.light).to_be_hidden()  # nothing is wrong: there is only no talk any more
    chat.field.press_sequentially("ence")
    chat.field.press("Enter")
    expect(chat.entry("Half a sentence")).to_have_count(1)
    assert chat.numbers() == [1]


def test_two_tabs_write_their_first_message_at_once(live, person):
    lin = person()
    tabs = [hosted(lin)]
    lin.page = lin.watch(lin.context.new_page())
    tabs.append(hosted(lin))
    for number, tab in enumerate(tabs):
        tab.field.fill(f"Tab {number}")
    for tab in tabs:
        tab.screen.locator("[data-composer]").evaluate("form => form.requestSubmit()")
    for tab in tabs:  # one session, one conversation, both messages on both screens
        expect(tab.entries).to_have_count(2)
        assert tab.numbers() == [1, 2]


def test_enter_sends_but_not_out_of_an_input_method(live, person):
    lin = person("zh-CN")
    chat = hosted(lin)
    chat.begin("你好")
    chat.field.fill("ni hao")
    for facts in ("isComposing: true", "keyCode: 229"):
        chat.field.evaluate(
            f"field => field.dispatchEvent(new KeyboardEvent('keydown', "
            f"{{key: 'Enter', bubbles: true, cancelable: true, {facts}}}))"
        )
    chat.field.press("Shift+Enter")
    expect(chat.field).to_have_value("ni hao\n")
    assert chat.numbers() == [1]
    expect(chat.pending).to_have_count(0)


def test_a_long_history_begins_at_its_end(live, person):
    lin = person()
    chat = hosted(lin)
    conversation = chat.begin("First")
    mia = Colleague(live.port)
    for number in range(2, 91):
        mia.says(conversation, f"Line {number}")
    expect(chat.entry("Line 90")).to_be_visible()
    lin.page.reload()
    expect(chat.entry("Line 90")).to_be_in_viewport()
    assert chat.numbers()[0] > 1
    for _ in range(2):
        if chat.screen.locator("[data-earlier]").is_visible():
            before = chat.numbers()[0]
            chat.screen.locator("[data-earlier]").click()
            expect(chat.entries.first).not_to_have_attribute("data-seq", str(before))
    assert chat.numbers() == list(range(1, 91))


def test_the_end_of_a_conversation_and_who_is_writing(live, person):
    lin = person()
    chat = hosted(lin)
    conversation = chat.begin("Thank you")
    mia = Colleague(live.port)
    mia.says(conversation, "Any time, **really**.\n\n- one\n- two")
    expect(chat.entry("Any time").locator("strong")).to_have_text("really")
    name = chat.entry("Any time").get_attribute("data-author")
    expect(chat.entry("Any time")).to_contain_text(re.compile(re.escape(name)))
    mia.act(conversation, "resolve")
    expect(chat.entries.last).to_have_attribute("data-kind", "event")
    chat.write("One more thing")
    expect(chat.entry("One more thing")).to_have_count(1)
    assert chat.numbers() == [1, 2, 3, 4]
