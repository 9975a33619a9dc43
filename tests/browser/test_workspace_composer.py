"""Writing in the workspace: what is for colleagues stays apart, and nothing disturbs the field."""

import re

from playwright.sync_api import expect

from tests.browser.workspaces import Customer, Desk

SELECTED = """() => [
  getSelection().toString(),
  document.activeElement === document.querySelector("#composer-text"),
]"""


def test_a_reply_and_a_note_have_each_their_own_text(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    desk.field.fill("For the customer")
    desk.turn_to("note")
    desk.reads("")
    desk.write("For colleagues")
    expect(desk.entry("For colleagues")).to_have_attribute("data-kind", "note")
    desk.turn_to("reply")
    desk.reads("For the customer")
    desk.turn_to("note")
    expect(amy.page.locator("#composer label[data-begun] [value=reply]")).to_be_attached()
    amy.page.reload()
    desk.reads("For the customer")
    public = lin.http.get("entries", params={"after": 0}).json()["entries"]
    assert [entry["body"] for entry in public] == ["Before"]


def test_events_do_not_disturb_what_is_being_written(live, person):
    amy, ben = person().enter("agent1"), person().enter("agent2")
    lin = Customer(live.port)
    lin.says("Before")
    desk, other = Desk(amy, lin.conversation), Desk(ben, lin.conversation)
    desk.field.fill("half a sentence")
    desk.select(5, 7)
    other.page.locator("[data-act=claim]").click()
    for number in range(10):
        lin.says(f"More {number}")
    expect(desk.entry("More 9")).to_be_visible()
    expect(amy.page.locator("[data-act=claim]")).to_have_count(0)
    desk.reads("half a sentence")
    assert amy.ask(SELECTED) == ["a ", True]


def test_an_input_method_that_composes_does_not_send(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    desk.field.focus()
    keyboard = amy.context.new_cdp_session(amy.page)
    keyboard.send(
        "Input.imeSetComposition", {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6}
    )
    keyboard.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 229, "modifiers": 2},
    )
    keyboard.send("Input.insertText", {"text": "你好"})
    desk.reads("你好")
    expect(desk.pending).to_have_count(0)
    expect(desk.entries).to_have_count(1)


def test_the_scroll_stays_where_one_reads_and_jumps_back(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    for number in range(80):
        lin.says(f"Message {number}")
    desk = Desk(amy, lin.conversation)
    expect(desk.entry("Message 79")).to_be_in_viewport()
    amy.ask("document.querySelector('#stream').scrollTop = 900")
    jump = amy.page.locator("#jump")
    expect(jump).to_be_visible()
    lin.says("The newest")
    expect(jump.locator("[data-count]")).to_have_text("1")
    assert amy.ask("document.querySelector('#stream').scrollTop") == 900
    amy.ask("document.querySelector('#stream').scrollTop = 0")
    expect(amy.page.locator("#entry-1")).to_be_attached()
    assert desk.numbers() == list(range(1, 82))
    jump.click()
    expect(desk.entry("The newest")).to_be_in_viewport()
    expect(jump).to_be_hidden()


def test_a_phone_shows_one_screen_at_a_time(live, person):
    amy = person(phone=True).sign_in("agent1")
    page = amy.page
    page.locator("li.row a").first.click()
    expect(page.locator("#composer")).to_be_visible()
    expect(page.locator(".list")).to_be_hidden()
    page.locator("header [data-show=panel]").click()
    expect(page.locator("#panel-customer")).to_be_visible()
    page.locator("#panel [data-show=talk]").click()
    expect(page.locator("#composer")).to_be_visible()
    page.locator("[data-back]").click()
    expect(page.locator(".list")).to_be_visible()
    page.go_back()
    expect(page.locator("#composer")).to_be_visible()
    assert amy.ask("document.documentElement.scrollWidth") == 390


def test_a_draft_is_there_on_another_device_and_gone_once_sent(live, person):
    amy, elsewhere = person().enter("agent1"), person(phone=True).sign_in("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    desk.field.fill("Half a sentence")
    desk.is_saved()
    pencil = elsewhere.page.locator(f"#row-{lin.conversation} .row-draft")
    elsewhere.go("/workspace/?view=all")
    expect(pencil).to_be_visible()
    phone = Desk(elsewhere, lin.conversation)
    phone.reads("Half a sentence")
    phone.field.fill("Half a sentence, and the other")
    elsewhere.page.locator("[data-send]").click()
    expect(desk.entry("and the other")).to_be_visible()
    elsewhere.page.locator("[data-back]").click()
    expect(pencil).to_be_hidden()
    elsewhere.page.reload()
    again = Desk(elsewhere, lin.conversation)
    again.reads("")


def test_what_was_written_offline_is_kept_by_the_next_page(live, person):
    amy = person(quiet=False).enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    expect(amy.page.locator("[data-kept]")).to_have_attribute("data-kept", "saved")
    amy.page.route_web_socket("**/ws/drafts/**", lambda socket: socket.close())
    amy.page.reload()
    desk.field.fill("Written without a network")
    expect(amy.page.locator("[data-kept]")).to_have_attribute("data-kept", "offline")
    amy.page.reload()
    desk.reads("Written without a network")
    page = amy.context.new_page()  # one without that route
    page.goto(amy.page.url)
    other = Desk(person().enter("agent2"), lin.conversation)
    other.reads("Written without a network")


def test_enter_sends_for_who_wants_it(live, person):
    amy = person().enter("agent3")
    lin = Customer(live.port)
    lin.says("Before")
    page = amy.go("/profile/")
    page.locator("[name=enter_sends]").select_option("yes")
    page.locator("form:has([name=enter_sends]) button").last.click()
    expect(page.locator(".saved")).to_be_visible()
    desk = Desk(amy, lin.conversation)
    desk.field.focus()
    page.keyboard.type("First")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second")
    page.keyboard.press("Enter")
    expect(desk.entry("First")).to_contain_text("second")
    desk.reads("")


def test_a_canned_reply_by_a_slash(live, person):
    amy = person(language="zh-CN").sign_in("agent2")
    lin = Customer(live.port)
    lin.says("退款什么时候到？")
    page = amy.page
    for title, shortcut, body in (
        ("退款说明", "tk", "{{customer.name}}您好，三个工作日内退回。{{ agent.name }}"),
        ("Shipping", "ship", "Hello {{customer.name}}, it left today."),
    ):
        amy.go("/settings/canned/new/")
        for name, value in (("title", title), ("shortcut", shortcut), ("body", body)):
            page.locator(f"[name={name}]").fill(value)
        page.locator("main .primary").click()
        expect(page).to_have_url(f"{amy.url}/settings/canned/")
    desk = Desk(amy, lin.conversation)
    desk.field.focus()
    page.keyboard.type("https://example.com/退款")  # no slash of ours
    expect(page.locator("#canned")).to_be_hidden()
    desk.field.fill("")
    page.keyboard.type("嗯 /")
    options = page.locator("#canned [role=option]")
    expect(options.nth(1)).to_be_visible()
    every = options.count()
    page.keyboard.type("退款")
    expect(options).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#canned")).to_be_hidden()
    expect(desk.field).to_be_focused()
    for _ in "退款":
        page.keyboard.press("Backspace")
    expect(options).to_have_count(every)
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.type("ship")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    name = page.locator("#talk-who h1").inner_text()
    desk.reads(f"嗯 Hello {name}, it left today.")
    expect(desk.entries).to_have_count(1)
    page.keyboard.press("Control+z")
    desk.reads("嗯 /ship")


def test_an_input_method_opens_no_canned_replies(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    asked = []
    amy.page.on("request", lambda request: "canned" in request.url and asked.append(request.url))
    desk.field.focus()
    keyboard = amy.context.new_cdp_session(amy.page)
    for text in ("/", "/t", "/tui"):
        keyboard.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
        )
    keyboard.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 229},
    )
    desk.reads("/tui")
    assert asked == []
    with amy.page.expect_request("**/workspace/canned/?q=*"):
        keyboard.send("Input.insertText", {"text": "/退"})
    desk.reads("/退")


