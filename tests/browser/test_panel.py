"""The panel beside a conversation: it unfolds the past, keeps itself up to date and keeps still."""

import uuid

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.workspaces import Customer, Desk


@pytest.fixture
def returning(live):
    """Lin, who had a matter before: it was resolved, and she began another."""

    def make(agent):
        lin = Customer(live.port)
        lin.says("The cup is broken")
        past = lin.conversation
        desk = Desk(agent, past)
        desk.write("A new one is on its way")
        expect(desk.entry("A new one is on its way")).to_be_visible()
        desk.page.locator("[data-act=resolve]").first.click()
        expect(desk.page.locator("[data-event=resolved]")).to_have_count(1)
        begun = lin.http.post("conversations", json={})
        assert begun.status_code == 201, begun.text
        lin.conversation = begun.json()["conversation"]
        lin.says("Now about something else")
        return lin, past

    return make


def test_the_past_is_read_without_leaving(person, returning):
    amy = person().sign_in("agent1")
    lin, _past = returning(amy)
    desk = Desk(amy, lin.conversation)
    page = desk.page
    desk.field.fill("half a sentence")
    section = page.locator(".timeline details", has_text="The cup is broken")
    section.locator("summary").click()
    expect(section.locator(".said")).to_contain_text("A new one is on its way")
    expect(section.locator(".said > .event")).not_to_have_count(0)
    lin.says("Are you there?")
    desk.turn_to("note")
    desk.write("She is impatient")
    expect(page.locator(".panel-notes")).to_contain_text("She is impatient")
    expect(section.locator(".said")).to_contain_text("A new one is on its way")
    desk.turn_to("reply")
    desk.reads("half a sentence")
    section.get_by_role("link", name="Open this conversation").click()
    expect(desk.entry("The cup is broken")).to_be_visible()


def test_what_cannot_be_loaded_says_so_and_is_tried_again(person, returning):
    amy = person(quiet=False).sign_in("agent1")
    lin, _past = returning(amy)
    desk = Desk(amy, lin.conversation)
    page = desk.page
    page.route("**/timeline/*/", lambda route: route.abort())
    section = page.locator(".timeline details").first
    section.locator("summary").click()
    expect(section.get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute("**/timeline/*/")
    section.get_by_role("button", name="Try again").click()
    expect(section.locator(".said")).to_contain_text("The cup is broken")


def test_a_note_leads_to_its_place(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Before")
    desk = Desk(amy, lin.conversation)
    desk.turn_to("note")
    desk.write("Promised until Friday")
    expect(desk.page.locator(".panel-notes")).to_contain_text("Promised until Friday")
    for number in range(90):
        lin.says(f"Message {number}")
    amy.page.reload()
    desk.is_live()
    expect(amy.page.locator("#entry-2")).to_have_count(0)
    amy.page.locator(".panel-notes a").click()
    expect(amy.page.locator("#entry-2")).to_be_in_viewport()


def test_sections_stay_folded_and_values_are_copied(live, person):
    amy = person().enter("agent1")
    amy.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lin = Customer(live.port)
    lin.says("Hello")
    page = Desk(amy, lin.conversation).page
    customer = page.locator("[data-section=customer]")
    files = page.locator("[data-section=files]")
    customer.locator("dd", has_text="Lin").hover()
    customer.locator("[data-copy^=Lin]").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    assert amy.ask("navigator.clipboard.readText()").startswith("Lin ")
    files.locator("summary").click()
    expect(files.locator("ul")).to_be_hidden()
    page.reload()
    expect(files.locator("ul")).to_be_hidden()
    expect(customer.locator("dl").first).to_be_visible()
    page.goto(amy.url + "/workspace/?view=all")
    page.locator("li.row a").nth(1).click()
    expect(customer.locator("dl").first).to_be_visible()
    expect(files.locator("ul")).to_be_hidden()


def test_a_file_appears_among_the_files(live, person):
    amy = person().enter("agent1")
    lin = Customer(live.port)
    lin.says("Hello")
    page = Desk(amy, lin.conversation).page
    expect(page.locator(".panel-files .none")).to_be_visible()
    sent = lin.http.post("files", files={"file": ("terms.txt", b"all of them", "text/plain")})
    assert sent.status_code == httpx.codes.CREATED, sent.text
    message = {"client_id": str(uuid.uuid4()), "body": "See this", "files": [sent.json()["id"]]}
    assert lin.http.post("messages", json=message).status_code == httpx.codes.CREATED
    expect(page.locator(".panel-files .file")).to_contain_text("terms.txt")
    expect(page.locator(".panel-files .none")).to_have_count(0)


def test_a_chosen_theme_is_there_on_every_page(live, person):
    amy = person().enter("agent1")
    page = amy.go("/profile/")
    page.locator(".segments [value=dark]").click()
    expect(page.locator(":root")).to_have_attribute("data-theme", "dark")
    dark = amy.ask("getComputedStyle(document.body).backgroundColor")
    page = amy.go("/workspace/")
    assert amy.ask("getComputedStyle(document.body).backgroundColor") == dark
    page = amy.go("/profile/")
    page.locator(".segments [value='']").click()
    expect(page.locator(":root[data-theme]")).to_have_count(0)
    assert amy.ask("getComputedStyle(document.body).backgroundColor") != dark


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_the_style_guide_shows_light_beside_dark(live, person, language):
    amy = person(language).enter("agent1")
    page = amy.go("/styleguide/")
    sides = page.locator(".side")
    light, dark = (
        sides.nth(n).evaluate("(side) => getComputedStyle(side).backgroundColor") for n in (0, 1)
    )
    assert light != dark
    assert sides.count() == 2 * page.locator(".guide section").count()
    page.set_viewport_size({"width": 390, "height": 844})
    assert amy.ask("document.documentElement.scrollWidth") == 390
    stranger = person(language)
    assert "/login/" in stranger.go("/styleguide/").url
