"""The bell: what is told, on which screens, and how one gets rid of it again."""

import re
import subprocess
import sys
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.workspaces import Customer, Desk
from tests.stack.processes import PROJECT, Up, environment

# Counts tones instead of playing them, and keeps browser notifications instead of showing them.
RECORDS = """
  window.tones = 0;
  OscillatorNode.prototype.start = () => (window.tones += 1);
  OscillatorNode.prototype.stop = () => {};
  window.shown = [];
  window.Notification = class {
    static permission = "default";
    static requestPermission = async () => (Notification.permission = "granted");
    constructor(title, { body }) { window.shown.push({ title, body }); }
    close() {}
  };
"""

READ_ALL = """() => fetch("/workspace/notices/read-all/", {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    "X-CSRFToken": document.querySelector("[name=csrf-token]").content,
  },
  body: JSON.stringify({ upto: Number.MAX_SAFE_INTEGER }),
})"""


class Bell:
    """The bell of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = page.locator("#notices-count")
        self.toasts = page.locator(".notice-toast")
        self.listed = page.locator("#notices-panel .notice")

    def open(self) -> None:
        if self.page.locator("#notices").get_attribute("open") is None:
            self.page.locator("#notices > summary").click()
        expect(self.page.locator("#notices-panel h2")).to_be_visible()

    def clear(self) -> "Bell":
        """Read whatever other stories left behind."""
        summary = self.page.locator("#notices > summary")
        expect(summary).to_have_attribute("aria-label", re.compile("[:：]"))  # it was told
        self.page.evaluate(READ_ALL)
        expect(self.count).to_be_hidden()
        return self


@pytest.fixture(scope="module", autouse=True)
def _nothing_on_its_way(live: Up) -> None:
    """The demonstration's own conversations have become notices before the stories begin."""
    sweep = "from collaboration.notices import deriving; deriving.sweep()"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", sweep],
        cwd=PROJECT,
        env=environment(TANDEM_DATA=str(live.folder), DJANGO_SETTINGS_MODULE="helpdesk.settings"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def recorded(person):
    """`recorded("agent2")`: somebody whose tones and notifications are recorded."""

    def make(name: str, **extra) -> Person:
        made = person(**extra)
        made.context.add_init_script(RECORDS)
        return made.sign_in(name)

    return make


def conversation(live) -> Customer:
    lin = Customer(live.port)
    lin.says("Where is my order?")
    return lin


def test_a_mention_is_offered_drawn_told_and_read_on_all_devices(live, person):
    amy, ben, phone = person(), person(), person(phone=True)
    amy.sign_in("agent1")
    bells = [Bell(one.sign_in("agent2").page) for one in (ben, phone)]
    for bell in bells:
        bell.clear()
    lin = conversation(live)
    for bell in bells:
        expect(bell.count).to_have_text("1")
    bells[0].clear()
    expect(bells[1].count).to_be_hidden()
    desk = Desk(amy, lin.conversation)
    desk.turn_to("note")
    word = uuid.uuid4().hex
    desk.field.press_sequentially("@周")
    option = amy.page.get_by_role("option", name="周明")
    expect(option).to_have_attribute("aria-selected", "true")
    desk.field.press("Enter")
    desk.reads("@周明 ")
    desk.field.press_sequentially(word)
    desk.field.press("Control+Enter")
    expect(desk.entry(word).locator(".mention")).to_have_text("@周明")
    for bell in bells:
        expect(bell.count).to_have_text("1")
        expect(bell.toasts.filter(has_text=word)).to_be_visible()
        expect(bell.page).to_have_title(re.compile(r"^\(1\) "))
    bells[0].toasts.filter(has_text=word).locator("a").click()
    expect(ben.page.locator("#entries").get_by_text(word)).to_be_visible()
    for bell in bells:
        expect(bell.count).to_be_hidden()
        expect(bell.page).not_to_have_title(re.compile(r"^\("))


def test_nothing_is_offered_in_a_reply_nor_while_an_input_method_composes(live, person):
    amy = person().enter("agent1")
    desk = Desk(amy, conversation(live).conversation)
    asked: list[str] = []
    amy.page.on("request", lambda request: asked.append(request.url))
    desk.field.press_sequentially("@周")
    desk.field.fill("")
    desk.turn_to("note")
    keyboard = amy.context.new_cdp_session(amy.page)
    desk.field.press_sequentially("@")
    expect(amy.page.get_by_role("listbox")).to_be_visible()
    keyboard.send(
        "Input.imeSetComposition", {"text": "zhou", "selectionStart": 4, "selectionEnd": 4}
    )
    enter = {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 229}
    keyboard.send("Input.dispatchKeyEvent", enter)
    desk.reads("@zhou")
    keyboard.send("Input.insertText", {"text": "周"})
    expect(amy.page.get_by_role("option", name="周明")).to_be_visible()
    desk.field.press("Escape")
    expect(amy.page.get_by_role("option")).to_have_count(0)
    desk.reads("@周")
    mentionable = [url for url in asked if "mentionable" in url]
    assert [url for url in mentionable if "zhou" in url] == []
    assert all(url.endswith(("?q=", "?q=%E5%91%A8")) for url in mentionable)


def test_one_tab_of_a_browser_plays_and_notifies(live, person, recorded):
    amy, ben = person().sign_in("agent1"), recorded("agent2")
    first = Bell(ben.page).clear()
    second = Bell(ben.watch(ben.context.new_page()))
    second.page.goto(f"{ben.url}/settings/notices/")
    second.page.get_by_role("button", name="Allow notifications").last.click()
    expect(second.page.get_by_text("are allowed on this device")).to_be_visible()
    for page in (first.page, second.page):  # both were touched, and both are in the background
        page.evaluate(
            """() => {
              Notification.permission = "granted";
              document.hasFocus = () => false;
            }"""
        )
    lin = conversation(live)
    desk = Desk(amy, lin.conversation)
    desk.turn_to("note")
    desk.write("@周明 ring")
    for bell in (first, second):
        expect(bell.toasts.filter(has_text="ring")).to_be_visible()
    pages = (first.page, second.page)
    for page in pages:  # a tab in the background waits a moment for one that is looked at
        page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 500))")
        page.evaluate("() => navigator.locks.request('notices', () => {})")

    def total(what: str) -> int:
        return sum(page.evaluate(what) for page in pages)

    assert total("() => window.tones") == 2  # one tone of two notes
    assert total("() => window.shown.length") == 1


