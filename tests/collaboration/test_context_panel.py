"""The panel beside a conversation: what it tells, to whom, and at what price."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from collaboration.context import queries
from conversations.customers.models import Customer
from conversations.customers.values import store_told
from conversations.intake.commands import new_session
from conversations.threads import commands
from conversations.threads.models import Conversation, Entry
from helpdesk.core.web.devices import device_of
from tests.conftest import act


def earlier(cast, number, *, inbox=None, entries=3):
    """Another conversation of Lin's, so many days ago."""
    at = timezone.now() - timedelta(days=number)
    made = Conversation.objects.create(
        inbox=inbox or cast.inbox,
        customer=cast.lin,
        status="resolved",
        subject=f"Matter {number}",
        last_seq=entries,
        last_public_seq=entries,
        created_at=at,
        last_activity_at=at,
    )
    Entry.objects.bulk_create(
        Entry(
            conversation=made,
            seq=seq,
            public_seq=seq,
            kind="message" if seq % 2 else "reply",
            audience="public",
            author_kind="customer" if seq % 2 else "agent",
            author_name="Lin" if seq % 2 else "Amy Ito",
            body=f"<b>line {seq}</b> of {number}",
            at=at,
        )
        for seq in range(1, entries + 1)
    )
    return made


def page_of(client, thread, rest="", **query):
    return client.get(f"/workspace/conversations/{thread.pk}/{rest}", query)


def test_the_past_is_one_timeline_page_by_page(cast, thread, signed_in):
    made = [earlier(cast, number) for number in range(1, 26)]
    found, key = [], ""
    while True:
        page = queries.past(cast.amy, thread, key)
        found += page.rows
        key = page.next
        if not key:
            break
    assert [one.pk for one in found] == [one.pk for one in made]
    html = page_of(signed_in("amy"), thread).content.decode()
    assert "Matter 1<" in html
    assert "Matter 11<" not in html
    assert (
        "Matter 11<"
        in page_of(
            signed_in("amy"), thread, "timeline/", before=queries.past(cast.amy, thread).next
        ).content.decode()
    )


def test_a_conversation_of_the_past_is_read_to_its_end_without_leaving(cast, thread, signed_in):
    other = earlier(cast, 3, entries=queries.SAID + 5)
    amy = signed_in("amy")
    first = page_of(amy, thread, f"timeline/{other.pk}/").content.decode()
    assert "&lt;b&gt;line 1&lt;/b&gt; of 3" in first
    assert f"?after={queries.SAID}" in first
    rest = page_of(amy, thread, f"timeline/{other.pk}/", after=queries.SAID).content.decode()
    assert f"line {queries.SAID + 5}&lt;" in rest
    assert "?after=" not in rest


def test_nothing_of_other_inboxes_or_other_customers_is_told(cast, thread, signed_in):
    hidden = earlier(cast, 1, inbox=cast.other_inbox)
    session, _ = new_session(cast.inbox, Customer.objects.create(name="Mo"))
    stranger = earlier(cast, 2)
    Conversation.objects.filter(pk=stranger.pk).update(customer=session.customer)
    amy = signed_in("amy")
    html = page_of(amy, thread).content.decode()
    assert "Matter" not in html
    for other in (hidden, stranger, thread, Conversation(pk=uuid.uuid4())):
        expected = 200 if other is thread else 404
        assert page_of(amy, thread, f"timeline/{other.pk}/").status_code == expected
    assert page_of(signed_in("eve"), thread, "timeline/").status_code == 404


@pytest.mark.parametrize(
    ("part", "query"),
    [
        ("timeline/", {"before": "x"}),
        ("timeline/", {"before": "\x00_\x00"}),
        ("timeline/", {"before": "20260101T000000.000000_7"}),
        ("context/notes/", {"before": "-1"}),
        ("context/notes/", {"before": "9" * 30}),
        ("context/files/", {"before": "7"}),
        ("context/files/", {"before": "<b>"}),
    ],
)
def test_a_bad_key_is_422(cast, thread, signed_in, part, query):
    assert page_of(signed_in("amy"), thread, part, **query).status_code == 422


def test_notes_are_a_list_that_leads_to_their_places(cast, thread, signed_in):
    commands.post_note(
        agent=cast.amy, conversation=thread.pk, body="check <i>this</i>", client_id=uuid.uuid4()
    )
    html = page_of(signed_in("ben"), thread).content.decode()
    assert 'data-entry="2"' in html
    assert '<span class="excerpt">check &lt;i&gt;this&lt;/i&gt;</span>' in html


