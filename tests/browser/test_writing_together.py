"""Several agents write one reply: they see each other, and the customer gets it once."""

import re
from collections import Counter

import pytest
from playwright.sync_api import Locator, Route, WebSocketRoute, expect

from collaboration.drafts.protocol import ACKNOWLEDGED
from tests.browser.workspaces import TEXT, Customer, Desk, until
from tests.conversations.test_files import png
from tests.stack.processes import wait_for

# A page that is not told of what is selected.
DEAF = """() => addEventListener(
  "selectionchange", (event) => event.stopImmediatePropagation(), { capture: true }
)"""


def conversation(port: int) -> Customer:
    lin = Customer(port)
    lin.says("Where is my parcel?")
    return lin


def caret_of(desk: Desk, name: str) -> Locator:
    return desk.page.locator(".caret", has_text=name)


def replies(lin: Customer) -> list[str]:
    told = lin.http.get("entries", params={"after": 0}).json()["entries"]
    return [entry["body"] for entry in told if entry["kind"] == "reply"]


def on_its_way(person, lin: Customer, text: str, **who: bool) -> tuple[Desk, Route]:
    """A desk whose agent pressed Send, and the request, which has not reached the server yet."""
    amy = person(**who).enter("agent1")
    waiting: list[Route] = []
    amy.page.route("**/draft/send/", lambda route: waiting.append(route), times=1)
    desk = Desk(amy, lin.conversation)
    expect(desk.page.locator("[data-kept=saved]")).to_be_attached()
    desk.write(text)
    until(amy.page, lambda: waiting)
    return desk, waiting[0]


def test_three_write_at_once_and_one_is_cut_off_meanwhile(live, person):
    lin = conversation(live.port)
    people = [person(quiet=False).enter(f"agent{number}") for number in (1, 2, 3)]
    cut: list[object] = []
    people[2].page.route_web_socket(
        re.compile(r"/ws/drafts/"), lambda socket: (socket.connect_to_server(), cut.append(socket))
    )
    one, two, three = desks = [Desk(each, lin.conversation) for each in people]
    for desk, letter in zip(desks, "abc", strict=True):
        desk.field.press("Control+End")
        desk.field.press_sequentially(letter * 20)
    for desk in desks:
        desk.page.wait_for_function(f"() => ({TEXT})().length === 60")
    expect(caret_of(one, "周明")).to_be_visible()
    cut[0].close()  # type: ignore[attr-defined]
    expect(one.page.locator(".caret")).to_have_count(1)  # nobody stays who is not there
    three.field.press_sequentially("C" * 10)
    two.field.press_sequentially("B" * 10)
    for desk in desks:
        desk.page.wait_for_function(f"() => ({TEXT})().length === 80")
        desk.is_saved()
    text = one.text()
    assert two.text() == three.text() == text
    assert Counter(text) == Counter("a" * 20 + "b" * 20 + "c" * 20 + "B" * 10 + "C" * 10)


def test_an_input_method_composes_undisturbed_while_others_write(live, person):
    lin = conversation(live.port)
    amy, ben = person().enter("agent1"), person().enter("agent2")
    desk, other = Desk(amy, lin.conversation), Desk(ben, lin.conversation)
    desk.field.focus()
    keyboard = amy.context.new_cdp_session(amy.page)
    for text in ("n", "ni", "ni h", "ni hao"):
        keyboard.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
        )
        other.field.press("Control+Home")
        other.field.press_sequentially("a")
        expect(desk.field).to_contain_text("a")
    keyboard.send("Input.insertText", {"text": "你好"})
    desk.reads("aaaa你好")
    other.reads("aaaa你好")


