"""The settings pages of inboxes: who may, what they take, what they show."""

import re
from typing import Any

import pytest
from django.core.management import call_command

from conversations.inboxes.commands import change_inbox
from conversations.inboxes.models import Inbox
from permissions.accounts.commands import create_team, invite_agent
from permissions.accounts.models import Agent
from permissions.acts.checks import allowed, give
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from tests.conftest import PASSWORD

BACKEND = "permissions.accounts.backends.AgentBackend"


def page(inbox: Inbox) -> str:
    return f"/settings/inboxes/{inbox.pk}/"


def form(inbox: Inbox, **changes: Any) -> dict[str, Any]:
    inbox.refresh_from_db()
    values = {
        "name": inbox.name,
        "is_active": "on",
        "teams": [team.pk for team in inbox.teams.all()],
        "position": "right",
        "greeting": inbox.greeting,
        "time_zone": "UTC",
        "always_open": "on",
        "version": inbox.version,
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def test_everything_on_the_page_is_saved_once_and_told_in_the_audit(cast, ada, signed_in):
    client = signed_in("ada")
    sent = form(
        cast.inbox,
        name="Shop 2",
        has_colour="on",
        colour="#a3522e",
        position="left",
        greets_visitors="on",
        always_open=None,
        time_zone="Asia/Shanghai",
        sites="https://Shop.example/\n\nhttps://b.example:8443",
        mode="lead",
        joining="chosen",
        groups=[cast.team.group_id],
        most="4",
        shown="team",
        team_name="Shop team",
        **{"mon-begin": ["09:00", "13:00"], "mon-end": ["12:00", "00:00"]},
    )
    assert client.post(page(cast.inbox), sent).status_code == 302
    found = Inbox.objects.get(pk=cast.inbox.pk)
    assert found.opening_hours == {"mon": [["09:00", "12:00"], ["13:00", "24:00"]]}
    assert found.sites == ["https://shop.example", "https://b.example:8443"]
    assert (found.colour, found.position, found.name) == ("#a3522e", "left", "Shop 2")
    assert (found.mode, found.most_participants, found.team_name) == ("lead", 4, "Shop team")
    assert (found.joining, found.joining_groups) == ("chosen", [cast.team.group_id])
    assert (found.version, found.changed_by) == (1, ada)
    assert AuditRecord.objects.filter(verb="inbox.change").count() == 1
    text = client.get(page(found)).content.decode()
    assert "Changed by Ada Root" in text
    assert 'name="mon-end" value="00:00"' in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 81},
        {"teams": []},
        {"teams": ["999999"]},
        {"position": "top"},
        {"time_zone": "Mars/Base"},
        {"has_colour": "on", "colour": "red"},
        {"sites": "javascript:alert(1)"},
        {"sites": "https://a.example/path; frame-ancestors *"},
        {"mode": "loud"},
        {"joining": "chosen"},
        {"most": "0"},
        {"always_open": None},
        {"always_open": None, "mon-begin": "18:00", "mon-end": "09:00"},
        {"always_open": None, "mon-begin": "x", "mon-end": "y"},
        {"always_open": None, "mon-begin": ["09:00"] * 7, "mon-end": ["10:00"] * 7},
        {"version": "-1"},
    ],
)
def test_what_is_not_as_it_should_be_is_shown_and_nothing_saved(cast, ada, signed_in, wrong):
    answer = signed_in("ada").post(page(cast.inbox), form(cast.inbox, **wrong))
    assert answer.status_code == 422
    assert Inbox.objects.get(pk=cast.inbox.pk).version == 0


def test_two_who_save_the_same_page_do_not_overwrite_each_other(cast, ada, signed_in):
    shown = form(cast.inbox, name="Mine")
    change_inbox(actor=ada, inbox=cast.inbox, changes={"name": "Theirs"})
    answer = signed_in("ada").post(page(cast.inbox), shown)
    assert answer.status_code == 409
    assert "Ada Root changed this meanwhile" in answer.content.decode()
    assert Inbox.objects.get(pk=cast.inbox.pk).name == "Theirs"


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("amy", 403), ("eve", 404)])
def test_who_may_open_an_inboxs_page(cast, ada, signed_in, who, status):
    client = signed_in(who)
    for path in (page(cast.inbox), page(cast.inbox) + "preview/"):
        assert client.get(path).status_code == status
    assert client.post(page(cast.inbox) + "secret/").status_code == status
    assert client.post(page(cast.inbox), form(cast.inbox)).status_code in (status, 302)


def test_teams_are_given_and_lose_their_rights_with_the_inbox(cast, ada, signed_in):
    other = create_team(actor=None, name="Night shift")
    nina = invite_agent(actor=None, username="nina", name="Nina", password=PASSWORD, teams=[other])
    signed_in("ada").post(page(cast.inbox), form(cast.inbox, teams=[other.pk]))
    assert allowed(Agent.objects.get(pk=nina.pk), Act.REPLY, cast.inbox)
    assert not allowed(Agent.objects.get(pk=cast.amy.pk), Act.VIEW, cast.inbox)


