"""Files both ways: chosen, pasted and dropped, shown, enlarged, downloaded, refused."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.chats import Colleague, hosted


def picture(name: str = "cup.png", colour: str = "teal") -> dict[str, object]:
    out = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(out, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}


TEXT = {"name": "care.txt", "mimeType": "text/plain", "buffer": b"wash by hand\n"}

GIVE = """
  (area, [type, name]) => {
    const data = new DataTransfer();
    data.items.add(new File(["by hand"], name, {type: "text/plain"}));
    const event = type === "paste"
      ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
      : new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true});
    area.dispatchEvent(event);
  }
"""


def test_files_of_the_customer(live, person):
    lin = person()
    chat = hosted(lin)
    chat.begin("Look at these")
    chat.attach(picture(), TEXT)
    chat.field.press("Enter")  # at once: it goes when its files are there
    message = chat.entries.last
    expect(message.locator("button.file")).to_contain_text("care.txt")
    expect(message.locator(".picture img[src^='blob:']")).to_be_visible()
    lin.page.reload()  # now fetched with the token instead of known
    expect(chat.entries.last.locator(".picture img[src^='blob:']")).to_be_visible()


def test_files_pasted_and_dropped(live, person):
    lin = person()
    chat = hosted(lin)
    chat.field.evaluate(GIVE, ["paste", "pasted.txt"])
    area = chat.screen.locator("[data-chat]")
    area.evaluate(GIVE, ["dragover", "dropped.txt"])
    expect(chat.screen.locator(".drop")).to_be_visible()
    area.evaluate(GIVE, ["drop", "dropped.txt"])
    expect(chat.screen.locator(".drop")).to_be_hidden()
    expect(chat.screen.locator("[data-uploads] li[data-state=done]")).to_have_count(2)
    chat.screen.locator("[data-uploads] [data-act=remove]").first.click()
    chat.write("One file")
    expect(chat.entry("One file")).to_contain_text("dropped.txt")
    expect(chat.entry("One file").locator("button.file")).to_have_count(1)


def test_files_of_the_team(live, person, tmp_path):
    lin = person()
    chat = hosted(lin)
    conversation = chat.begin("How do I wash it?")
    mia = Colleague(live.port)
    files = [
        mia.upload(conversation, "care.txt", b"wash by hand\n"),
        mia.upload(conversation, "glaze.png", picture()["buffer"]),
    ]
    mia.says(conversation, "Like this", files=files)
    expect(chat.entry("Like this").locator(".picture img[src^='blob:']")).to_be_visible()
    with lin.page.expect_download() as download:
        chat.entry("Like this").locator("button.file").click()
    assert download.value.suggested_filename == "care.txt"
    assert Path(download.value.path()).read_bytes() == b"wash by hand\n"

    chat.entry("Like this").locator(".picture").click()
    expect(chat.screen.locator("[data-zoomed] img")).to_be_visible()
    lin.page.keyboard.press("Escape")
    expect(chat.screen.locator("[data-zoomed]")).to_be_hidden()


def test_a_file_that_is_not_taken_says_why_and_holds_the_message(live, person):
    lin = person(quiet=False)
    chat = hosted(lin)
    chat.attach({"name": "run.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ\0\0"})
    waiting = chat.screen.locator("[data-uploads] li")
    expect(waiting).to_have_attribute("data-state", "failed")
    expect(waiting).to_contain_text("This sort of file is not taken.")
    chat.field.fill("With it?")
    expect(chat.screen.locator(".send")).to_be_disabled()
    waiting.locator("[data-act=remove]").click()
    chat.field.press("Enter")
    expect(chat.entry("With it?")).to_have_count(1)