def test_the_bell_lists_why_and_marks_all_as_read(live, person):
    amy, ben = person().enter("agent1"), person("zh-CN").sign_in("agent2")
    bell = Bell(ben.page).clear()
    lin = conversation(live)
    expect(bell.count).to_have_text("1")
    desk = Desk(amy, lin.conversation)
    desk.turn_to("note")
    desk.write("@周明 请看")
    expect(bell.count).to_have_text("2")
    bell.open()
    first = bell.listed.first
    expect(first).to_contain_text("林晓 提到了您")
    expect(first).to_contain_text("请看")
    first.get_by_role("button", name="标为已读").click()
    expect(bell.count).to_have_text("1")
    bell.page.get_by_role("button", name="全部标为已读").click()
    expect(bell.count).to_be_hidden()
    expect(bell.page.locator("#notices-panel [data-unread]")).to_have_count(0)


def test_what_is_read_one_by_one_stays_in_its_place(live, person):
    ben = person().sign_in("agent2")
    bell = Bell(ben.page).clear()
    for _ in range(12):
        conversation(live)
    expect(bell.count).to_have_text("12")
    bell.open()
    expect(bell.listed.nth(11)).to_have_attribute("data-unread", "")
    bell.listed.nth(11).get_by_role("button").click()
    expect(bell.count).to_have_text("11")
    expect(bell.listed.nth(11)).not_to_have_attribute("data-unread", "")
    assert ben.ask("document.querySelector('#notices-panel').scrollTop") > 0

    page = ben.go("/workspace/notices/")
    first = page.locator("main .notice").first
    first.get_by_role("button").click()
    expect(bell.count).to_have_text("10")
    expect(first).not_to_have_attribute("data-unread", "")
    expect(first.get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("main [data-unread]")).to_have_count(0)


def test_the_badge_is_the_servers_count_after_the_network_came_back(live, person):
    amy, ben = person().enter("agent1"), person(quiet=False).sign_in("agent2")
    bell = Bell(ben.page).clear()
    lin = conversation(live)
    expect(bell.count).to_have_text("1")
    ben.context.set_offline(True)
    desk = Desk(amy, lin.conversation)
    desk.turn_to("note")
    for number in range(3):
        desk.write(f"@周明 {number}")
    expect(desk.entry("@周明 2")).to_be_visible()
    ben.context.set_offline(False)
    expect(bell.count).to_have_text("4")


def test_what_is_before_ones_eyes_is_neither_counted_nor_shown(live, person):
    amy, ben = person().enter("agent1"), person().sign_in("agent2")
    bell = Bell(ben.page).clear()
    lin = conversation(live)
    expect(bell.count).to_have_text("1")
    theirs, desk = Desk(ben, lin.conversation), Desk(amy, lin.conversation)
    expect(bell.count).to_be_hidden()  # by opening it
    expect(desk.page.locator("#people [data-agent]")).to_have_count(1)  # she sees him there
    desk.turn_to("note")
    desk.write("@周明 have a look")
    expect(theirs.entry("have a look")).to_be_visible()
    marker = conversation(live)  # whatever comes after has been told
    expect(bell.count).to_have_text("1")
    expect(bell.toasts).to_have_count(1)
    assert marker.conversation in bell.toasts.locator("a").get_attribute("href")


def test_settings_are_kept_and_obeyed(live, person):
    amy, ben = person().enter("agent1"), person().sign_in("agent3")
    bell = Bell(ben.page).clear()
    page = ben.go("/settings/notices/")
    boxes = page.locator("[name=unassigned]")
    for number in range(3):
        boxes.nth(number).uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(boxes.first).not_to_be_checked()
    lin = conversation(live)
    desk = Desk(amy, lin.conversation)
    desk.turn_to("note")
    desk.write("@Mia Torres only this")
    expect(bell.count).to_have_text("1")
    boxes.first.check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
