"""The customer's side: a token of their own, their conversation and nothing else."""

import json
import uuid

import pytest

from conversations.intake.models import CustomerSession
from conversations.threads import commands
from conversations.threads.models import Conversation
from tests.conftest import Browser, Cast, message


class Customer(Browser):
    token = ""

    def request(self, **request):
        if self.token:
            request.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.token}")
        return super().request(**request)


@pytest.fixture
def lin(cast: Cast) -> Customer:
    client = Customer()
    client.token = cast.token
    return client


def begin(client: Customer, key: str = "shop", **data: object):
    return client.send(f"/chat/{key}/session", data)


def test_a_session_makes_nothing_that_agents_see(cast, signed_in):
    answer = begin(Customer())
    assert answer.status_code == 201
    assert set(answer.json()) == {"token", "conversation"}
    assert not Conversation.objects.exists()
    rows = signed_in("amy").read("/workspace/conversations/?view=all").json()["conversations"]
    assert rows == []


def test_the_first_message_makes_the_conversation(cast):
    client = Customer()
    session = begin(client).json()
    client.token = session["token"]
    nothing = {"entries": [], "head": 0, "conversation": session["conversation"]}
    assert client.get("/chat/shop/entries?after=0").json() == nothing
    answer = client.send("/chat/shop/messages", message("hello"))
    assert answer.status_code == 201
    assert (answer.json()["seq"], answer.json()["kind"]) == (1, "message")
    assert str(Conversation.objects.get().pk) == session["conversation"]


def test_a_token_takes_up_its_session_again(cast, lin):
    lin.send("/chat/shop/messages", message("hello"))
    again = begin(Customer(), token=cast.token)
    assert again.status_code == 200
    assert again.json()["conversation"] == str(cast.session.conversation_id)
    assert begin(Customer(), token="x" * 43).status_code == 201


def test_only_the_hash_of_a_token_is_kept(cast):
    assert cast.token not in str(CustomerSession.objects.values())


@pytest.mark.parametrize("token", ["", "nope", "x" * 43, "x" * 5000, "\x00" * 43])
@pytest.mark.parametrize("path", ["messages", "entries", "files"])
def test_without_a_living_token_there_is_nothing(cast, token, path):
    client = Customer()
    client.token = token
    call = client.get if path == "entries" else client.send
    assert call(f"/chat/shop/{path}").status_code == 401


def test_a_token_opens_only_its_own_inbox(cast, lin):
    assert lin.get("/chat/depot/entries").status_code == 401
    assert lin.get("/chat/nowhere/entries").status_code == 404


def test_a_session_that_ran_out_is_over(cast, lin):
    from datetime import timedelta

    from django.db.models.functions import Now

    CustomerSession.objects.filter(pk=cast.session.pk).update(
        expires_at=Now() - timedelta(seconds=1)
    )
    assert lin.get("/chat/shop/entries").status_code == 401


def test_the_history_is_the_public_part(cast, lin, thread):
    commands.post_note(
        agent=cast.amy, conversation=thread.pk, body="canary", client_id=uuid.uuid4()
    )
    commands.post_reply(
        agent=cast.amy, conversation=thread.pk, body="**hi**", client_id=uuid.uuid4()
    )
    commands.resolve(agent=cast.amy, conversation=thread.pk)
    answer = lin.get("/chat/shop/entries?after=0")
    entries = answer.json()["entries"]
    assert [(e["seq"], e["kind"]) for e in entries] == [(1, "message"), (2, "reply"), (3, "event")]
    assert answer.json()["head"] == 3
    assert "<strong>hi</strong>" in entries[1]["html"]
    text = answer.content.decode()
    for inside in ("canary", "claimed", "joined", "assign"):
        assert inside not in text


def test_the_same_script_without_notes_looks_the_same_to_the_customer(cast, lin):
    def recording(inside: bool) -> list[object]:
        client = Customer()
        session = begin(client).json()
        client.token = session["token"]
        seen: list[object] = []

        def ask() -> None:
            answer = client.get("/chat/shop/entries?after=0").json()
            assert answer.pop("conversation") == session["conversation"]
            for entry in answer["entries"]:
                entry.pop("at"), entry.pop("client_id"), entry.pop("html")
            seen.append(answer)

        client.send("/chat/shop/messages", message("one"))
        pk = session["conversation"]
        ask()
        if inside:
            commands.join(agent=cast.amy, conversation=pk)
            commands.post_note(
                agent=cast.amy, conversation=pk, body="canary", client_id=uuid.uuid4()
            )
            commands.claim(agent=cast.amy, conversation=pk)
        ask()
        commands.post_reply(agent=cast.amy, conversation=pk, body="two", client_id=uuid.uuid4())
        ask()
        return seen

    assert recording(inside=True) == recording(inside=False)


def test_a_retry_says_200_and_another_text_409(lin):
    sent = message("once")
    assert [lin.send("/chat/shop/messages", sent).status_code for _ in range(3)] == [201, 200, 200]
    assert lin.send("/chat/shop/messages", sent | {"body": "x"}).status_code == 409


@pytest.mark.parametrize(
    "bad", [{}, {"body": "x"}, message(""), message("x" * 10_001), message("x", files=["a"])]
)
def test_bad_messages_are_422(lin, bad):
    answer = lin.send("/chat/shop/messages", bad)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_flood_is_stopped_and_told_when_to_go_on(lin, settings):
    settings.LIMITS = settings.LIMITS | {"customer messages": (3, 60)}
    codes = [lin.send("/chat/shop/messages", message(str(n))).status_code for n in range(5)]
    assert codes == [201, 201, 201, 429, 429]
    answer = lin.send("/chat/shop/messages", message("more"))
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_sessions_from_one_address_are_limited(cast, settings):
    settings.LIMITS = settings.LIMITS | {"customer sessions per address": (2, 3600)}
    assert [begin(Customer()).status_code for _ in range(3)] == [201, 201, 429]


@pytest.mark.parametrize("page", ["text", 7, [1], {"url": 7}, {"url": "x" * 9000, "other": {}}])
def test_what_a_host_page_tells_is_bounded(cast, page):
    answer = begin(Customer(), page=page)
    assert answer.status_code in (201, 422)
    assert len(json.dumps(list(cast.lin.__class__.objects.values("attributes")))) < 2000


def test_the_widget_and_its_page_may_be_shown_elsewhere_and_nothing_else(cast, browser):
    script = browser.get("/widget.js")
    assert script["Content-Type"].startswith("text/javascript")
    page = browser.get("/chat/shop/")
    assert page.status_code == 200
    assert "X-Frame-Options" not in page
    assert "frame-ancestors *" in page["Content-Security-Policy"]
    login = browser.get("/login/")
    assert login["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in login["Content-Security-Policy"]


def test_an_inbox_may_name_its_sites(cast, browser):
    cast.inbox.sites = ["https://shop.example"]
    cast.inbox.save()
    policy = browser.get("/chat/shop/")["Content-Security-Policy"]
    assert "frame-ancestors https://shop.example" in policy


@pytest.mark.parametrize("path", ["/chat/nowhere/", "/chat/nowhere/session"])
def test_an_unknown_inbox_is_404(cast, path):
    client = Customer()
    assert (client.send(path) if "session" in path else client.get(path)).status_code == 404