def test_who_only_configures_an_inbox_gives_nobody_rights(cast, signed_in):
    give([Act.CONFIGURE], cast.amy, cast.inbox)
    Agent.objects.filter(pk=cast.amy.pk).update(authz_version=8)
    other = create_team(actor=None, name="Night shift")
    answer = signed_in("amy").post(
        page(cast.inbox), form(cast.inbox, teams=[other.pk], name="Renamed")
    )
    assert answer.status_code == 302
    found = Inbox.objects.get(pk=cast.inbox.pk)
    assert (found.name, list(found.teams.all())) == ("Renamed", [cast.team])


def test_a_new_secret_is_shown_in_one_answer_only(cast, ada, signed_in):
    client = signed_in("ada")
    answer = client.post(page(cast.inbox) + "secret/")
    secret = Inbox.objects.get(pk=cast.inbox.pk).signing_secret
    assert secret in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert secret not in client.get(page(cast.inbox)).content.decode()


def test_the_preview_shows_what_is_not_saved_and_escapes_it(cast, ada, signed_in):
    client = signed_in("ada")
    asked = {
        "name": "<b>New</b>",
        "greeting": "Hi <script>",
        "greets_visitors": "on",
        "has_colour": "on",
        "colour": "#112233",
        "position": "left",
    }
    answer = client.get(page(cast.inbox) + "preview/", asked)
    text = answer.content.decode()
    assert "&lt;b&gt;New&lt;/b&gt;" in text
    assert "Hi &lt;script&gt;" in text
    assert 'data-side="left"' in text
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    colours = client.get(page(cast.inbox) + "preview/colours.css", asked).content.decode()
    assert "--brand: #112233" in colours
    assert Inbox.objects.get(pk=cast.inbox.pk).name == "Shop"
    broken = {"colour": "}*{", "has_colour": "on", "position": "x", "name": "\0"}
    assert (
        "}*{" not in client.get(page(cast.inbox) + "preview/colours.css", broken).content.decode()
    )


def test_the_snippet_is_one_line_to_copy(cast, ada, signed_in):
    text = signed_in("ada").get(page(cast.inbox)).content.decode()
    found = re.search('id="snippet">([^<]+)<', text)
    assert found
    assert "widget.js&quot; data-inbox=&quot;shop&quot; async" in found[1]


def test_the_list_costs_the_same_however_many(cast, ada, signed_in, django_assert_max_num_queries):
    client = signed_in("ada")
    client.get("/settings/inboxes/")
    with django_assert_max_num_queries(8):
        text = client.get("/settings/inboxes/").content.decode()
    assert "Shop" in text
    assert "Depot" in text


@pytest.mark.parametrize(("language", "word"), [("en", "Opening hours"), ("zh-hans", "营业时间")])
def test_the_page_speaks_both_languages(cast, ada, signed_in, language, word):
    Agent.objects.filter(pk=ada.pk).update(language=language)
    assert word in signed_in("ada").get(page(cast.inbox)).content.decode()


# --- opening one ----------------------------------------------------------------------------

NEW = "/settings/inboxes/new/"


def test_the_first_administrator_opens_the_first_inbox(db, browser, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--username=root", "--name=Root", verbosity=0)
    team = create_team(actor=None, name="Service")
    browser.force_login(Agent.objects.get(username="root"), backend=BACKEND)
    assert NEW in browser.get("/settings/inboxes/").text
    answer = browser.post(NEW, {"name": " Shop ", "key": "shop", "teams": [team.pk]})
    inbox = Inbox.objects.get()
    assert answer.headers["Location"] == page(inbox)
    assert (inbox.name, list(inbox.teams.all())) == ("Shop", [team])
    record = AuditRecord.objects.get(verb="inbox.open")
    assert (record.actor_name, record.detail) == ("Root", {"key": "shop", "teams": [team.pk]})
    assert browser.get("/chat/shop/").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        *({"key": key} for key in ("", "Shop", "-a", "a--b", "a/b", "a\0", "x" * 61, "商店")),
        {"key": "shop"},
        *({"name": name} for name in ("", " ", "x" * 81, "a\0b")),
        *({"teams": teams} for teams in ([], ["x"], [10**9])),
    ],
)
def test_what_is_no_inbox_is_not_opened(cast, ada, signed_in, wrong):
    sent = {"name": "New", "key": "new", "teams": [cast.team.pk]} | wrong
    assert signed_in("ada").post(NEW, sent).status_code == 422
    assert Inbox.objects.count() == 2


def test_who_configures_inboxes_opens_none(cast, signed_in):
    give([Act.CONFIGURE], cast.amy, cast.inbox)
    Agent.objects.filter(pk=cast.amy.pk).update(authz_version=9)
    assert NEW not in signed_in("amy").get("/settings/inboxes/").text
    sent = {"name": "New", "key": "new", "teams": [cast.team.pk]}
    assert signed_in("amy").post(NEW, sent).status_code == 403
    assert Inbox.objects.count() == 2
