"""Canned replies: of one agent, of a team, of everyone; found by any part of what they say."""

import pytest

from collaboration.canned.commands import Content, add_canned_reply
from collaboration.canned.models import CannedReply
from permissions.accounts.commands import invite_agent, join_team
from permissions.accounts.models import Agent
from permissions.audit.models import AuditRecord
from permissions.roles.models import Role
from tests.conftest import PASSWORD, Browser


def content(title="Refund", *, owner=None, team=None, shortcut="", body="We refund you."):
    return Content(title=title, shortcut=shortcut, body=body, owner=owner, team=team)


@pytest.fixture
def boss(cast) -> Agent:
    """A supervisor: leads every team."""
    boss = invite_agent(
        actor=None,
        username="boss",
        name="Bo Sung",
        password=PASSWORD,
        roles=[Role.objects.get(key="supervisor")],
    )
    boss.refresh_from_db()
    return boss


@pytest.fixture
def bosses(boss) -> Browser:
    client = Browser()
    client.force_login(boss, backend="permissions.accounts.backends.AgentBackend")
    return client


def form(**changes):
    return {"title": "Refund", "shortcut": "r", "scope": "mine", "body": "We refund."} | changes


def titles(client, text=""):
    found = client.read(f"/workspace/canned/?q={text}").json()["canned"]
    return [one["title"] for one in found]


def test_who_is_offered_what(cast, boss, signed_in, bosses):
    add_canned_reply(agent=cast.amy, content=content("Mine", owner=cast.amy))
    add_canned_reply(agent=boss, content=content("Service's", team=cast.team))
    add_canned_reply(agent=boss, content=content("All"))
    assert titles(signed_in("amy")) == ["Mine", "Service's", "All"]
    assert titles(signed_in("eve")) == ["All"]
    assert titles(bosses) == ["Service's", "All"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("退款", ["退款说明"]),
        ("款", ["退款说明"]),
        ("工作日", ["退款说明"]),
        ("REFU", ["Refund"]),
        ("money", ["Refund"]),
        ("tk", ["退款说明"]),
        ("%25", []),
        ("nothing", []),
    ],
)
def test_any_part_finds_it_in_both_languages(cast, signed_in, text, expected):
    for one in (
        content("退款说明", owner=cast.amy, shortcut="tk", body="三个工作日内退回"),
        content("Refund", owner=cast.amy, shortcut="rf", body="You get your money back."),
    ):
        add_canned_reply(agent=cast.amy, content=one)
    assert titles(signed_in("amy"), text) == expected


def test_the_nearest_stands_first(cast, signed_in):
    for title, shortcut, body in (
        ("Zebra", "", "ship it"),
        ("Ship", "", "x"),
        ("Parcel", "ship", "x"),
    ):
        add_canned_reply(
            agent=cast.amy, content=content(title, owner=cast.amy, shortcut=shortcut, body=body)
        )
    assert titles(signed_in("amy"), "ship") == ["Parcel", "Ship", "Zebra"]


def test_an_agent_keeps_their_own(cast, signed_in):
    amy = signed_in("amy")
    assert amy.post("/settings/canned/new/", form()).status_code == 302
    reply = CannedReply.objects.get()
    assert (reply.owner, reply.team) == (cast.amy, None)
    address = f"/settings/canned/{reply.pk}/"
    assert amy.post(address, form(title="Money back")).status_code == 302
    assert amy.get("/settings/canned/").content.decode().count("Money back") == 1
    assert amy.post(address + "remove/").status_code == 302
    assert not CannedReply.objects.exists()
    verbs = AuditRecord.objects.filter(verb__startswith="canned").values_list("verb", flat=True)
    assert sorted(verbs) == ["canned_reply.add", "canned_reply.change", "canned_reply.remove"]


def test_only_who_leads_changes_what_others_are_offered(cast, boss, signed_in, bosses):
    team = f"team-{cast.team.pk}"
    amy = signed_in("amy")
    for scope in (team, "everyone", "team-999999", "x"):
        assert amy.post("/settings/canned/new/", form(scope=scope)).status_code == 422
    assert bosses.post("/settings/canned/new/", form(scope=team)).status_code == 302
    assert bosses.post("/settings/canned/new/", form(scope="everyone")).status_code == 302
    for reply in CannedReply.objects.all():
        assert amy.get(f"/settings/canned/{reply.pk}/").status_code == 404
        assert amy.post(f"/settings/canned/{reply.pk}/remove/").status_code == 403
    assert CannedReply.objects.count() == 2


def test_anothers_own_are_not_even_there(cast, bosses):
    reply = add_canned_reply(agent=cast.amy, content=content(owner=cast.amy))
    assert bosses.get(f"/settings/canned/{reply.pk}/").status_code == 404
    assert bosses.post(f"/settings/canned/{reply.pk}/remove/").status_code == 404
    assert titles(bosses) == []


def test_who_leads_one_inbox_does_not_speak_for_all(cast, signed_in):
    from permissions.acts.checks import give, raise_version
    from permissions.acts.vocabulary import Act

    give([Act.CANNED], cast.amy, cast.inbox)
    raise_version(Agent.objects.filter(pk=cast.amy.pk))
    cast.amy.refresh_from_db()
    amy = signed_in("amy")
    scope = f"team-{cast.team.pk}"
    assert amy.post("/settings/canned/new/", form(scope=scope)).status_code == 302
    assert amy.post("/settings/canned/new/", form(scope="everyone")).status_code == 422


def test_a_shortcut_leads_to_one_text(cast, signed_in):
    amy = signed_in("amy")
    amy.post("/settings/canned/new/", form())
    again = amy.post("/settings/canned/new/", form(title="Other"))
    assert again.status_code == 422
    assert "found by this shortcut" in again.content.decode()
    assert amy.post("/settings/canned/new/", form(title="Other", shortcut="")).status_code == 302
    assert amy.post("/settings/canned/new/", form(title="Third", shortcut="")).status_code == 302


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "x" * 121},
        {"body": ""},
        {"body": " \n"},
        {"body": "x" * 10_001},
        {"shortcut": "two words"},
        {"shortcut": "a/b"},
        {"shortcut": "x" * 41},
        {"title": "a\x00b"},
    ],
)
def test_bad_input_comes_back_with_a_sentence(cast, signed_in, changes):
    answer = signed_in("amy").post("/settings/canned/new/", form(**changes))
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert not CannedReply.objects.exists()


def test_html_stays_text(cast, signed_in):
    amy = signed_in("amy")
    amy.post("/settings/canned/new/", form(title="<img src=x>", body="<script>"))
    page = amy.get("/settings/canned/").content.decode()
    assert "<img src=x>" not in page
    assert "&lt;script&gt;" in page


def test_who_joins_a_team_is_offered_its_replies(cast, boss, signed_in):
    add_canned_reply(agent=boss, content=content("Service's", team=cast.team))
    join_team(actor=None, agent=cast.eve, team=cast.team)
    cast.eve.refresh_from_db()
    assert titles(signed_in("eve")) == ["Service's"]


def test_the_list_costs_a_fixed_number_of_queries(cast, signed_in, django_assert_max_num_queries):
    for number in range(20):
        add_canned_reply(agent=cast.amy, content=content(f"Number {number}", owner=cast.amy))
    amy = signed_in("amy")
    amy.get("/settings/canned/")
    with django_assert_max_num_queries(9):
        amy.get("/settings/canned/")
