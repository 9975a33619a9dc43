"""Files of a shared draft: everybody's who writes there, until they are sent or removed, once."""

# ruff: noqa: F811  (fixtures of the other files)

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.db.models.functions import Now

from conversations.threads.models import Conversation, Entry, File
from conversations.threads.tasks import sweep_files
from permissions.approvals.commands import approve
from permissions.approvals.models import Approval
from permissions.audit.models import AuditRecord
from tests.collaboration.test_shared_draft_sent import Hand, ben, sending  # noqa: F401
from tests.conftest import act, message
from tests.permissions.conftest import office  # noqa: F401


def put(client: Any, thread: Any, kind: str = "reply", name: str = "terms.txt") -> Any:
    upload = SimpleUploadedFile(name, b"Terms")
    path = f"{act(thread, 'files')}?kind={kind}"
    return client.post(path, {"file": upload}, headers={"accept": "application/json"})


def waiting(client: Any, thread: Any) -> list[str]:
    return [file["id"] for file in client.read(act(thread, "draft/files")).json()["files"]]


def remove(client: Any, thread: Any, file: str) -> Any:
    return client.send(act(thread, f"draft/files/{file}/remove"))


@pytest.fixture
def address(thread: Any) -> str:
    return act(thread, "draft/send")


@pytest.mark.django_db
def test_a_file_is_everybodys_who_writes_there(cast, thread, signed_in, ben):
    made = put(signed_in("amy"), thread)
    assert made.status_code == 201
    other = signed_in("ben")
    [seen] = other.read(act(thread, "draft/files")).json()["files"]
    assert seen == made.json()
    facts = (seen["name"], seen["kind"], seen["by"]["name"], seen["size_shown"])
    assert facts == ("terms.txt", "reply", "Amy Ito", "5\xa0bytes")
    assert other.get(seen["url"]).status_code == 200
    for _ in range(2):
        assert remove(other, thread, seen["id"]).json() == {"files": []}
    assert AuditRecord.objects.filter(verb="file.remove", actor_id=str(ben.pk)).count() == 1
    for client in (other, signed_in("amy")):
        assert client.get(seen["url"]).status_code == 404
    taken = message("mine", files=[seen["id"]])
    assert signed_in("amy").send(act(thread, "messages"), taken).status_code == 422


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["reply", "note"])
def test_who_may_write_may_attach_and_remove(cast, thread, signed_in, kind):
    amy, reader, eve = (signed_in(who) for who in ("amy", "ben", "eve"))
    file = put(amy, thread, kind).json()["id"]
    assert (put(reader, thread, kind).status_code, put(eve, thread, kind).status_code) == (403, 404)
    assert remove(reader, thread, file).status_code == 403
    assert remove(eve, thread, file).status_code == 404
    assert waiting(reader, thread) == waiting(amy, thread) == [file]
    assert reader.get(f"/workspace/files/{file}/").status_code == 200  # who sees it may open it
    assert eve.get(f"/workspace/files/{file}/").status_code == 404
    assert eve.read(act(thread, "draft/files")).status_code == 404
    Conversation.objects.update(mode="solo", assignee=cast.ben)
    status = 403 if kind == "reply" else 200
    assert remove(amy, thread, file).status_code == status


@pytest.mark.django_db
def test_the_customer_learns_nothing_of_it(cast, thread, signed_in, browser):
    headers = {"authorization": f"Bearer {cast.token}"}
    before = browser.get("/chat/shop/entries?after=0", headers=headers).content
    files = [put(signed_in("amy"), thread, kind).json()["id"] for kind in ("reply", "note")]
    assert browser.get("/chat/shop/entries?after=0", headers=headers).content == before
    for file in files:
        assert browser.get(f"/chat/shop/files/{file}/", headers=headers).status_code == 404
    taken = browser.send("/chat/shop/messages", message("", files=files), headers=headers)
    assert taken.status_code == 422


@pytest.mark.django_db
def test_sending_takes_all_of_them_once(cast, thread, signed_in, address, ben):
    Hand(cast.amy, thread).types("Here they are")
    amy, other = signed_in("amy"), signed_in("ben")
    files = [put(amy, thread, name="one.txt"), put(other, thread, name="two.txt")]
    aside = put(amy, thread, "note", "inside.txt").json()["id"]
    own = amy.post(act(thread, "files"), {"file": SimpleUploadedFile("3.txt", b"3")}).json()["id"]
    once = sending(files=[own])
    for status in (201, 200):
        answer = amy.send(address, once)
        assert answer.status_code == status
        names = [file["name"] for file in answer.json()["files"]]
        assert names == ["one.txt", "two.txt", "3.txt"]
    assert waiting(other, thread) == [aside]
    assert other.send(address, sending()).status_code == 409
    late = remove(other, thread, files[0].json()["id"])
    assert (late.status_code, late.json()["detail"]) == (409, "This file has been sent already.")
    note = other.send(address, sending(kind="note"))  # without a word
    assert (note.status_code, [file["id"] for file in note.json()["files"]]) == (201, [aside])
    draft = other.read(f"{act(thread, 'draft')}?kind=note").json()
    assert (draft["generation"], draft["n"]) == (1, 1)  # by which those who write hear of it
    assert other.send(address, sending(1, kind="note")).status_code == 422
    assert Entry.objects.get(kind="reply").attachments == 3


