"""The list before two agents: live, calm under the pointer, narrowed, saved, done in bulk."""

import re
import uuid

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chats import Colleague
from tests.browser.workspaces import Customer


class Lists:
    """The list column on an agent's screen."""

    def __init__(self, agent, query="view=all"):
        self.agent = agent
        self.page: Page = agent.page
        # Once it is live, the list asks for everything anew.
        with self.page.expect_response(re.compile(r"&cursor=$"), timeout=30_000):
            agent.go(f"/workspace/?{query}")
        self.rows = self.page.locator("#rows > .row")
        self.fresh = self.page.locator("#fresh")
        self.bulk = self.page.locator("#bulk")
        light = self.page.locator(".list [data-light]")
        expect(light).to_have_attribute("data-state", "live")

    def read_on(self) -> None:
        """Scroll until there is nothing more."""
        more = self.page.locator("#rows > .more")
        while more.count():
            shown = self.rows.count()
            more.evaluate("(place) => place.scrollIntoView()")
            expect(self.rows).not_to_have_count(shown)

    def row(self, customer) -> Locator:
        return self.page.locator(f"#row-{customer.conversation}")

    def turn_to(self, view) -> None:
        tab = self.page.locator(f"#tabs [data-view={view}]")
        if not tab.is_visible():
            self.page.locator("#more-views > summary").click()
        tab.click()
        expect(self.page.locator(f"#workspace[data-view={view}]")).to_be_attached()

    def count(self, view) -> int:
        return int(self.page.locator(f"#tabs [data-view={view}] [data-count]").text_content())

    def leave(self) -> None:
        """Point somewhere else."""
        self.page.mouse.move(1000, 400)

    def first(self) -> str:
        return self.rows.first.get_attribute("data-conversation")

    def choose(self, *customers) -> None:
        for customer in customers:
            self.row(customer).locator("[data-pick]").check(force=True)

    def does(self, act, value="") -> None:
        wanted = f'[data-bulk={act}][value="{value}"]' if value else f"[data-bulk={act}]"
        button = self.bulk.locator(wanted).first
        expect(button).to_be_attached()
        if not button.is_visible():
            self.bulk.locator(f"details:has({wanted}) > summary").click()
        button.click()

    @property
    def toast(self) -> Locator:
        return self.page.locator("#toasts .toast:not(.notice-toast)").last


@pytest.fixture
def amy(person):
    return person().enter("agent1")


def writes(live, text="Hello"):
    customer = Customer(live.port)
    customer.says(text)
    return customer


def test_rows_and_counts_follow_what_colleagues_do(live, amy, person):
    mine, theirs = Lists(amy, "view=unassigned"), Lists(person().enter("agent2"), "view=mine")
    before, had = mine.count("unassigned"), theirs.count("mine")
    lin = writes(live)
    expect(mine.row(lin)).to_be_visible()
    expect(mine.page.locator("#tabs [data-view=unassigned] [data-count]")).to_have_text(
        str(before + 1)
    )
    Colleague(live.port, "agent2").act(lin.conversation, "claim")
    expect(mine.row(lin)).to_have_count(0)
    expect(theirs.row(lin)).to_be_visible()
    expect(theirs.page.locator("#tabs [data-view=mine] [data-count]")).to_have_text(str(had + 1))
    expect(mine.page.locator("#tabs [data-view=unassigned] [data-count]")).to_have_text(str(before))


def test_what_is_under_the_pointer_does_not_move(live, amy):
    lin, old = writes(live, "the first"), writes(live, "the second")
    lists = Lists(amy)
    expect(lists.rows.first).to_have_id(f"row-{old.conversation}")
    lists.row(lin).hover()
    place = lists.row(lin).bounding_box()
    new = writes(live, "the newest")
    expect(lists.fresh).to_contain_text("1 new")
    lin.says("and one more")
    expect(lists.row(lin)).to_contain_text("and one more")
    expect(lists.fresh).to_contain_text("2 new")
    assert lists.row(lin).bounding_box() == place
    expect(lists.row(new)).to_have_count(0)
    lists.fresh.click()
    expect(lists.fresh).to_be_hidden()
    expect(lists.rows.first).to_have_id(f"row-{lin.conversation}")
    expect(lists.rows.nth(1)).to_have_id(f"row-{new.conversation}")