def test_two_press_send_and_the_customer_gets_one_reply(live, person):
    lin = conversation(live.port)
    # The browser itself tells of the answer to who was second.
    people = [person(quiet=False).enter("agent1"), person(quiet=False).enter("agent2")]
    one, two = (Desk(each, lin.conversation) for each in people)
    for number in range(4):
        one.field.fill(f"Round {number}")
        one.is_saved()
        two.reads(f"Round {number}")
        press = "document.querySelector('#composer').requestSubmit()"
        for desk in (one, two):  # within the same moment: neither waits for the other
            desk.page.evaluate(f"setTimeout(() => {press})")
        for desk in (one, two):
            desk.reads("")
            expect(desk.page.locator("#composer")).not_to_have_attribute("data-sending", "")
    assert replies(lin) == [f"Round {number}" for number in range(4)]


def test_a_reply_waits_when_something_came_that_was_not_read(live, person):
    lin = conversation(live.port)
    for number in range(60):
        lin.says(f"Question {number}")
    desk = Desk(person(quiet=False).enter("agent1"), lin.conversation)
    expect(desk.entry("Question 59")).to_be_in_viewport()
    desk.field.fill("An answer to the first questions")
    desk.is_saved()
    desk.agent.ask("document.querySelector('#stream').scrollTop = 500")
    expect(desk.page.locator("#jump")).to_be_visible()
    lin.says("Forget it, I cancel")
    expect(desk.page.locator("#jump [data-count]")).to_have_text("1")
    desk.field.press("Control+Enter")
    held = desk.page.locator("[data-held]")
    expect(held).to_contain_text("Forget it, I cancel")
    desk.reads("An answer to the first questions")
    held.get_by_role("button", name="Go on writing").click()
    expect(held).to_be_hidden()
    expect(desk.field).to_be_focused()
    desk.field.press("Control+Enter")
    held.get_by_role("button", name="Send all the same").click()
    desk.reads("")
    assert replies(lin) == ["An answer to the first questions"]


def test_what_is_written_aside_is_nobody_elses_until_it_is_brought_in(live, person):
    lin = conversation(live.port)
    amy, ben = person().enter("agent1"), person().enter("agent2")
    desk, other = Desk(amy, lin.conversation), Desk(ben, lin.conversation)
    other.field.fill("Together: ")
    desk.reads("Together: ")
    aside = desk.page.get_by_role("button", name="Write aside")
    aside.click()
    desk.reads("")
    with amy.page.expect_response("**/private-draft/"):
        desk.field.press_sequentially("mine alone")
    aside.click()
    desk.reads("Together: ")
    other.is_saved()
    other.reads("Together: ")
    amy.page.reload()
    aside.click()
    desk.reads("mine alone")
    desk.field.press("Control+Enter")
    other.reads("Together: mine alone")
    expect(aside).to_have_attribute("aria-pressed", "false")
    assert replies(lin) == []


def test_versions_tell_who_wrote_what_and_one_is_put_back(live, person):
    lin = conversation(live.port)
    amy, ben = person().enter("agent1"), person().enter("agent2")
    desk, other = Desk(amy, lin.conversation), Desk(ben, lin.conversation)
    desk.field.fill("Dear Lin, ")
    other.reads("Dear Lin, ")
    other.field.press("Control+End")
    other.field.press_sequentially("it is on its way")
    desk.reads("Dear Lin, it is on its way")
    other.is_saved()
    desk.page.locator("[data-history]").click()
    dialog = desk.page.locator("#versions-dialog")
    expect(dialog.locator("[data-written] span")).to_have_text(["Dear Lin, ", "it is on its way"])
    expect(dialog.locator("[data-writers] .chip")).to_have_count(2)
    dialog.get_by_role("option").last.click()
    dialog.get_by_role("button", name="Restore this version").click()
    other.reads("Dear Lin, ")
    other.field.press("Control+End")
    other.field.press_sequentially("it is here")
    desk.reads("Dear Lin, it is here")
    desk.field.press("Control+Enter")
    sent = desk.entry("it is here")
    sent.hover()
    desk.page.locator("[data-tool=writers]").click()
    expect(dialog.locator("[data-written] span")).to_have_count(2)