@pytest.mark.django_db
def test_what_was_for_a_note_reaches_no_reply(cast, thread, signed_in, address):
    amy = signed_in("amy")
    inside, outside = (put(amy, thread, kind).json()["id"] for kind in ("note", "reply"))
    Hand(cast.amy, thread).types("Hello")
    assert amy.send(address, sending(files=[inside])).status_code == 422
    for path, file in (("messages", inside), ("notes", outside)):
        assert amy.send(act(thread, path), message("x", files=[file])).status_code == 422
    assert amy.send(act(thread, "messages"), message("x", files=[outside])).status_code == 201
    assert waiting(amy, thread) == [inside]  # what went by itself left the draft as well


@pytest.mark.django_db(transaction=True)
def test_two_at_once_and_one_outcome(cast, thread, signed_in, address, ben):
    amy, other = signed_in("amy"), signed_in("ben")
    for generation in range(4):
        file = put(amy, thread).json()["id"]
        ready, answers = threading.Barrier(2), {}

        def press(name: str, do: Any, ready: Any = ready, into: dict[str, int] = answers) -> None:
            ready.wait(10)
            into[name] = do().status_code
            connections.close_all()

        asked = sending(generation, seen=1000)
        pressing = [
            threading.Thread(target=press, args=["send", lambda a=asked: amy.send(address, a)]),
            threading.Thread(
                target=press, args=["remove", lambda it=file: remove(other, thread, it)]
            ),
        ]
        for one in pressing:
            one.start()
        for one in pressing:
            one.join(30)
        sent = File.objects.get(pk=file).entry_id is not None
        if sent:
            assert answers == {"send": 201, "remove": 409}
        else:  # there is nothing left to send: the next round has to go on from here
            assert answers == {"send": 422, "remove": 200}
            Hand(cast.amy, thread).types("words")
            assert amy.send(address, asked).status_code == 201
    assert waiting(amy, thread) == []


@pytest.mark.django_db
def test_ten_and_no_more_and_nothing_else(cast, thread, signed_in, address):
    amy = signed_in("amy")
    for _ in range(10):
        assert put(amy, thread).status_code == 201
    full = put(amy, thread)
    assert (full.status_code, full.json()["limit"]) == (422, 10)
    own = amy.post(act(thread, "files"), {"file": SimpleUploadedFile("11.txt", b"11")}).json()["id"]
    assert amy.send(address, sending(files=[own])).status_code == 422
    assert put(amy, thread, "letter").status_code == 422
    assert put(amy, thread, "").status_code == 422
    assert put(amy, thread, "note", "evil.html").status_code == 422
    other = Conversation.objects.create(
        inbox=cast.inbox, customer=cast.lin, last_activity_at=Now(), created_at=Now()
    )
    for where, file in ((other, waiting(amy, thread)[0]), (thread, uuid.uuid4()), (thread, own)):
        assert remove(amy, where, file).status_code == 404
    assert len(waiting(amy, thread)) == 10


@pytest.mark.django_db
def test_they_go_out_with_a_reply_that_needs_a_yes(office, signed_in):
    thread = office.thread
    amy = signed_in("amy")
    file = put(amy, thread).json()["id"]
    once = sending()
    for _ in range(2):
        assert amy.send(act(thread, "draft/send"), once).status_code == 202
    assert waiting(amy, thread) == []
    approve(agent=office.ben, approval=Approval.objects.get().pk)
    assert [str(one.pk) for one in Entry.objects.get(kind="reply").attached] == [file]


@pytest.mark.django_db
def test_they_are_kept_until_the_conversation_is_long_done(cast, thread, signed_in):
    amy = signed_in("amy")
    kept, removed = (put(amy, thread).json()["id"] for _ in range(2))
    remove(amy, thread, removed)
    File.objects.update(at=Now() - timedelta(days=90))
    sweep_files()
    assert waiting(amy, thread) == [kept]
    assert not File.objects.filter(pk=removed).exists()
    for days, left in ((29, [kept]), (31, [])):
        Conversation.objects.update(status="resolved", resolved_at=Now() - timedelta(days=days))
        sweep_files()
        assert waiting(amy, thread) == left
