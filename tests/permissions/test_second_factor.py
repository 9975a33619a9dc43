"""Six digits of an app, ten codes on paper, and who must have them."""

import re

import pyotp
import pytest
from django.test import Client

from permissions.accounts.commands import invite_agent
from permissions.accounts.second_factor import STEP, SecondFactor, codes_left
from permissions.accounts.security import Security
from permissions.accounts.sessions import SignIn
from permissions.audit.models import AuditRecord
from permissions.policies.commands import change_rules
from permissions.policies.rules import stored
from permissions.roles.presets import install_roles
from tests.conftest import PASSWORD

PAGE = "/profile/second-factor/"


@pytest.fixture
def boss(cast):
    role = install_roles()["admin"]
    return invite_agent(
        actor=None, username="boss", name="Bea Boss", password=PASSWORD, roles=[role]
    )


@pytest.fixture
def clock(time_machine):
    """Codes change every half minute; here it passes when the test says so."""
    time_machine.move_to("2030-01-01T10:00:00Z", tick=False)
    return lambda seconds=STEP: time_machine.shift(seconds)


def enter(name="amy", client=None):
    client = client or Client()
    answer = client.post("/login/", {"username": name, "password": PASSWORD})
    return client, answer


def code_of(agent):
    return pyotp.TOTP(SecondFactor.objects.get(agent=agent).words).now()


def set_up(client, agent):
    """Set the second factor up on the page. Returns the recovery codes."""
    assert client.post(PAGE, {"act": "begin"}).status_code == 302
    answer = client.post(PAGE, {"act": "confirm", "code": code_of(agent)})
    assert answer.status_code == 200
    return re.findall(r"<li><code>([a-z0-9]{5}-[a-z0-9]{5})</code>", answer.content.decode())


def inside(client):
    return client.get("/profile/").status_code == 200


def require(boss, who):
    version = stored(Security).version
    change_rules(agent=boss, rules=Security(second_factor=who), version=version)


def test_it_is_asked_for_once_it_is_set_up(cast, clock):
    client, _ = enter()
    assert len(set_up(client, cast.amy)) == 10
    clock()
    client, answer = enter()
    assert answer["Location"] == "/login/code/"
    assert not inside(client)
    answer = client.post("/login/code/", {"code": code_of(cast.amy)})
    assert (answer.status_code, answer["Location"]) == (302, "/workspace/")
    assert inside(client)
    assert SignIn.objects.get(session_key=client.session.session_key).with_second_factor


def test_the_secret_is_drawn_and_not_in_the_database(cast, signed_in):
    amy = signed_in("amy")
    amy.post(PAGE, {"act": "begin"})
    page = amy.get(PAGE).content.decode()
    factor = SecondFactor.objects.get(agent=cast.amy)
    assert "<svg" in page
    assert "style=" not in page
    assert factor.words in page
    assert factor.words.encode() not in bytes(factor.secret)


def test_a_secret_that_was_not_confirmed_counts_for_nothing(cast):
    client, _ = enter()
    client.post(PAGE, {"act": "begin"})
    assert inside(enter()[0])


def test_a_code_is_good_for_once(cast, clock):
    set_up(enter()[0], cast.amy)
    clock()
    code = code_of(cast.amy)
    first, _ = enter()
    second, _ = enter()
    assert first.post("/login/code/", {"code": code}).status_code == 302
    assert second.post("/login/code/", {"code": code}).status_code == 422
    assert not inside(second)


def test_a_recovery_code_is_good_for_once(cast, clock):
    codes = set_up(enter()[0], cast.amy)
    for attempt, status in ((codes[0].upper(), 302), (codes[0], 422), (codes[1], 302)):
        client, _ = enter()
        assert client.post("/login/code/", {"code": f" {attempt} "}).status_code == status
    assert codes_left(cast.amy) == 8


@pytest.mark.parametrize("code", ["", "000000", "abc", "０１２３４５", "1" * 5000, "\x00", "<b>"])
def test_a_wrong_code_opens_nothing(cast, clock, code):
    set_up(enter()[0], cast.amy)
    client, _ = enter()
    assert client.post("/login/code/", {"code": code}).status_code == 422
    assert not inside(client)


