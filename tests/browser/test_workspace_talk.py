"""The transcript: what it shows, what can be done with a message, and reading undisturbed."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.chats import Colleague, hosted
from tests.browser.workspaces import Customer, Desk


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    paths = [tmp_path / "first.png", tmp_path / "second.png"]
    for path, colour in zip(paths, ("teal", "brown"), strict=True):
        Image.new("RGB", (320, 200), colour).save(path)
    return paths


def test_many_events_in_a_row_are_one_line_that_opens(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    desk.act("claim")
    for name in ("resolve", "reopen", "resolve", "reopen"):
        desk.act(name)
    events = amy.page.locator("#entries > .event[data-seq]")
    expect(events).to_have_count(5)
    mark = amy.page.locator("#entries > [data-fold]")
    expect(mark).to_have_text("4 events")
    expect(events.filter(visible=True)).to_have_count(1)
    mark.locator("button").click()
    expect(events.filter(visible=True)).to_have_count(5)
    expect(mark.locator("button")).to_have_attribute("aria-expanded", "true")
    mark.locator("button").click()
    expect(events.filter(visible=True)).to_have_count(1)
    lin.says("After")
    expect(desk.entry("After")).to_be_visible()
    amy.page.reload()
    expect(mark).to_have_text("4 events")


def test_pictures_are_enlarged_and_closed_by_keys(live, person, pictures):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    Desk(amy, lin.conversation)
    amy.page.locator("[data-picker]").set_input_files(pictures)
    amy.page.locator("[data-send]").click()  # it waits for the files
    shown = amy.page.locator("#entries .picture")
    expect(shown).to_have_count(2)
    shown.first.focus()
    amy.page.keyboard.press("Enter")
    box = amy.page.locator("#lightbox")
    expect(box).to_be_visible()
    expect(box.locator("[data-name]")).to_have_text("first.png")
    amy.page.keyboard.press("ArrowRight")
    expect(box.locator("[data-name]")).to_have_text("second.png")
    expect(box.locator("[data-turn='1']")).to_be_disabled()
    amy.page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(shown.last).to_be_focused()


def test_a_link_leads_to_a_message_far_back(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    for number in range(1, 301):
        lin.says(f"Message {number}.")
    page = amy.go(f"/workspace/conversations/{lin.conversation}/#entry-7")
    linked = page.locator("#entry-7")
    expect(linked).to_have_attribute("data-linked", "")
    expect(linked).to_be_in_viewport()
    expect(linked).to_contain_text("Message 7.")
    numbers = amy.ask(
        "[...document.querySelectorAll('#entries > [data-seq]')].map((e) => +e.dataset.seq)"
    )
    assert numbers == list(range(numbers[0], 301))
    amy.ask("location.hash = '#entry-299'")
    expect(page.locator("#entry-299")).to_be_in_viewport()
    amy.ask("location.hash = '#entry-9999'")
    expect(page.locator(".toast", has_text="cannot be found")).to_be_visible()


def test_a_message_is_quoted_and_its_link_copied(live, person):
    amy = person().enter("agent1")
    amy.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lin = Customer(live.port)
    lin.says("Two\nlines")
    desk = Desk(amy, lin.conversation)
    desk.field.fill("Yes.")
    desk.entry("Two").locator(".bubble").hover()
    amy.page.locator("[data-tool=quote]").click()
    desk.reads("Yes.\n\n> Two\n> lines\n\n")
    expect(desk.field).to_be_focused()
    amy.page.keyboard.press("Control+z")
    desk.reads("Yes.")
    desk.entry("Two").locator(".bubble").hover()
    amy.page.locator("[data-tool=link]").click()
    expect(amy.page.locator(".toast", has_text="copied")).to_be_visible()
    link = amy.ask("navigator.clipboard.readText()")
    assert link.endswith(f"/workspace/conversations/{lin.conversation}/#entry-1")


def test_a_note_is_only_quoted_in_a_note(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    desk.turn_to("note")
    desk.write("Between us")
    expect(desk.entry("Between us")).to_be_visible()
    desk.turn_to("reply")
    desk.entry("Between us").locator(".bubble").hover()
    amy.page.locator("[data-tool=quote]").click()
    expect(amy.page.locator("#composer")).to_have_attribute("data-mode", "note")
    desk.reads("> Between us\n\n")
    desk.turn_to("reply")
    desk.reads("")


def test_arrows_walk_from_message_to_message(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    for text in ("One", "Two", "Three"):
        lin.says(text)
    desk = Desk(amy, lin.conversation)
    desk.press("ArrowUp", "ArrowUp")
    expect(desk.entry("Two")).to_be_focused()
    amy.page.keyboard.press("q")
    desk.reads("> Two\n\n")


def test_the_line_above_what_is_new_stays(live, person):
    amy, ben = person().enter("agent1"), person().enter("agent2")
    lin = Customer(live.port)
    lin.says("Read")
    Desk(amy, lin.conversation)
    expect(amy.page.locator("#entries > .unread-line")).to_have_count(0)
    amy.go("/workspace/")
    lin.says("New one")
    lin.says("New two")
    desk = Desk(amy, lin.conversation)
    line = amy.page.locator("#entries > .unread-line")
    expect(line).to_have_text("2 unread")
    desk.write("An answer")
    expect(desk.entry("An answer")).to_be_visible()
    Desk(ben, lin.conversation).write("And another")
    expect(desk.entry("And another")).to_be_visible()
    expect(line).to_have_text("2 unread")
    below = line.locator("xpath=following-sibling::li[@data-seq][1]")
    expect(below).to_contain_text("New one")


def test_older_messages_come_without_a_jump(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    for number in range(150):
        lin.says(f"Message {number}.")
    desk = Desk(amy, lin.conversation)
    first = desk.numbers()[0]
    assert first > 1
    top = f"document.querySelector('#entry-{first}').getBoundingClientRect().top"
    stood = amy.ask(
        f"""new Promise((done) => {{
          const list = document.querySelector("#entries");
          const before = () => {top};
          document.querySelector("#stream").scrollTop = 450;
          let stood = before();
          new MutationObserver(() => done([stood, before()])).observe(list, {{childList: true}});
        }})"""
    )
    assert abs(stood[0] - stood[1]) <= 1
    assert desk.numbers() == list(range(desk.numbers()[0], 151))

    # What is far out of sight is not laid out any more, and keeps its size.
    far = f"document.querySelector('#entry-{desk.numbers()[0] + 25}')"
    is_drawn = f"{far}.firstElementChild.checkVisibility({{contentVisibilityAuto: true}})"
    amy.ask("document.querySelector('#stream').scrollTop = 1e6")
    desk.page.wait_for_function(f"() => !{is_drawn}")
    height = amy.ask("document.querySelector('#stream').scrollHeight")
    amy.ask(f"{far}.scrollIntoView()")
    desk.page.wait_for_function(f"() => {is_drawn}")
    assert amy.ask("document.querySelector('#stream').scrollHeight") == height


def test_what_hovers_over_one_conversation_is_not_carried_to_the_next(live, person):
    amy = person().enter("agent1")
    first, second = Customer(live.port), Customer(live.port)
    first.says("The first one")
    second.says("The second one")
    desk = Desk(amy, first.conversation)
    desk.entry("The first one").locator(".bubble").hover()
    expect(amy.page.locator("[data-tools]")).to_be_visible()
    amy.page.locator("[data-more]").click()
    amy.page.keyboard.press("Escape")
    amy.ask(f"htmx.ajax('GET', '/workspace/conversations/{second.conversation}/', '#main')")
    expect(desk.entry("The second one")).to_be_visible()
    expect(amy.page.locator("[data-tools]")).to_be_hidden()


def test_an_edited_reply_changes_in_place_on_every_open_screen(live, person):
    chat = hosted(person())
    conversation = chat.begin("When does it leave?")
    desk = Desk(person("en-GB", quiet=False).enter("agent1"), conversation)  # refused twice
    colleague = Desk(person("en-GB").enter("senior"), conversation)
    desk.write("It leaves on **Munday**")
    reply = desk.entry("It leaves on")
    for place in (reply, colleague.entry("It leaves on"), chat.entry("It leaves on")):
        expect(place).to_have_count(1)
    expect(desk.page.locator("#talk-who .chip").first).to_have_text("Waiting for the customer")
    reply.hover()
    desk.page.locator("[data-tool=edit]").click()
    field = desk.dialog("edit").locator("textarea")
    expect(field).to_have_value("It leaves on **Munday**")
    field.fill("")
    field.press("Control+Enter")
    expect(desk.dialog("edit").locator("[data-problem]")).to_have_text("Write something first.")
    field.fill("It leaves on Monday")

    # A colleague is faster: what was typed stays, beside what it says now.
    seq = int(reply.get_attribute("data-seq") or 0)
    other = Colleague(live.port, "senior")
    other.act(conversation, "edit", entry=seq, body="It leaves on Friday", was=0)
    expect(reply.locator(".bubble")).to_have_text("It leaves on Friday")
    field.press("Control+Enter")
    expect(desk.dialog("edit").locator("[data-now]")).to_have_text("It leaves on Friday")
    expect(field).to_have_value("It leaves on Monday")
    field.press("Control+Enter")
    expect(desk.dialog("edit")).to_have_count(0)

    # It is where it was, on all screens, and nothing was reloaded.
    for place in (reply, colleague.entry("It leaves on"), chat.entry("It leaves on")):
        expect(place.locator(".bubble")).to_have_text("It leaves on Monday")
    expect(chat.entry("It leaves on").locator(".edited")).to_be_visible()
    assert chat.said() == ["When does it leave?", "It leaves on Monday"]
    assert chat.numbers() == list(range(1, len(chat.numbers()) + 1))
    assert colleague.numbers() == list(range(1, len(colleague.numbers()) + 1))

    colleague.page.locator("[data-edited]").click()
    earlier = colleague.dialog("edits").locator("blockquote")
    expect(earlier).to_have_text(["It leaves on **Munday**", "It leaves on Friday"])
