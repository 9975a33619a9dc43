"""What a page can ask of the widget: docs/widget.md."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chats import Chat, Colleague, widget
from tests.stack.processes import PROJECT, Up, environment

QUEUE = """
  window.Tandem ||= function () { (Tandem.calls ||= []).push(arguments); };
  window.heard = [];
  for (const event of ["open", "close", "unread", "identity"]) {
    Tandem("on", event, (fact) => heard.push(fact === undefined ? event : [event, fact]));
  }
"""


@pytest.fixture(scope="module")
def secret(live: Up) -> str:
    told = subprocess.run(
        [sys.executable, "manage.py", "signing_secret", "demo"],
        cwd=PROJECT,
        env=environment(
            TANDEM_DATA=str(live.folder), DJANGO_SETTINGS_MODULE="helpdesk.settings", DEMO="1"
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip().splitlines()[-1]


@pytest.fixture
def sign(secret: str) -> Callable[..., str]:
    def sign(**claims: object) -> str:
        claims = {"exp": int(time.time()) + 600} | claims
        parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
        signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
        return (signed + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()

    return sign


def heard(person, *wanted: object) -> None:
    person.page.wait_for_function(
        "wanted => wanted.every((one) => heard.some((h) => JSON.stringify(h) === one))",
        arg=[json.dumps(one, separators=(",", ":")) for one in wanted],
    )


def open_chat(person) -> Chat:
    person.page.evaluate("Tandem('open')")
    chat = Chat(person.page.frame_locator("iframe[src*='/chat/demo/']"))
    expect(chat.field).to_be_visible()
    return chat


def test_calls_before_the_script_wait_for_it(live, person):
    lin = person()
    lin.context.add_init_script(QUEUE + "Tandem('open');")
    lin.go("/demo/")
    heard(lin, "open")
    lin.page.evaluate("Tandem('toggle')")
    heard(lin, "close")
    expect(lin.page.locator("tandem-chat .panel")).to_be_hidden()


def test_the_page_hears_of_unread_messages_and_its_title_shows_them(live, person):
    lin = person()
    lin.context.add_init_script(QUEUE)
    conversation = widget(lin).begin("Any news?")
    lin.page.evaluate("Tandem('close')")
    Colleague(live.port).says(conversation, "Good news")
    heard(lin, "open", "close", ["unread", 1])
    title = lin.page.title()
    assert title.startswith("(1) ")
    lin.page.evaluate("Tandem('open')")
    heard(lin, ["unread", 0])
    assert lin.page.title() == title.removeprefix("(1) ")


def test_an_identified_visitor_finds_their_conversations_anywhere(live, person, sign):
    one, other = person(), person("zh-CN", phone=True)
    statement = sign(sub=f"visitor-{time.time_ns()}", name="Lin Wang", email="lin@example.org")
    for lin in (one, other):
        lin.context.add_init_script(QUEUE)
        lin.go("/demo/")
    chat = open_chat(one)
    conversation = chat.begin("Written before I signed in")
    one.page.evaluate("statement => Tandem('identify', statement)", statement)
    heard(one, ["identity", {"accepted": True, "reason": ""}])
    expect(chat.entry("Written before")).to_be_visible()

    other.page.evaluate("statement => Tandem('identify', statement)", statement)
    heard(other, ["identity", {"accepted": True, "reason": ""}])
    expect(open_chat(other).entry("Written before")).to_be_visible()

    mia = Colleague(live.port)
    page = mia.client.get(
        f"/workspace/conversations/{conversation}/", headers={"Accept": "application/json"}
    )
    assert page.json()["customer"]["name"] == "Lin Wang"

    one.page.evaluate("Tandem('identify', null)")  # signed out: nothing of it stays
    expect(chat.entries).to_have_count(0)
    one.page.reload()
    expect(open_chat(one).entries).to_have_count(0)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (lambda statement: statement[:-6] + "AAAAAA", "forged"),
        (lambda statement: "nonsense", "malformed"),
    ],
)
def test_a_wrong_statement_is_told_to_the_page_and_to_nobody_else(person, sign, changed, reason):
    lin = person()  # whose console stays silent
    lin.context.add_init_script(QUEUE)
    lin.go("/demo/")
    chat = open_chat(lin)
    chat.begin("Still me")
    lin.page.evaluate("statement => Tandem('identify', statement)", changed(sign(sub="x")))
    heard(lin, ["identity", {"accepted": False, "reason": reason}])
    expect(chat.entry("Still me")).to_be_visible()


def test_somebody_else_at_the_same_browser_sees_and_sends_nothing_of_the_first(person, sign):
    lin = person(quiet=False)
    lin.context.add_init_script(QUEUE)
    lin.go("/demo/")
    chat = open_chat(lin)
    first, second = (sign(sub=f"{name}-{time.time_ns()}") for name in ("first", "second"))
    lin.page.evaluate("statement => Tandem('identify', statement)", first)
    heard(lin, ["identity", {"accepted": True, "reason": ""}])
    chat.begin("Mine")
    lin.page.route("**/messages?*", lambda route: route.abort())
    chat.write("Never sent")
    expect(chat.pending).to_have_count(1)
    chat.field.fill("Never finished")
    lin.page.evaluate("statement => { heard.length = 0; Tandem('identify', statement) }", second)
    heard(lin, ["identity", {"accepted": True, "reason": ""}])
    expect(chat.entries).to_have_count(0)
    expect(chat.pending).to_have_count(0)
    expect(chat.field).to_have_value("")
    lin.page.unroute("**/messages?*")
    chat.write("Hello")
    expect(chat.entry("Hello")).to_have_count(1)
    assert chat.said() == ["Hello"]


def test_attributes_wait_for_the_visitor_to_write(live, person):
    lin = person()
    lin.go("/demo/")
    lin.page.evaluate("Tandem('attributes', {plan: 'Pro', items: 3})")
    with lin.page.expect_request("**/session") as begun:
        open_chat(lin).begin("Hello")
    assert begun.value.post_data_json["attributes"] == {"plan": "Pro", "items": 3}
    with lin.page.expect_response("**/attributes") as told:
        lin.page.evaluate("Tandem('attributes', {plan: null, city: 'Bath'})")
    assert told.value.json() == {"attributes": {"items": "3", "city": "Bath"}}


def test_nonsense_does_nothing(person):
    lin = person()
    page = lin.go("/demo/")
    expect(page.locator("button.launcher")).to_be_visible()
    page.evaluate(
        """() => {
          Tandem(); Tandem("no such act"); Tandem("on"); Tandem("on", "open", 7);
          Tandem("on", "no such event", () => {}); Tandem("attributes"); Tandem("__proto__");
          Tandem("on", "open", () => { throw new Error("the page's own"); });
        }"""
    )
    assert page.locator("iframe").count() == 0


def test_the_greeting_stands_beside_the_button_until_it_is_dismissed(person):
    lin = person()
    page = lin.go("/demo/")
    greeting = page.locator("tandem-chat .greeting")
    expect(greeting).to_contain_text("Hello!")
    greeting.get_by_role("button", name="Dismiss").click()
    expect(greeting).to_have_count(0)
    page.reload()
    expect(page.locator("button.launcher")).to_be_visible()
    page.wait_for_timeout(2_000)  # longer than a greeting waits
    expect(greeting).to_have_count(0)


def test_the_button_looks_as_the_inbox_says(live, person):
    lin = person()
    look = '{"colours": {"ground": "#ffd400", "ink": "#000000"}, "position": "left"}'
    lin.page.route(
        "**/look.js",
        lambda route: route.fulfill(content_type="text/javascript", body=f"Tandem.look({look})"),
    )
    button = lin.go("/demo/").locator("button.launcher")
    expect(button).to_be_visible()
    expect(button).to_have_css("background-color", "rgb(255, 212, 0)")
    expect(button).to_have_css("color", "rgb(0, 0, 0)")
    assert button.bounding_box()["x"] == 20
    button.click()
    panel = lin.page.locator("tandem-chat .panel")
    expect(panel).to_have_attribute("data-open", "true")
    assert panel.evaluate("panel => panel.offsetLeft") == 20


def test_without_its_look_the_button_is_there_all_the_same(person):
    lin = person(quiet=False)
    lin.page.route("**/look.js", lambda route: route.abort())
    expect(lin.go("/demo/").locator("button.launcher")).to_be_visible()


def test_the_keyboard_goes_round_inside_the_open_chat(person):
    lin = person()
    chat = widget(lin)
    expect(chat.field).to_be_focused()
    frame = lin.page.locator("tandem-chat iframe")
    visited = set()
    for _ in range(12):
        lin.page.keyboard.press("Tab")
        expect(frame).to_be_focused()
        visited.add(
            chat.screen.locator(":focus").evaluate("one => one.title || one.ariaLabel || one.name")
        )
    assert {"Close chat", "Emoji", "Attach files", "Message"} <= visited
    lin.page.keyboard.press("Shift+Tab")
    expect(frame).to_be_focused()
    lin.page.keyboard.press("Escape")
    expect(lin.page.locator("button.launcher")).to_be_focused()
