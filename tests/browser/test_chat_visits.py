"""A customer's conversations on the screen: ticks, the end, the list, absence, emoji, sound."""

import json
import re

from playwright.sync_api import Page, Route, expect

from tests.browser.chats import Chat, Colleague, hosted
from tests.browser.workspaces import until


def past(chat: Chat):
    return chat.screen.locator("[data-conversation].past")


def end(live, conversation: str) -> Colleague:
    mia = Colleague(live.port)
    mia.says(conversation, "You are welcome")
    mia.act(conversation, "resolve")
    return mia


def test_a_message_is_delivered_then_read(live, person):
    lin = person()
    chat = hosted(lin)
    conversation = chat.begin("Is it there?")
    message = chat.entry("Is it there?")
    expect(message.locator(".is-stored")).to_be_visible()
    expect(message.locator(".is-read")).to_be_hidden()
    mia = Colleague(live.port)
    mia.says(conversation, "A note", kind="notes")
    mia.act(conversation, "read", seq=99)
    expect(message.locator(".is-read")).to_be_visible()
    expect(message).to_contain_text("Read")
    lin.page.reload()
    expect(chat.entry("Is it there?").locator(".is-read")).to_be_visible()


def test_agents_see_that_the_answer_was_read(live, person):
    lin = person()
    chat = hosted(lin)
    conversation = chat.begin("Hello")
    mia = Colleague(live.port)
    with lin.page.expect_response(re.compile("/seen")) as told:
        mia.says(conversation, "Hello you")
        expect(chat.entry("Hello you")).to_be_visible()
    assert told.value.ok
    row = mia.client.get(
        f"/workspace/conversations/{conversation}/", headers={"Accept": "application/json"}
    )
    assert row.json()["seen"] == 2


def test_the_end_is_rated_and_the_rating_can_be_changed(live, person):
    lin = person()
    chat = hosted(lin)
    end(live, chat.begin("Thanks a lot"))
    ending = chat.screen.locator("[data-ending]")
    expect(ending).to_be_visible()
    expect(ending.get_by_role("button", name="Send rating")).to_be_hidden()
    ending.get_by_role("radio", name="4 of 5").check()
    ending.get_by_label("Comment (optional)").fill("quick & kind")
    ending.get_by_role("button", name="Send rating").click()
    expect(ending.locator("[data-rated]")).to_contain_text("You rated this conversation 4 of 5.")
    expect(chat.entries.last).to_contain_text("Thank you for your rating.")
    lin.page.reload()
    expect(ending.locator("[data-rated]")).to_be_visible()
    ending.get_by_role("button", name="Change").click()
    expect(ending.get_by_label("Comment (optional)")).to_have_value("quick & kind")
    ending.get_by_role("radio", name="5 of 5").check()
    ending.get_by_role("button", name="Send rating").click()
    expect(ending.locator("[data-rated]")).to_contain_text("5 of 5")
    chat.write("One more thing")  # it goes on: nothing to rate any more
    expect(ending).to_be_hidden()


def test_another_conversation_and_back_to_the_old_one(live, person):
    lin = person("zh-CN")
    chat = hosted(lin)
    first = chat.begin("茶壶到了吗？")
    mia = end(live, first)
    chat.screen.locator("[data-ending] [data-begin]").click()
    expect(chat.entries).to_have_count(0)
    expect(chat.field).to_be_focused()
    chat.write("再问一件事")
    expect(chat.entry("再问一件事")).to_have_count(1)
    assert chat.numbers() == [1]

    mia.says(first, "还有一句")  # in the old one, which is not on the screen
    lin.page.reload()
    button = chat.screen.get_by_role("button", name="您的会话")
    expect(button.locator("[data-others]")).to_be_visible()
    expect(lin.page).to_have_title(re.compile("1"))
    button.click()
    expect(past(chat)).to_have_count(2)
    expect(chat.screen.locator("[data-history] [data-begin]")).to_be_hidden()  # this one goes on
    expect(past(chat).first).to_contain_text("还有一句")
    expect(past(chat).first).to_have_attribute("data-unread", "")
    past(chat).first.click()
    expect(chat.entry("还有一句")).to_be_visible()
    expect(chat.entry("再问一件事")).to_have_count(0)
    chat.write("谢谢")
    expect(chat.entry("谢谢")).to_have_count(1)
    button.click()
    expect(past(chat).first).to_contain_text("谢谢")
    expect(past(chat).first).not_to_have_attribute("data-unread", "")
    lin.page.keyboard.press("Escape")
    expect(past(chat).first).to_be_hidden()


