"""What everybody can use: axe on every page, the keyboard alone, and screens that hold still."""

import gzip
from collections.abc import Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.workspaces import Customer, Desk

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN = """async (part) => {
  const still = document.getAnimations().filter(
    (one) => one.effect?.getComputedTiming().endTime !== Infinity,
  );
  await Promise.allSettled(still.map((one) => one.finished));
  const { violations } = await axe.run(part, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, any }) =>
      `${id}: ${target.join(" ")} ${any[0]?.message ?? ""}`));
}"""
# Everything that can be opened, one after the other: [what it is, how it opens, how it closes].
OPENED = """() => [
  ...[...document.querySelectorAll("dialog")].map((one) => ["dialog", one.id]),
  ...[...document.querySelectorAll("[popover]")].map((one) => ["popover", one.id]),
]"""
FIRST_LOAD = 150_000  # bytes of CSS and JavaScript, compressed
EDITOR = 125_000  # more with the first conversation that is opened


def findings(page: Page, within: Locator | None = None) -> list[str]:
    """What axe says of the whole page, or of a part of it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)  # past the Content-Security-Policy, which lets no test in either
    return (within or page.locator("html")).evaluate(RUN)


def opened(page: Page) -> Iterator[tuple[str, Locator]]:
    """Open each menu, dialog and popover of the page in turn."""
    for menu in page.locator("details.menu:visible").all():
        menu.evaluate("(menu) => { menu.open = true }")
        yield "a menu", menu
        menu.evaluate("(menu) => { menu.open = false }")
    for kind, name in page.evaluate(OPENED):
        show, hide = {"dialog": ("showModal", "close"), "popover": ("showPopover", "hidePopover")}[
            kind
        ]
        box = page.locator(f"#{name}")
        box.evaluate(f"(box) => box.{show}()")
        yield f"{kind} {name}", box
        box.evaluate(f"(box) => box.{hide}()")


@pytest.mark.parametrize(("dark", "language"), [(False, "en-GB"), (True, "zh-CN")])
def test_axe_finds_nothing_serious_on_any_page(live, person, dark, language):
    found: dict[str, list[str]] = {}

    def check(page: Page, name: str, within: Locator | None = None) -> None:
        if complaints := findings(page, within):
            found[name] = complaints

    stranger = person(language, dark=dark)
    for path in ("/login/", "/demo/", "/chat/demo/"):
        check(stranger.go(path), path)
    amy = person(language, dark=dark, quiet=False).enter("admin")  # quiet: 404 is in the console
    for path in (
        "/workspace/?view=all",
        "/workspace/?view=resolved",
        "/profile/",
        "/settings/canned/",
        "/settings/canned/new/",
        "/reports/working-together/",
        "/styleguide/",
        "/nothing/",
    ):
        check(amy.go(path), path)
    lin = Customer(live.port)
    lin.says("Where is my order?")
    desk = Desk(amy, lin.conversation)
    desk.write("On its way.")
    desk.turn_to("note")
    desk.write("Ask the **courier**.")
    expect(desk.entry("On its way.")).to_be_visible()
    expect(desk.entry("Ask the courier.")).to_be_visible()
    check(desk.page, "a conversation")
    for name, part in opened(desk.page):  # around it is the page, which was looked at just now
        check(desk.page, f"a conversation, {name}", part)
    assert found == {}


def test_a_phone_is_no_exception(live, person):
    amy = person(phone=True).sign_in("agent1")
    lin = Customer(live.port)
    lin.says("Where is my order?")
    found = {"the list": findings(amy.page)}
    desk = Desk(amy, lin.conversation)
    found["a conversation"] = findings(desk.page)
    desk.page.locator("header [data-show=panel]").click()
    expect(desk.page.locator("#panel-customer")).to_be_visible()
    found["the panel"] = findings(desk.page)
    assert not any(found.values()), found


# --- the keyboard alone --------------------------------------------------------------------

MOST_TABS = 60  # far fewer than a list may have rows


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element that matches has the focus, and shows it."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement?.matches(s)", selector):
            ring = page.evaluate("""() => {
              const { boxShadow, outlineStyle } = getComputedStyle(document.activeElement);
              return boxShadow !== "none" || outlineStyle !== "none";
            }""")
            assert ring or selector == "#composer-text", f"{selector} hides that it has the focus"
            return
    raise AssertionError(f"Tab never reaches {selector}")


def test_the_keyboard_alone_leads_from_sign_in_to_resolved(live, person):
    lin = Customer(live.port)
    lin.says("Only keys, please")
    amy = person()
    page = amy.go("/login/")
    page.locator("[name=username]").focus()
    page.keyboard.type("agent1")
    tab_to(page, "[name=password]")
    page.keyboard.type("correct-horse-battery")
    page.keyboard.press("Enter")
    expect(page.locator("#rows")).to_be_visible()
    tab_to(page, "#tabs [data-view=unassigned]")
    page.keyboard.press("Enter")
    expect(page.locator(f"#row-{lin.conversation}")).to_be_visible()
    tab_to(page, f"#row-{lin.conversation} > a")
    page.keyboard.press("Enter")
    expect(page.locator("#entries [data-seq]")).to_have_count(1)
    tab_to(page, "[data-act=claim]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-act=claim]")).to_have_count(0)
    tab_to(page, "#composer-text")
    page.keyboard.type("Here you are.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#entries [data-kind=reply]")).to_have_count(1)
    page.locator("body").press("Escape")
    tab_to(page, "[data-act=resolve]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-event=resolved]")).to_have_count(1)


# --- holding still -------------------------------------------------------------------------

WATCH = """() => {
  window.shifts = [];
  const inside = (node, ...ids) => ids.some((id) => document.getElementById(id)?.contains(node));
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      for (const { node, previousRect, currentRect } of sources) {
        if (node && inside(node, "composer", "entries")) {
          const name = node.id || node.className || node.nodeName;
          window.shifts.push(`${name}: ${previousRect.y} → ${currentRect.y}`);
        }
      }
    }
  }).observe({ type: "layout-shift" });
}"""


@pytest.mark.parametrize("top", [None, 600], ids=["at the end", "reading further up"])
def test_nothing_moves_while_events_arrive(live, person, top):
    amy, ben = person().enter("agent1"), person().enter("agent2")
    lin = Customer(live.port)
    for number in range(40):
        lin.says(f"Message {number}")
    desk, other = Desk(amy, lin.conversation), Desk(ben, lin.conversation)
    desk.page.get_by_role("button", name="Write aside").click()  # where colleagues' words are not
    desk.field.fill("half a sentence")
    expect(desk.entry("Message 39")).to_be_visible()
    if top is not None:
        amy.ask("(top) => { document.querySelector('#stream').scrollTop = top }", top)
        expect(amy.page.locator("#jump")).to_be_visible()
    amy.ask("() => new Promise((done) => setTimeout(done, 600))")  # recent input is over
    amy.ask(WATCH)
    other.agent.ask("document.querySelector('#stream').scrollTop = 1e6")  # nobody answers blind
    expect(other.page.locator(f"#row-{lin.conversation} [data-badge]")).to_be_hidden()
    other.page.locator("[data-act=claim]").click()
    other.write("I look after it")
    other.turn_to("note")
    other.write("Only for us")
    expect(other.entry("I look after it")).to_be_visible()  # before it could be held back
    for number in range(10):
        lin.says(f"More {number}")
    expect(desk.page.locator("#entries")).to_contain_text("More 9")
    expect(desk.page.locator("#panel-notes")).to_contain_text("Only for us")
    assert amy.ask("() => new Promise((done) => setTimeout(() => done(window.shifts), 100))") == []
    desk.reads("half a sentence")


# --- weight --------------------------------------------------------------------------------


def test_the_first_load_is_light_and_the_editor_comes_with_a_conversation(live, person):
    amy = person().sign_in("agent1")
    answers: list[Response] = []

    def weights() -> dict[str, int]:
        """Of the scripts and styles that came since the last time, compressed."""
        came, answers[:] = list(answers), []
        return {
            one.url.rsplit("/", 1)[-1]: len(gzip.compress(one.body()))
            for one in came
            if one.url.split("?")[0].endswith((".css", ".js")) or "jsi18n" in one.url
        }

    page = amy.watch(amy.context.new_page())
    page.on("response", lambda answer: answers.append(answer))
    page.goto(amy.url + "/workspace/?view=all", wait_until="networkidle")
    loaded = weights()
    assert len(loaded) > 10, loaded
    assert sum(loaded.values()) < FIRST_LOAD, loaded
    page.locator("li.row a").first.click()
    expect(page.locator("#composer .field")).to_be_visible()
    loaded = weights()
    assert any(name.startswith("editor.") for name in loaded), loaded
    assert sum(loaded.values()) < EDITOR, loaded