def test_an_emoji_is_put_at_the_caret(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    desk.field.fill("Thanks!")
    desk.select(6, 6)
    amy.page.locator("[data-emoji]").click()
    amy.page.locator("#emoji button", has_text="👍").first.click()
    desk.reads("Thanks👍!")
    expect(desk.field).to_be_focused()
    amy.page.locator("[data-emoji]").click()
    expect(amy.page.locator("#emoji button").first).to_have_text("👍")
    amy.page.keyboard.press("Escape")
    expect(amy.page.locator("#emoji")).to_be_hidden()


def test_sending_waits_for_its_files(live, person, tmp_path):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    held = []
    amy.page.route("**/files/?kind=*", lambda route: held.append(route))
    file = tmp_path / "terms.txt"
    file.write_text("Terms")
    amy.page.locator("[data-picker]").set_input_files(file)
    desk.write("Here they are")
    button = amy.page.locator("[data-send]")
    expect(button).to_have_attribute("aria-busy", "true")
    expect(desk.pending).to_have_count(0)
    desk.reads("Here they are")
    held[0].continue_()
    expect(desk.entry("Here they are").locator(".file")).to_contain_text("terms.txt")
    expect(button).to_have_attribute("aria-busy", "false")


def test_before_the_script_is_there_nothing_can_be_written(live, person):
    amy = person().sign_in("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    held = []
    script = re.compile(r"/js/workspace\.[^/]*js$")
    amy.page.route(script, lambda route: held.append(route))
    with amy.page.expect_request(script):
        amy.page.goto(f"{amy.url}/workspace/conversations/{lin.conversation}/", wait_until="commit")
    expect(amy.page.locator("#composer-text")).to_be_disabled()
    expect(amy.page.locator("[data-send]")).to_be_disabled()
    expect(amy.page.locator("#composer-text")).to_be_attached()
    held[0].continue_()
    expect(amy.page.locator("#composer-text")).to_be_editable()


def test_twenty_events_a_second_do_not_disturb_who_writes(live, person):
    """Text, caret, focus and the place in the transcript stay as the agent left them."""
    amy = person().enter("agent1")
    lin = Customer(live.port)
    for number in range(120):
        lin.says(f"Message {number}.")
    desk = Desk(amy, lin.conversation)
    seen = desk.numbers()[-1]
    amy.ask("document.querySelector('#stream').scrollTop = 900")
    desk.field.focus()
    text = "Ich schreibe 慢慢地 a longer answer, while everything around me is moving."
    for number, letter in enumerate(text):
        if number % 3 == 0:
            lin.says(f"And more {number}.")
        amy.page.keyboard.type(letter)
    desk.select(4, 9)
    for number in range(20):
        lin.says(f"Still more {number}.")
    expect(desk.entry("Still more 19.")).to_be_attached()
    desk.reads(text)
    assert amy.ask(SELECTED) == [text[4:9], True]
    assert amy.ask("document.querySelector('#stream').scrollTop") == 900
    numbers = desk.numbers()
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[-1] > seen