def test_the_code_page_is_nothing_without_a_password(cast, clock):
    set_up(enter()[0], cast.amy)
    clock()
    stranger = Client()
    assert stranger.get("/login/code/")["Location"] == "/login/"
    assert stranger.post("/login/code/", {"code": code_of(cast.amy)})["Location"] == "/login/"
    late, _ = enter()
    clock(301)
    assert late.post("/login/code/", {"code": code_of(cast.amy)})["Location"] == "/login/"
    assert not inside(late)


def test_guessing_codes_is_stopped_and_everybody_concerned_is_told(cast, clock, boss):
    set_up(enter()[0], cast.amy)
    client, _ = enter()
    for _ in range(5):
        assert client.post("/login/code/", {"code": "000000"}).status_code == 422
    clock()
    shut = client.post("/login/code/", {"code": code_of(cast.amy)})
    assert shut.status_code == 429
    assert "in 3 minutes" in shut.content.decode()
    assert AuditRecord.objects.filter(verb="agent.second_factor_failed").count() == 5
    assert AuditRecord.objects.filter(verb="agent.locked_out", object_id=cast.amy.pk).exists()
    boss_client, _ = enter("boss")
    assert "<code>amy</code>" in boss_client.get("/settings/security/").content.decode()


def test_a_lost_factor_is_reset_by_an_administrator_alone(cast, clock, boss, signed_in):
    set_up(enter()[0], cast.amy)
    path = f"/settings/agents/{cast.amy.pk}/reset-second-factor/"
    assert signed_in("eve").post(path).status_code == 403
    assert enter()[1]["Location"] == "/login/code/"
    assert enter("boss")[0].post(path).status_code == 302
    assert enter()[1]["Location"] == "/workspace/"
    record = AuditRecord.objects.get(verb="second_factor.reset")
    assert (record.actor_id, record.object_id) == (str(boss.pk), str(cast.amy.pk))


def test_giving_it_up_needs_a_code_and_no_rule_against_it(cast, clock, boss):
    amy, _ = enter()
    set_up(amy, cast.amy)
    assert amy.post(PAGE, {"act": "end", "code": "000000"}).status_code == 422
    require(boss, "everybody")
    clock()
    assert amy.post(PAGE, {"act": "end", "code": code_of(cast.amy)}).status_code == 409
    require(boss, "nobody")
    assert amy.post(PAGE, {"act": "end", "code": code_of(cast.amy)}).status_code == 200
    assert not SecondFactor.objects.filter(agent=cast.amy).exists()


def test_new_recovery_codes_void_the_old_ones(cast, clock):
    amy, _ = enter()
    old = set_up(amy, cast.amy)
    clock()
    amy.post(PAGE, {"act": "renew", "code": code_of(cast.amy)})
    client, _ = enter()
    assert client.post("/login/code/", {"code": old[3]}).status_code == 422


def test_whoever_must_have_one_gets_no_further_before_it_is_set_up(cast, clock, boss):
    require(boss, "everybody")
    amy, answer = enter()
    assert answer["Location"] == PAGE
    assert amy.get("/workspace/")["Location"] == PAGE
    assert amy.post("/profile/status/", {"status": "busy"}).status_code == 403
    assert amy.get(PAGE).status_code == 200
    set_up(amy, cast.amy)
    assert amy.get("/workspace/").status_code == 200


def test_required_of_duties_leaves_others_alone(cast, clock, boss):
    require(boss, "duties")
    assert enter()[1]["Location"] == "/workspace/"
    assert enter("boss")[1]["Location"] == PAGE


def test_setting_up_twice_is_refused(cast, clock):
    amy, _ = enter()
    set_up(amy, cast.amy)
    assert amy.post(PAGE, {"act": "begin"}).status_code == 409
    assert amy.post(PAGE, {"act": "confirm", "code": code_of(cast.amy)}).status_code == 409
    assert amy.post(PAGE, {"act": "nothing", "code": "1"}).status_code == 422
