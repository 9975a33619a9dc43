"""The pictures of the documentation: `make screenshots`."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.stack.processes import PROJECT

IMAGES = PROJECT / "docs" / "images"
STILL = """async () => {
  const all = document.getAnimations().filter(
    one => one.effect?.getComputedTiming().endTime !== Infinity
  );
  await Promise.allSettled(all.map(one => one.finished));
}"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
NOT_CONNECTED = re.compile("Not connected|未连接")
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}


@pytest.fixture(autouse=True)
def _asked_for(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--screenshots"):
        pytest.skip("pictures are drawn by make screenshots")


def keep(page: Page, name: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.evaluate("document.fonts.ready")
    page.evaluate(STILL)
    path: Path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    assert path.stat().st_size > 5_000


@pytest.mark.parametrize("phone", [False, True], ids=["1440", "390"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_draw(person, language, dark, phone):
    look = {"language": LANGUAGES[language], "dark": dark, "phone": phone}
    end = f"{language}-{'dark' if dark else 'light'}-{390 if phone else 1440}"

    stranger = person(**look)
    page = stranger.go("/login/")
    expect(page.locator("[name=password]")).to_be_visible()
    keep(page, f"sign-in-{end}")

    page = stranger.go("/demo/")
    page.locator("button.launcher").click()
    chat = page.frame_locator("iframe[src*='/chat/demo/']")
    expect(chat.locator("textarea")).to_be_visible()
    expect(chat.get_by_text("Hello!")).to_be_visible()
    frame = next(one for one in page.frames if "/chat/demo/" in one.url)
    frame.evaluate(PAINTED)
    keep(page, f"widget-{end}")

    agent = person(**look).sign_in("agent1")
    page = agent.go("/styleguide/")
    expect(page).to_have_url(re.compile("/styleguide/"))
    keep(page, f"styleguide-{end}")
    colleague = person(LANGUAGES[language]).sign_in("agent2")
    name = "陈雨桐" if language == "zh" else "Claire Dubois"
    for one in (colleague, agent):
        one.go("/workspace/?view=all")
        if one is agent and phone:
            keep(one.page, f"list-{end}")
        one.page.locator("li.row", has_text=name).locator("a").click()
        expect(one.page).to_have_url(re.compile("/conversations/"))
        expect(one.page.locator("#entries [data-seq]").first).to_be_visible()
    expect(agent.page.locator("#people > *")).to_have_count(1)
    expect(agent.page.locator("#composer")).not_to_contain_text(NOT_CONNECTED)
    agent.page.mouse.move(0, 0)  # away from the tools of an entry
    keep(agent.page, f"workspace-{end}")