def test_every_note_is_reached(cast, thread, signed_in):
    Entry.objects.bulk_create(
        Entry(
            conversation=thread,
            seq=seq,
            kind="note",
            audience="team",
            author_kind="agent",
            body=f"note {seq}",
            at=timezone.now(),
        )
        for seq in range(2, queries.NOTES + 7)
    )
    first = queries.notes(cast.amy, thread)
    rest = queries.notes(cast.amy, thread, int(first.next))
    assert [one.seq for one in first.rows + rest.rows] == list(range(queries.NOTES + 6, 1, -1))
    assert rest.next == ""
    assert (
        "note 2<"
        in page_of(signed_in("amy"), thread, "context/notes/", before=first.next).content.decode()
    )


def test_what_identifies_a_person_is_not_among_the_attributes(cast, thread, signed_in):
    store_told(cast.lin, {"email": "lin@example.org"}, by=cast.lin)
    Customer.objects.filter(pk=cast.lin.pk).update(
        attributes={
            "plan": "gold",
            "site": {"orders": "7", "Phone": "13800138000", "contact": "call 13800138000"},
            "手机": "x",
            "home_address": "Street 1",
            "reach": "lin@example.net",
            "page": {"url": "javascript:alert(1)", "title": "<script>"},
            "nested": {"secret": "deep"},
        },
    )
    html = page_of(signed_in("amy"), thread).content.decode()
    for told in ("gold", "orders", "l***@example.org", "&lt;script&gt;"):
        assert told in html
    for kept in (
        "lin@example.org",
        "138001",
        "Street 1",
        "example.net",
        "deep",
        'href="javascript',
        "<script>",
    ):
        assert kept not in html
    assert "lin@example.org" not in page_of(signed_in("ben"), thread).content.decode()


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge 126 on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            "like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari 17 on iOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; M2102) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.47",
            "WeChat 8 on Android",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox 128 on Linux",
        ),
        ("curl/8.5.0", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_device_in_plain_words(user_agent, said):
    assert str(device_of(user_agent)) == said


def test_a_session_remembers_the_browser(cast, browser):
    header = {"user-agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X) Version/17.1 Safari/605\x01"}
    begun = browser.post(
        "/chat/shop/session", "{}", content_type="application/json", headers=header
    )
    assert begun.status_code == 201
    customer = Customer.objects.latest("created_at")
    assert str(device_of(customer.attributes["user_agent"])) == "Safari 17 on macOS"


def test_the_parts_cost_the_same_however_long_the_past(
    cast, thread, signed_in, django_assert_num_queries
):
    others = [earlier(cast, number, entries=50) for number in range(1, 101)]
    amy = signed_in("amy")
    page_of(amy, thread, "timeline/")
    with django_assert_num_queries(5):  # session, agent, conversation, page, rule
        page_of(amy, thread, "timeline/")
    with django_assert_num_queries(6):  # … and whether it is the customer's
        page_of(amy, thread, f"timeline/{others[50].pk}/")
    for part in ("context/notes/", "context/files/"):
        with django_assert_num_queries(4):
            page_of(amy, thread, part)


def test_the_theme_is_kept_and_drawn_at_once(cast, signed_in):
    amy = signed_in("amy")
    assert "data-theme" not in amy.get("/profile/").content.decode()
    answer = amy.post("/appearance/", {"theme": "dark", "next": "/profile/"})
    assert answer["Location"] == "/profile/"
    page = amy.get("/profile/").content.decode()
    assert 'data-theme="dark"' in page
    assert '<meta name="color-scheme" content="dark">' in page
    amy.post("/appearance/", {"theme": ""})
    assert "data-theme" not in amy.get("/profile/").content.decode()


@pytest.mark.parametrize(
    ("form", "status", "leads_to"),
    [
        ({"theme": "neon"}, 422, None),
        ({"theme": "dark", "next": "https://evil.test/"}, 302, "/"),
        ({"theme": "dark", "next": "//evil.test/"}, 302, "/"),
        ({"theme": "dark", "next": "NaN"}, 302, "/"),
    ],
)
def test_a_theme_leads_nowhere_else(cast, signed_in, form, status, leads_to):
    answer = signed_in("amy").post("/appearance/", form)
    assert answer.status_code == status
    assert answer.get("Location") == leads_to


def test_a_forged_theme_cookie_is_not_drawn(cast, signed_in):
    amy = signed_in("amy")
    amy.cookies["theme"] = '"><script>'
    assert "data-theme" not in amy.get("/profile/").content.decode()


def test_acts_draw_the_panel_anew(cast, thread, signed_in):
    amy = signed_in("amy")
    answer = amy.post(act(thread, "join"), headers={"hx-request": "true"})
    assert "panel-people" in answer.content.decode()
    assert "Amy Ito" in answer.content.decode()