def test_what_left_the_view_fades_and_goes_with_the_pointer(live, amy):
    lin = writes(live)
    lists = Lists(amy, "view=unassigned")
    lists.row(lin).hover()
    place = lists.row(lin).bounding_box()
    Colleague(live.port, "agent2").act(lin.conversation, "claim")
    expect(lists.row(lin)).to_have_attribute("data-gone", "")
    assert lists.row(lin).bounding_box() == place
    lists.leave()
    expect(lists.row(lin)).to_have_count(0)


def test_filters_are_chips_and_can_be_kept(live, amy):
    lin = writes(live)
    colleague = Colleague(live.port)
    colleague.act(lin.conversation, "priority", priority="urgent")
    lists, name = Lists(amy), f"Fires {uuid.uuid4().hex[:6]}"
    every = lists.rows.count()
    lists.page.locator("#filters-menu > summary").click()
    lists.page.locator(".filter summary", has_text="Priority").click()
    lists.page.locator("#filters-form [value=urgent]").check()
    expect(lists.rows).not_to_have_count(every)
    expect(lists.row(lin)).to_be_visible()
    assert "priority=urgent" in lists.page.url
    lists.page.locator(".filter.keep > summary").click()
    lists.page.locator("#view-name").fill(name)
    lists.page.locator("#save-view .primary").click()
    expect(lists.page.locator("#more-views > summary")).to_contain_text(name)
    saved = lists.page.locator("#more-views a", has_text=name)
    shown = int(saved.locator("[data-count]").text_content())
    assert shown == lists.rows.count()
    lists.leave()
    colleague.act(lin.conversation, "priority", priority="low")
    expect(lists.row(lin)).to_have_count(0)
    expect(saved.locator("[data-count]")).to_have_text(str(shown - 1))
    lists.page.locator("#list-chips .chip").click()
    expect(lists.page.locator("#list-chips .chip")).to_have_count(0)
    expect(lists.row(lin)).to_be_visible()
    assert "priority" not in lists.page.url
    lists.page.reload()
    lists.page.locator("#more-views > summary").click()
    expect(saved).to_be_visible()


def test_many_are_done_at_once(live, amy):
    three = [writes(live, f"question {number}") for number in range(3)]
    lists = Lists(amy, "view=unassigned")
    lists.choose(three[0])
    lists.row(three[2]).locator("[data-pick]").click(modifiers=["Shift"], force=True)
    expect(lists.bulk).to_contain_text("3 chosen")
    lists.row(three[1]).locator("a").focus()
    lists.page.keyboard.press("x")
    expect(lists.bulk).to_contain_text("2 chosen")
    lists.page.keyboard.press("x")
    lists.does("priority", "high")
    expect(lists.toast).to_contain_text("3 done")
    expect(lists.bulk).to_be_hidden()
    for customer in three:
        expect(lists.row(customer).locator(".priority.high")).to_be_attached()
    lists.choose(*three)
    lists.does("resolve")
    expect(lists.toast).to_contain_text("3 done")
    lists.leave()
    for customer in three:
        expect(lists.row(customer)).to_have_count(0)


def test_all_of_a_list_and_what_was_refused(live, amy, person):
    tag = [writes(live, f"bulk {number}") for number in range(30)]
    colleague = Colleague(live.port)
    for customer in tag:
        colleague.act(customer.conversation, "priority", priority="urgent")
    auditor = Lists(person().enter("auditor"), "view=all&priority=urgent")
    total = auditor.count("all") and auditor.rows.count()
    auditor.choose(tag[0])
    auditor.bulk.locator("[data-everything]").click()
    expect(auditor.bulk).to_contain_text(f"{total} chosen")
    auditor.does("resolve")
    expect(auditor.toast).to_contain_text(f"0 done, {total} refused: You do not have the right")
    lists = Lists(amy, "view=all&priority=urgent")
    lists.choose(tag[0])
    lists.bulk.locator("[data-everything]").click()
    expect(lists.bulk).to_contain_text(f"{total} chosen")
    lists.does("resolve")
    expect(lists.toast).to_contain_text(re.compile(rf"^{total} done"))
    lists.leave()
    expect(lists.rows).to_have_count(0)
    expect(lists.page.locator("#rows .empty")).to_contain_text("Nothing here has all of these.")


