"""The widget on a page: its button, its badge, its keyboard, and pages that are not ours."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.chats import Chat, Colleague, widget

HOSTILE_CSS = b"button, div, iframe { display: inline !important; background: red !important }"


@pytest.fixture
def foreign_site(live) -> Iterator[str]:
    """A page of somebody else's: its own origin, a strict policy, loud CSS, the script twice."""
    tandem = f"http://localhost:{live.port}"
    script = f'<script src="{tandem}/widget.js" data-inbox="demo" async></script>'
    head = f'<link rel="stylesheet" href="/site.css">{script * 2}'
    page = f'<!doctype html><html lang="zh-CN"><head>{head}</head><body><h1>Site</h1></body></html>'
    policy = f"default-src 'self'; script-src {tandem}; frame-src {tandem}"

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            css = self.path == "/site.css"
            self.send_response(200)
            self.send_header("Content-Type", "text/css" if css else "text/html")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(HOSTILE_CSS if css else page.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_an_answer_while_closed_is_a_number_on_the_button(live, person):
    lin = person()
    conversation = widget(lin).begin("Is anybody there?")
    lin.page.keyboard.press("Escape")
    button = lin.page.locator("button.launcher")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(button).to_be_focused()
    mia = Colleague(live.port)
    mia.says(conversation, "A note of ours", kind="notes")
    mia.says(conversation, "Yes!")
    expect(lin.page.locator("tandem-chat .badge")).to_have_text("1")
    expect(button).to_have_accessible_name("Open chat (1 unread message)")

    lin.page.reload()  # on the next page too, without opening anything
    expect(lin.page.locator("tandem-chat .badge")).to_have_text("1")
    chat = widget(lin, path="")
    expect(chat.entry("Yes!")).to_be_visible()
    expect(chat.field).to_be_focused()
    expect(lin.page.locator("tandem-chat .badge")).to_have_text("")


def test_a_page_without_a_talk_loads_no_frame(person):
    page = person().go("/demo/")
    expect(page.locator("button.launcher")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.locator("iframe").count() == 0


def test_on_a_foreign_site(foreign_site, live, person):
    lin = person()
    lin.page.goto(foreign_site)
    assert lin.page.locator("tandem-chat").count() == 1
    box = lin.page.locator("button.launcher").bounding_box()
    assert (box["width"], box["height"]) == (56, 56)  # the site's CSS does not reach it
    expect(lin.page.locator("button.launcher")).to_have_accessible_name("打开聊天")
    chat = widget(lin, path="")
    conversation = chat.begin("Hello from abroad")
    Colleague(live.port).says(conversation, "Hello abroad")
    expect(chat.entry("Hello abroad")).to_be_visible()

    lin.page.reload()  # also where browsers give foreign frames no storage
    chat = widget(lin, path="")
    expect(chat.entries).to_have_count(2)


def test_single_page_sites_and_the_small_api(person):
    lin = person()
    page = lin.go("/demo/")
    expect(page.locator("button.launcher")).to_be_visible()
    page.evaluate("document.body.replaceWith(document.createElement('body'))")
    expect(page.locator("button.launcher")).to_be_visible()
    page.evaluate("Tandem('open')")
    expect(page.locator("tandem-chat .panel")).to_be_visible()
    page.evaluate("Tandem('hide')")
    expect(page.locator("button.launcher")).to_be_hidden()
    expect(page.locator("tandem-chat .panel")).to_be_hidden()
    page.evaluate("Tandem('show'); Tandem('no such act')")
    expect(page.locator("button.launcher")).to_be_visible()


def test_on_a_phone_the_chat_is_the_screen(person):
    lin = person(phone=True, dark=True)
    chat = widget(lin)
    expect(lin.page.locator("button.launcher")).to_be_hidden()
    panel = lin.page.locator("tandem-chat .panel")
    size = panel.evaluate("panel => [panel.offsetWidth, panel.offsetHeight]")  # also while it opens
    assert size == [390, 844]
    chat.screen.locator("[data-close]").click()
    expect(lin.page.locator("tandem-chat .panel")).to_be_hidden()


def test_the_frame_believes_only_the_page_around_it(person):
    lin = person()
    chat = widget(lin)
    frame = next(one for one in lin.page.frames if "/chat/demo/" in one.url)
    frame.evaluate("window.postMessage({tandem: 1, type: 'closed'}, '*')")  # from the frame itself
    lin.page.locator("tandem-chat iframe").evaluate(
        "frame => frame.contentWindow.postMessage({tandem: 1, type: 'page', url: 7}, '*')"
    )
    lin.page.evaluate("window.postMessage({tandem: 1, type: 'unread', count: 5}, '*')")
    conversation = chat.begin("Still open")
    assert conversation
    expect(lin.page.locator("tandem-chat .badge")).to_have_text("")
    expect(Chat(lin.page.frame_locator("iframe")).entry("Still open")).to_be_visible()