def as_if_away(page: Page) -> None:
    def answer(route: Route) -> None:
        found = route.fetch()
        route.fulfill(response=found, json=found.json() | {"away": True})

    page.route(re.compile(r"/conversations\?"), answer)


def test_when_nobody_is_there_the_customer_says_how_to_reach_them(live, person):
    lin = person(quiet=False)  # the browser tells of the address that is refused
    as_if_away(lin.page)
    chat = hosted(lin)
    chat.begin("Is anybody there?")
    card = chat.screen.locator("[data-away]")
    expect(card).to_be_visible()
    card.get_by_label("Name").fill("Lin Wang")
    card.get_by_label("E-mail address").fill("lin@nowhere")
    card.get_by_role("button", name="Save").click()
    expect(card.locator("[data-kept]")).to_be_hidden()
    card.get_by_label("E-mail address").fill("lin@example.org")
    card.get_by_role("button", name="Save").click()
    expect(card.locator("[data-kept]")).to_be_visible()
    lin.page.reload()
    expect(card).to_be_visible()
    expect(card.get_by_label("E-mail address")).to_be_hidden()


def test_emoji_by_mouse_and_keyboard(live, person):
    lin = person()
    chat = hosted(lin)
    button = chat.screen.get_by_role("button", name="Emoji")
    chat.field.fill("ab")
    chat.field.press("ArrowLeft")
    button.click()
    choice = chat.screen.locator("[data-emojis]")
    expect(choice.locator("button").first).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "Enter"):
        lin.page.keyboard.press(key)
    expect(choice).to_be_hidden()
    ninth = choice.locator("button").nth(8).text_content()
    expect(chat.field).to_have_value(f"a{ninth}b")
    expect(chat.field).to_be_focused()
    button.click()
    lin.page.keyboard.press("Escape")
    expect(choice).to_be_hidden()
    expect(button).to_be_focused()


TONES = """
  window.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) { window.tones += 1; start.apply(this, at); };
"""
HIDE = """hidden => {
  Object.defineProperty(document, "visibilityState",
    {configurable: true, get: () => hidden ? "hidden" : "visible"});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_sound_and_title_tell_of_an_answer_nobody_looks_at(live, person):
    lin = person()
    lin.context.add_init_script(TONES)
    chat = hosted(lin)
    conversation = chat.begin("Ring me")
    mia = Colleague(live.port)
    mia.says(conversation, "While you look")
    expect(chat.entry("While you look")).to_be_visible()
    assert lin.ask("tones") == 0
    lin.ask(HIDE, True)
    mia.says(conversation, "While you do not")
    expect(chat.entry("While you do not")).to_have_count(1)
    assert lin.ask("tones") == 2
    expect(lin.page).to_have_title(re.compile(r"^\(1\) "))
    lin.ask(HIDE, False)
    expect(lin.page).not_to_have_title(re.compile(r"^\("))

    sound = chat.screen.locator("[data-sound]")
    expect(sound).to_have_accessible_name("Switch sound off")
    sound.click()
    lin.page.reload()
    expect(sound).to_have_accessible_name("Switch sound on")
    chat.field.click()
    lin.ask(HIDE, True)
    mia.says(conversation, "In silence")
    expect(chat.entry("In silence")).to_have_count(1)
    assert lin.ask("tones") == 0


def test_what_is_typed_is_told_while_it_is_typed(live, person):
    lin = person()
    typed: list[str] = []

    def heard(frame: str) -> None:
        said = json.loads(frame)
        if said["type"] == "typing" and said["typing"]:
            typed.append(said["text"])

    lin.page.on("websocket", lambda socket: socket.on("framesent", heard))
    chat = hosted(lin)
    chat.begin("Before")
    typed.clear()
    chat.field.press_sequentially("Where is my cup")
    # The last of it too, though not each letter.
    until(lin.page, lambda: typed[-1:] == ["Where is my cup"])
    assert len(typed) < len("Where is my cup")