@pytest.fixture
def time_to_undo(person):
    """Replies wait for half a minute."""

    def choose(seconds: str) -> None:
        settings.goto(f"{admin.url}/settings/collaboration/")
        settings.locator("[name=undo_seconds]").select_option(seconds)
        settings.get_by_role("button", name="Save").click()
        expect(settings.get_by_role("status")).to_contain_text("Saved")

    admin = person().enter("admin")
    settings = admin.page
    choose("30")
    yield
    choose("0")


def test_a_reply_can_be_taken_back_before_it_is_sent(live, person, time_to_undo):
    lin = conversation(live.port)
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.write("Too quick")
    later = desk.page.locator("[data-later]")
    expect(later).to_contain_text("Sending in")
    later.get_by_role("button", name="Undo").click()
    expect(later).to_be_hidden()
    desk.reads("Too quick")
    assert replies(lin) == []
    desk.field.press("Control+Enter")
    desk.turn_to("note")
    desk.write("Is that right?")
    expect(desk.entry("Is that right?")).to_be_visible()
    assert replies(lin) == []
    later.get_by_role("button", name="Send now").click()
    expect(desk.entry("Too quick")).to_be_visible()
    assert replies(lin) == ["Too quick"]


def test_what_is_written_while_a_reply_waits_does_not_go_with_it(live, person, time_to_undo):
    lin = conversation(live.port)
    desk = Desk(person().enter("agent1"), lin.conversation)
    other = Desk(person().enter("senior"), lin.conversation)
    later = desk.page.locator("[data-later]")
    desk.write("One")
    expect(later).to_be_visible()
    desk.field.press_sequentially(" two")
    desk.field.press("Control+Enter")  # the first goes now, this waits
    expect(desk.entry("One")).to_be_visible()
    desk.reads(" two")
    expect(later).to_be_visible()
    other.reads(" two")
    other.field.press("Control+End")
    other.field.press_sequentially(" and half a wo")
    desk.reads(" two and half a wo")
    later.get_by_role("button", name="Send now").click()
    expect(desk.entry("two")).to_be_visible()
    desk.reads(" and half a wo")
    other.reads(" and half a wo")
    assert replies(lin) == ["One", "two"]


def test_a_reply_that_is_changed_while_it_waits_is_not_sent(live, person, time_to_undo):
    lin = conversation(live.port)
    desk = Desk(person("en-GB", quiet=False).enter("agent1"), lin.conversation)  # refused once
    other = Desk(person().enter("senior"), lin.conversation)
    later = desk.page.locator("[data-later]")
    desk.write("It comes on Munday")
    expect(later).to_be_visible()
    other.reads("It comes on Munday")
    other.select(13, 14)
    other.field.press("o")
    expect(later).to_be_hidden()
    expect(desk.page.get_by_text("Not sent: the text was changed")).to_be_visible()
    desk.reads("It comes on Monday")
    desk.field.press("Control+Enter")
    expect(later).to_be_visible()
    other.field.press("Control+Enter")
    other.page.locator("[data-later]").get_by_role("button", name="Send now").click()
    expect(desk.page.get_by_text("Daniel Okafor has sent this text already.")).to_be_visible()
    expect(later).to_be_hidden()
    assert replies(lin) == ["It comes on Monday"]


