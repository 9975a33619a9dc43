"""Signed statements of who a visitor is: believed, refused, and what follows from them."""

import base64
import hashlib
import hmac
import json
import time
import uuid

import pytest

from conversations.customers.models import Customer as CustomerRow
from conversations.customers.values import own_contact
from conversations.intake.models import CustomerSession
from conversations.threads import commands
from conversations.threads.models import Conversation
from tests.conftest import message
from tests.conversations.test_customers import Customer, begin

CHAT = "/chat/shop"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(secret: str, header: object = None, **claims: object) -> str:
    """A statement as any JWT library writes it."""
    claims = {"sub": "u-7", "exp": int(time.time()) + 300} | claims
    head = {"alg": "HS256", "typ": "JWT"} if header is None else header
    signed = ".".join(encode(json.dumps(part).encode()) for part in (head, claims))
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encode(digest)}"


def identify(client: Customer, statement: object, key: str = "shop") -> dict:
    answer = client.send(f"/chat/{key}/identity", {"identity": statement, "token": client.token})
    assert answer.status_code == 200
    found = answer.json()
    if found["accepted"]:
        client.token = found["token"]
    return found


def wrote(text: str) -> Customer:
    client = Customer()
    client.token = begin(client).json()["token"]
    client.send(f"{CHAT}/messages", message(text))
    return client


@pytest.fixture
def secret(cast) -> str:
    return cast.inbox.signing_secret


def test_who_is_identified_finds_their_history_on_any_device(cast, secret):
    phone, laptop = wrote("From my phone"), Customer()
    assert identify(phone, sign(secret, name="Lin Wang", email="lin@example.org"))["accepted"]
    found = identify(laptop, sign(secret))
    assert found["token"] != phone.token
    entries = laptop.get(f"{CHAT}/entries").json()["entries"]
    assert [entry["body"] for entry in entries] == ["From my phone"]
    known = CustomerRow.objects.get(external_id="u-7")
    assert own_contact(known) == {"name": "Lin Wang", "email": "lin@example.org"}
    assert known.identified_in == cast.inbox


def test_what_was_written_before_joins_the_history(cast, secret):
    identify(wrote("First device"), sign(secret))
    second = wrote("Before I signed in")
    token = second.token
    found = identify(second, sign(secret))
    assert found["token"] == token  # the same session goes on
    known = CustomerRow.objects.get(external_id="u-7")
    assert Conversation.objects.filter(customer=known).count() == 2
    rows = second.get(f"{CHAT}/conversations").json()["conversations"]
    assert {row["last"] for row in rows} == {"First device", "Before I signed in"}


def test_saying_it_again_changes_nothing(cast, secret):
    client = wrote("Hello")
    statements = [sign(secret, name="Lin"), sign(secret, name="Lin")]
    first, again = (identify(client, statement) for statement in statements)
    assert first == again
    thread = Conversation.objects.get()
    assert thread.entries.filter(event__type="introduced").count() == 1


def test_somebody_else_begins_a_clean_session(cast, secret):
    client = wrote("Mine alone")
    identify(client, sign(secret))
    mine = client.token
    identify(client, sign(secret, sub="u-8"))
    assert client.token != mine
    assert client.get(f"{CHAT}/entries").json()["entries"] == []
    assert client.get(f"{CHAT}/conversations").json()["conversations"] == []


def test_an_id_is_known_within_its_inbox_only(cast, secret):
    identify(wrote("At the shop"), sign(secret))
    CustomerRow.objects.create(external_id="u-7", name="From an import")
    other = Customer()
    assert identify(other, sign(secret), key="depot")["reason"] == "forged"
    assert identify(other, sign(cast.other_inbox.signing_secret), key="depot")["accepted"]
    assert other.get("/chat/depot/conversations").json()["conversations"] == []
    assert CustomerRow.objects.filter(external_id="u-7").count() == 3


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (lambda secret: sign("x" * 43), "forged"),
        (lambda secret: sign(secret)[:-4] + "AAAA", "forged"),
        (lambda secret: sign(secret, exp=int(time.time()) - 120), "expired"),
        (lambda secret: sign(secret, exp=None), "malformed"),
        (lambda secret: sign(secret, exp=True), "malformed"),
        (lambda secret: sign(secret, exp="soon"), "malformed"),
        (lambda secret: sign(secret, exp=float("nan")), "malformed"),
        (lambda secret: sign(secret, exp=int(time.time()) + 10**7), "malformed"),
        (lambda secret: sign(secret, sub=""), "malformed"),
        (lambda secret: sign(secret, sub=None), "malformed"),
        (lambda secret: sign(secret, sub=7), "malformed"),
        (lambda secret: sign(secret, sub="x" * 201), "malformed"),
        (lambda secret: sign(secret, email="nobody"), "malformed"),
        (lambda secret: sign(secret, name=["x"]), "malformed"),
        (lambda secret: sign(secret, aud="depot"), "forged"),
        (lambda secret: sign(secret, header={"alg": "none"}), "malformed"),
        (lambda secret: sign(secret, header={"alg": "RS256"}), "malformed"),
        (lambda secret: sign(secret, header=["HS256"]), "malformed"),
        (lambda secret: sign(secret).rsplit(".", 1)[0] + ".", "forged"),
        (lambda secret: "a.b.c", "malformed"),
        (lambda secret: "é.é.é", "malformed"),
        (lambda secret: "[" * 3000 + "..", "malformed"),
        (lambda secret: "x" * 9000, "malformed"),
        (lambda secret: None, "malformed"),
        (lambda secret: {"sub": "u-7"}, "malformed"),
    ],
)
def test_what_is_not_believed_says_why_and_changes_nothing(cast, secret, statement, reason):
    client = wrote("Hello")
    answer = identify(client, statement(secret))
    assert (answer["accepted"], answer["reason"]) == (False, reason)
    assert answer["detail"]
    assert not CustomerRow.objects.exclude(external_id="").exists()


def test_an_inbox_without_a_secret_believes_nobody(cast):
    cast.inbox.signing_secret = ""
    cast.inbox.save()
    assert identify(Customer(), sign(""))["reason"] == "unconfigured"


def test_a_block_goes_along(cast, secret):
    client = wrote("Buy now")
    thread = Conversation.objects.get()
    commands.block(agent=cast.amy, conversation=thread.pk, until=None)
    identify(wrote("Known before"), sign(secret))
    identify(client, sign(secret))
    assert client.send(f"{CHAT}/messages", message("Again")).status_code == 403


def test_files_come_along(cast, secret):
    from django.core.files.uploadedfile import SimpleUploadedFile

    identify(wrote("First"), sign(secret))
    client = wrote("Second")
    upload = client.post(f"{CHAT}/files", {"file": SimpleUploadedFile("a.txt", b"mine")})
    identify(client, sign(secret))
    sent = client.send(f"{CHAT}/messages", message("With it", files=[upload.json()["id"]]))
    assert sent.status_code == 201
    assert client.get(f"{CHAT}/files/{upload.json()['id']}/").status_code == 200
    assert uuid.UUID(upload.json()["id"])
    assert CustomerSession.objects.filter(customer__external_id="u-7").count() == 2
