"""Writing in the workspace: what is for colleagues stays apart, and nothing disturbs the field."""

from playwright.sync_api import expect

from tests.browser.workspaces import Customer, Desk

SELECTION = """() => {
  const field = document.querySelector("#composer-text");
  return [field.value, field.selectionStart, field.selectionEnd, document.activeElement === field];
}"""


def test_a_reply_and_a_note_have_each_their_own_text(live, person):
    amy = person().sign_in("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    desk.field.fill("For the customer")
    desk.turn_to("note")
    expect(desk.field).to_have_value("")
    desk.write("For colleagues")
    expect(desk.entry("For colleagues")).to_have_attribute("data-kind", "note")
    desk.turn_to("reply")
    expect(desk.field).to_have_value("For the customer")
    amy.page.reload()
    expect(desk.field).to_have_value("For the customer")
    public = lin.http.get("entries", params={"after": 0}).json()["entries"]
    assert [entry["body"] for entry in public] == ["Before"]


def test_events_do_not_disturb_what_is_being_written(live, person):
    amy, ben = person().sign_in("agent1"), person().sign_in("agent2")
    lin = Customer(live.port)
    lin.says("Before")
    desk, other = Desk(amy, lin.conversation), Desk(ben, lin.conversation)
    desk.field.fill("half a sentence")
    amy.ask("document.querySelector('#composer-text').setSelectionRange(5, 7)")
    other.page.locator("[data-act=claim]").click()
    for number in range(10):
        lin.says(f"More {number}")
    expect(desk.entry("More 9")).to_be_visible()
    expect(amy.page.locator("[data-act=claim]")).to_have_count(0)
    assert amy.ask(SELECTION) == ["half a sentence", 5, 7, True]


def test_an_input_method_that_composes_does_not_send(live, person):
    amy = person().sign_in("agent1")
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
    expect(desk.field).to_have_value("你好")
    expect(desk.pending).to_have_count(0)
    expect(desk.entries).to_have_count(1)


def test_the_scroll_stays_where_one_reads_and_jumps_back(live, person):
    amy = person().sign_in("agent1")
    lin = Customer(live.port)
    for number in range(80):
        lin.says(f"Message {number}")
    desk = Desk(amy, lin.conversation)
    expect(desk.entry("Message 79")).to_be_in_viewport()
    amy.ask("document.querySelector('#stream').scrollTop = 300")
    jump = amy.page.locator("#jump")
    expect(jump).to_be_visible()
    lin.says("The newest")
    expect(jump.locator("[data-count]")).to_have_text("1")
    assert amy.ask("document.querySelector('#stream').scrollTop") == 300
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