def test_files_are_the_drafts_on_every_screen(live, person):
    lin = conversation(live.port)
    amy, ben = person().enter("agent1"), person().enter("agent2")
    desk, other = Desk(amy, lin.conversation), Desk(ben, lin.conversation)
    mine, shown = (one.page.locator("[data-uploads=reply] .upload") for one in (desk, other))
    files = [("terms.txt", "text/plain", b"Terms"), ("map.png", "image/png", png((30, 20)))]
    desk.page.locator("[data-picker]").set_input_files(
        [{"name": name, "mimeType": sort, "buffer": content} for name, sort, content in files]
    )
    text, picture = shown.filter(has_text="terms.txt"), shown.filter(has_text="map.png")
    expect(text.locator("[data-facts]")).to_have_text("林晓 · 5\xa0bytes")
    expect(picture.locator("img")).to_have_js_property("naturalWidth", 30)
    expect(mine.filter(has_text="terms.txt").locator("[data-facts]")).to_have_text("5\xa0bytes")
    picture.get_by_role("button", name="Remove").click()
    expect(mine).to_have_count(1)
    ben.page.reload()
    expect(shown).to_have_count(1)
    other.write("Read this")
    expect(desk.entry("Read this").locator(".file")).to_contain_text("terms.txt")
    for chips in (mine, shown):
        expect(chips).to_have_count(0)
    for name in ("one.txt", "two.txt"):  # without a word
        desk.page.locator("[data-picker]").set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": b"More"}
        )
        expect(shown).to_have_count(1)
        other.field.press("Control+Enter")
        expect(mine).to_have_count(0)
        expect(desk.entries.last).to_contain_text(name)


def test_who_writes_on_at_once_sends_each_text_once(live, person):
    lin = conversation(live.port)
    desk = Desk(person().enter("agent1"), lin.conversation)
    for number in range(6):
        desk.write(f"Line {number}")
    desk.field.press("Control+Enter")  # once too often
    expect(desk.entry("Line 5")).to_be_visible()
    desk.reads("")
    assert replies(lin) == [f"Line {number}" for number in range(6)]


def test_who_writes_on_before_the_first_is_taken_sends_nothing_twice(live, person):
    """Words are added to what is still on its way, with a note between them."""
    lin = conversation(live.port)
    amy = person().enter("agent1")
    waiting: list[Route] = []
    amy.page.route("**/draft/send/", lambda route: waiting.append(route), times=1)
    desk = Desk(amy, lin.conversation)
    expect(desk.page.locator("[data-kept=saved]")).to_be_attached()
    desk.field.press_sequentially("One")
    desk.field.press("Control+Enter")
    expect(desk.page.locator("#composer[data-sending]")).to_be_visible()
    desk.field.press_sequentially(" two")
    desk.field.press("Control+Enter")
    desk.reads("One two")  # each stays in the draft until it is sent
    desk.turn_to("note")
    desk.write("Only for us")
    expect(desk.entry("Only for us")).to_be_visible()
    desk.turn_to("reply")
    desk.field.press("Control+End")
    desk.field.press_sequentially(" three")
    desk.field.press("Control+Enter")
    desk.field.press("Control+Enter")
    desk.field.press_sequentially(", four")
    waiting[0].continue_()
    expect(desk.entry("three")).to_be_visible()
    desk.reads(", four")
    expect(desk.pending).to_have_count(0)
    assert replies(lin) == ["One", "two", "three"]


@pytest.mark.parametrize("following", ["Line 1", "Line 0, and more", "Line 0"])
def test_what_is_typed_over_a_text_on_its_way_does_not_leave_with_it(person, live, following):
    """Also where a busy browser tells the editor too late what is selected."""
    lin = conversation(live.port)
    desk, waiting = on_its_way(person, lin, "Line 0")
    desk.page.evaluate(DEAF)
    desk.field.fill(following)
    waiting.continue_()
    expect(desk.entry("Line 0")).to_be_visible()
    desk.reads(following)
    desk.field.press("Control+Enter")
    desk.reads("")
    expect(desk.entries.filter(has_text="Line")).to_have_count(2)
    assert replies(lin) == ["Line 0", following]


@pytest.mark.parametrize(("keys", "following"), [("End", " One"), ("Home", "One "), ("a", "One!")])
def test_who_says_the_same_again_before_the_first_is_taken_says_it_once_more(
    live, person, keys, following
):
    lin = conversation(live.port)
    desk, waiting = on_its_way(person, lin, "One")
    desk.field.press(f"Control+{keys}")
    desk.page.keyboard.insert_text(following)
    desk.field.press("Control+Enter")
    waiting.continue_()
    expect(desk.entries.filter(has_text="One")).to_have_count(2)
    desk.reads("")
    expect(desk.pending).to_have_count(0)
    assert replies(lin) == ["One", following.strip()]