def test_pages_come_without_a_jump_and_without_doubles(live, amy):
    for number in range(60):
        writes(live, f"row {number}")
    lists = Lists(amy)
    expect(lists.page.locator("#rows > .more")).to_be_attached()
    lists.read_on()
    expect(lists.rows).to_have_count(lists.count("all"))
    ids = amy.ask("[...document.querySelectorAll('#rows > .row')].map((row) => row.id)")
    assert len(ids) == len(set(ids))
    at = amy.ask("document.querySelector('#rows').scrollTop")
    new = writes(live, "while scrolled")
    expect(lists.fresh).to_be_visible()
    assert amy.ask("document.querySelector('#rows').scrollTop") == at
    lists.fresh.click()
    expect(lists.row(new)).to_be_in_viewport()


def test_a_page_that_does_not_come_can_be_asked_for_again(live, person):
    amy = person(quiet=False).enter("agent1")
    for number in range(60):
        writes(live, f"again {number}")
    lists = Lists(amy)
    lists.page.route(re.compile("cursor=[^&]"), lambda route: route.abort())
    lists.page.locator("#rows > .more").scroll_into_view_if_needed()
    again = lists.page.locator("#rows [data-again]")
    expect(again).to_be_visible()
    lists.page.unroute_all()
    again.click()
    expect(again).to_have_count(0)
    lists.read_on()
    expect(lists.rows).to_have_count(lists.count("all"))


def test_unread_again_is_seen_on_every_screen_of_the_agent(live, amy, person):
    lin = writes(live)
    one, two = Lists(amy), Lists(person().enter("agent1"))
    expect(one.row(lin)).to_have_attribute("data-unread", "")
    colleague = Colleague(live.port)
    colleague.act(lin.conversation, "read", seq=9)
    for screen in (one, two):
        expect(screen.row(lin)).not_to_have_attribute("data-unread", "")
    colleague.act(lin.conversation, "unread")
    for screen in (one, two):
        expect(screen.row(lin).locator("[data-badge]")).to_have_text("1")


def test_every_view_says_so_when_it_is_empty(live, amy):
    lists = Lists(amy, "view=spam")
    expect(lists.page.locator("#rows .empty")).to_contain_text("No spam.")
    lin = writes(live)
    Colleague(live.port).act(lin.conversation, "spam")
    expect(lists.row(lin)).to_be_visible()
    lin.says("and more of it")
    expect(lists.row(lin)).to_contain_text("and more of it")
    lists.turn_to("all")
    expect(lists.row(lin)).to_have_count(0)
    Colleague(live.port).act(lin.conversation, "not-spam")
    expect(lists.row(lin)).to_be_visible()


def test_choosing_on_a_phone(live, person):
    agent = person(phone=True).enter("agent1")
    lin = writes(live)
    lists = Lists(agent)
    lists.page.locator("#pick-mode").click()
    lists.choose(lin)
    lists.does("snooze", "1h")
    expect(lists.toast).to_contain_text("1 done")
    lists.turn_to("snoozed")
    expect(lists.row(lin)).to_be_visible()
    assert agent.ask("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("on_a_phone", [False, True])
def test_the_tabs_are_whole_while_the_menu_shows_a_name(person, on_a_phone):
    lists = Lists(person(phone=on_a_phone).enter("agent1"), "view=snoozed")
    expect(lists.page.locator("#more-views > summary")).to_contain_text("Snoozed")
    cut = """() => {
      const { right } = document.querySelector(".tabs-first").getBoundingClientRect();
      return [...document.querySelectorAll(".tabs-first [data-count]")]
        .filter((count) => count.getBoundingClientRect().right > right)
        .map((count) => count.parentElement.textContent);
    }"""
    assert lists.agent.ask(cut) == []
