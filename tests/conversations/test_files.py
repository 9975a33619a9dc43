"""Files: taken by content, kept privately, handed out to those who may see their entry."""

import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from conversations.threads import commands
from conversations.threads.files import file_name, upload_file
from conversations.threads.models import File
from conversations.threads.tasks import sweep_files
from tests.conftest import act, message
from tests.conversations.test_customers import Customer


def png(size=(4, 3), **extra) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "PNG", **extra)
    return out.getvalue()


def upload(name="picture.png", content=None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, png() if content is None else content)


@pytest.fixture
def lin(cast):
    client = Customer()
    client.token = cast.token
    return client


@pytest.fixture
def amy(signed_in):
    return signed_in("amy")


def put(client, path, **extra):
    return client.post(path, {"file": upload(**extra)}, headers={"accept": "application/json"})


def test_a_file_goes_each_way(cast, lin, amy, thread):
    sent = put(lin, "/chat/shop/files").json()
    assert (sent["type"], sent["width"], sent["height"]) == ("image/png", 4, 3)
    lin.send("/chat/shop/messages", message("look", files=[sent["id"]]))
    seen = amy.get(f"/workspace/conversations/{thread.pk}/entries?after=1").json()["entries"][0]
    assert seen["files"][0]["id"] == sent["id"]
    shown = amy.get(f"/workspace/files/{sent['id']}/")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")

    back = put(amy, act(thread, "files"), name="invoice.txt", content=b"total 12").json()
    amy.send(act(thread, "messages"), message("here", files=[back["id"]]))
    got = lin.get(f"/chat/shop/files/{back['id']}/")
    assert b"".join(got.streaming_content) == b"total 12"
    assert got["Content-Disposition"].startswith("attachment")
    assert "sandbox" in got["Content-Security-Policy"]


def test_a_message_may_be_nothing_but_files(lin, thread, cast):
    sent = put(lin, "/chat/shop/files").json()
    assert lin.send("/chat/shop/messages", message("", files=[sent["id"]])).status_code == 201
    assert cast.thread.preview == "picture.png"


def test_a_note_keeps_its_file_inside(cast, lin, amy, thread):
    inside = put(amy, act(thread, "files"), name="canary.txt", content=b"canary").json()
    amy.send(act(thread, "notes"), message("inside", files=[inside["id"]]))
    assert lin.get(f"/chat/shop/files/{inside['id']}/").status_code == 404
    assert "canary" not in lin.get("/chat/shop/entries?after=0").content.decode()


def test_a_file_is_as_private_as_its_conversation(cast, lin, amy, signed_in, browser, thread):
    sent = put(lin, "/chat/shop/files").json()["id"]
    path = f"/workspace/files/{sent}/"
    assert amy.get(path).status_code == 404  # not sent yet
    lin.send("/chat/shop/messages", message("look", files=[sent]))
    assert amy.get(path).status_code == 200
    assert signed_in("ben").get(path).status_code == 200
    assert signed_in("eve").get(path).status_code == 404
    assert browser.get(path).status_code == 302
    stranger = Customer()
    stranger.token = stranger.send("/chat/shop/session").json()["token"]
    assert stranger.get(f"/chat/shop/files/{sent}/").status_code == 404


def test_nobody_attaches_anothers_file(lin, amy, thread):
    theirs = put(lin, "/chat/shop/files").json()["id"]
    assert amy.send(act(thread, "messages"), message("x", files=[theirs])).status_code == 422
    lin.send("/chat/shop/messages", message("mine", files=[theirs]))
    again = lin.send("/chat/shop/messages", message("twice", files=[theirs]))
    assert again.status_code == 422


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("picture.png", b"not a png"),
        ("picture.png", png()[:40]),
        ("picture.jpg", png()),
        ("program.exe", b"MZ" + b"\0" * 100),
        ("document.pdf", png()),
        ("archive.docx", b"%PDF-1.4 x"),
        ("text.txt", b"a\0b"),
        ("empty.txt", b""),
        ("noextension", b"hello"),
    ],
)
def test_what_is_not_on_the_list_or_not_what_it_says_is_refused(lin, name, content):
    answer = put(lin, "/chat/shop/files", name=name, content=content)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not File.objects.exists()


def test_a_decompression_bomb_is_refused(lin):
    bomb = io.BytesIO()
    Image.new("1", (9000, 9000)).save(bomb, "PNG")
    assert put(lin, "/chat/shop/files", content=bomb.getvalue()).status_code == 422


def test_an_image_with_damaged_metadata_is_refused(lin):
    """Turned upright, its metadata is written anew, and a width that is a text cannot be."""
    orientation, width = "120103000100000006000000", "000102000400000061626300"
    exif = bytes.fromhex("49492a0008000000" + "0200" + width + orientation + "00000000")
    assert put(lin, "/chat/shop/files", content=png(exif=b"Exif\0\0" + exif)).status_code == 422


def test_an_image_loses_what_it_told_of_its_place(cast):
    exif = Image.Exif()
    exif[0x010E] = "canary"
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
    kept = upload_file(author=cast.lin, upload=SimpleUploadedFile("x.jpg", out.getvalue()))
    assert b"canary" in out.getvalue()
    assert b"canary" not in kept.stored.read()


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\x\\y.txt", "y.txt"),
        ("a\u202egnp.txt", "agnp.txt"),
        ("\n\r.txt", "txt"),
        ("", "file"),
        ("x" * 400 + ".png", "x" * 150 + ".png"),
        ("报表.csv", "报表.csv"),
    ],
)
def test_names_keep_no_tricks(raw, kept):
    assert file_name(raw) == kept


def test_an_upload_without_a_row_leaves_no_file(cast, settings, monkeypatch):
    from helpdesk.core.refusals import TooMany

    settings.LIMITS = settings.LIMITS | {"customer uploads": (1, 3600)}
    upload_file(author=cast.lin, upload=upload())
    with pytest.raises(TooMany):
        upload_file(author=cast.lin, upload=upload())
    assert len([p for p in settings.MEDIA_ROOT.rglob("*") if p.is_file()]) == 1


def test_what_no_message_took_is_swept(cast, settings, thread):
    from datetime import timedelta

    from django.db.models.functions import Now

    old = upload_file(author=cast.lin, upload=upload())
    fresh = upload_file(author=cast.lin, upload=upload())
    used = upload_file(author=cast.amy, upload=upload())
    commands.post_reply(
        agent=cast.amy, conversation=thread.pk, body="", client_id=uuid.uuid4(), files=[used.pk]
    )
    File.objects.exclude(pk=fresh.pk).update(at=Now() - timedelta(days=2))
    sweep_files()
    sweep_files()
    assert set(File.objects.values_list("pk", flat=True)) == {fresh.pk, used.pk}
    assert not settings.MEDIA_ROOT.joinpath(old.stored.name).exists()