def test_who_writes_on_before_the_first_is_taken_does_not_answer_blind(live, person):
    lin = conversation(live.port)
    desk, waiting = on_its_way(person, lin, "It is on its way", quiet=False)
    desk.field.fill("Shall I send another one?")
    desk.field.press("Control+Enter")
    answer = waiting.fetch()
    lin.says("It has come!")
    expect(desk.entry("It has come!")).to_be_visible()
    waiting.fulfill(response=answer)
    expect(desk.entry("It is on its way")).to_be_visible()
    held = desk.page.locator("[data-held]")
    expect(held).to_contain_text("It has come!")
    desk.reads("Shall I send another one?")
    assert replies(lin) == ["It is on its way"]
    held.get_by_role("button", name="Send all the same").click()
    desk.reads("")
    assert replies(lin) == ["It is on its way", "Shall I send another one?"]


def test_who_closes_the_page_in_the_midst_of_sending_loses_nothing(live, person):
    lin = conversation(live.port)
    desk, _waiting = on_its_way(person, lin, "One")  # its request never arrives
    desk.page.keyboard.press("Control+End")
    desk.page.keyboard.insert_text(" two")
    desk.field.press("Control+Enter")
    desk.is_saved()
    desk.page.close()
    wait_for(lambda: replies(lin) == ["One"], "the reply")
    Desk(person().enter("senior"), lin.conversation).reads(" two")


def test_who_closes_the_page_while_a_reply_waits_has_sent_it(live, person, time_to_undo):
    lin = conversation(live.port)
    desk = Desk(person().enter("agent1"), lin.conversation)
    desk.write("One")
    expect(desk.page.locator("[data-later]")).to_be_visible()
    desk.is_saved()
    desk.page.close()
    wait_for(lambda: replies(lin) == ["One"], "the reply")


def test_what_was_pressed_is_sent_although_the_field_says_something_else_by_then(live, person):
    """The server's first word on it comes when it has stored what was typed next as well."""
    lin = conversation(live.port)
    amy = person().enter("agent1")
    withheld: list[bytes] = []
    screens: list[WebSocketRoute] = []
    withholds = False

    def through(screen: WebSocketRoute) -> None:
        def pass_on(frame: str | bytes) -> None:
            if withholds and isinstance(frame, bytes) and frame[0] == ACKNOWLEDGED:
                withheld.append(frame)
            else:
                screen.send(frame)

        screens.append(screen)
        screen.connect_to_server().on_message(pass_on)

    def another(count: int) -> None:
        until(amy.page, lambda: len(withheld) > count)

    amy.page.route_web_socket("**/ws/drafts/**", through)
    desk = Desk(amy, lin.conversation)
    expect(desk.page.locator("[data-kept=saved]")).to_be_attached()
    withholds = True
    desk.write("One")
    another(0)
    stored = len(withheld)
    desk.write("Two")
    another(stored)
    withholds = False
    screens[-1].send(withheld[-1])
    expect(desk.entry("Two")).to_have_count(1)
    expect(desk.pending).to_have_count(0)
    assert replies(lin) == ["One", "Two"]


def test_what_waits_for_the_server_is_not_overtaken(live, person):
    lin = conversation(live.port)
    amy = person(quiet=False).enter("agent1")
    waiting: list[Route] = []
    amy.page.route("**/draft/send/", lambda route: route.abort(), times=1)
    amy.page.route("**/messages/", lambda route: waiting.append(route), times=1)
    desk = Desk(amy, lin.conversation)
    desk.write("First")
    expect(desk.pending).to_have_count(1)
    desk.write("Second")
    expect(desk.pending).to_have_count(2)
    desk.field.press("Control+z")  # what is on its way is not written any more
    desk.reads("")
    waiting[0].continue_()
    expect(desk.pending).to_have_count(0)
    assert replies(lin) == ["First", "Second"]
