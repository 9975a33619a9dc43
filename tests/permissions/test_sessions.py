"""Where one is signed in, what ends it, and the rules of signing in."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from permissions.accounts import session_commands, sessions
from permissions.accounts.commands import invite_agent
from permissions.accounts.models import Agent, Attendance
from permissions.accounts.security import Security
from permissions.accounts.session_store import SessionStore, agent_of
from permissions.accounts.sessions import SignIn
from permissions.audit.models import AuditRecord, Unrecorded
from permissions.policies.commands import change_rules
from permissions.policies.rules import current, stored
from permissions.roles.presets import install_roles
from tests.conftest import PASSWORD

CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture(autouse=True)
def _no_look_kept():
    sessions._looked.clear()


@pytest.fixture
def boss(cast):
    role = install_roles()["admin"]
    return invite_agent(
        actor=None, username="boss", name="Bea Boss", password=PASSWORD, roles=[role]
    )


def enter(name="amy", **extra):
    client = Client(headers={"user-agent": CHROME}, **extra)
    answer = client.post("/login/", {"username": name, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def inside(client):
    return client.get("/profile/").status_code == 200


def rules(boss, **facts):
    change_rules(agent=boss, rules=Security(**facts), version=stored(Security).version)


def test_each_sign_in_is_listed_in_plain_words(cast):
    amy = enter()
    enter()
    page = amy.get("/profile/sign-ins/").content.decode()
    assert page.count("Chrome 140 on Windows") == 2
    assert page.count("127.0.0.1") == 2
    assert page.count(">Here<") == 1


def test_signing_out_everywhere_else(cast):
    here, elsewhere, other = enter(), enter(), enter("eve")
    assert here.post("/profile/sign-ins/end/").status_code == 302
    assert [inside(client) for client in (here, elsewhere, other)] == [True, False, True]
    assert AuditRecord.objects.get(verb="agent.end_sign_ins").detail == {"ended": 1}


def test_one_sign_in_is_ended_by_its_agent_or_an_administrator(cast, boss):
    amy, boss_client, eve = enter(), enter("boss"), enter("eve")
    path = f"/profile/sign-ins/{SignIn.objects.get(agent=cast.amy).pk}/end/"
    assert eve.post(path).status_code == 404
    assert inside(amy)
    assert boss_client.post(path).status_code == 302
    assert not inside(amy)
    assert boss_client.post(path).status_code == 404


def test_only_administrators_see_and_end_everybodys(cast, boss):
    amy, boss_client = enter(), enter("boss")
    assert amy.get("/settings/sign-ins/").status_code == 403
    for who in ("", "amy", "nobody", "\x00", "a" * 900):
        assert boss_client.get("/settings/sign-ins/", {"who": who}).status_code == 200
    assert amy.post("/profile/sign-ins/end/", {"agent": boss.pk}).status_code == 403
    assert boss_client.post("/profile/sign-ins/end/", {"agent": "x"}).status_code == 404
    assert boss_client.post("/profile/sign-ins/end/", {"agent": cast.amy.pk}).status_code == 302
    assert [inside(client) for client in (amy, boss_client)] == [False, True]


def test_the_list_asks_the_same_however_long_it_is(cast, boss, django_assert_max_num_queries):
    client = enter("boss")
    for _ in range(5):
        enter()
    inside(client)  # a look at the sign-in itself happens once a minute
    with django_assert_max_num_queries(8):
        assert client.get("/settings/sign-ins/").status_code == 200


def test_signing_out_and_a_new_password_forget_sign_ins(cast):
    amy, elsewhere = enter(), enter()
    new = "one two three four"
    form = {"form": "password", "old_password": PASSWORD}
    amy.post("/profile/", form | {"new_password1": new, "new_password2": new})
    assert [inside(client) for client in (amy, elsewhere)] == [True, False]
    assert SignIn.objects.get(agent=cast.amy).session_key == amy.session.session_key
    amy.post("/logout/")
    assert not SignIn.objects.filter(agent=cast.amy).exists()


def test_a_sign_in_that_cannot_be_recorded_does_not_happen(cast, monkeypatch):
    def refuse(*args, **kwargs):
        raise Unrecorded

    monkeypatch.setattr(AuditRecord, "record", refuse)
    client = Client()
    assert client.post("/login/", {"username": "amy", "password": PASSWORD}).status_code == 503
    monkeypatch.undo()
    assert not inside(client)


# --- ends ----------------------------------------------------------------------------------


def back(client, **when):
    found = SignIn.objects.filter(session_key=client.session.session_key)
    found.update(**{name: timezone.now() - ago for name, ago in when.items()})


def test_a_sign_in_ends_after_its_hours_however_busy(cast, boss):
    rules(boss, session_hours=2)
    amy = enter()
    expires = Session.objects.get(session_key=amy.session.session_key).expire_date
    assert abs(expires - timezone.now() - timedelta(hours=2)) < timedelta(minutes=1)
    amy.post("/profile/", {"form": "preferences", "language": "en", "time_zone": ""})
    assert Session.objects.get(session_key=amy.session.session_key).expire_date == expires
    back(amy, started_at=timedelta(hours=2, minutes=1))
    assert session_commands.end_what_rules_end() == 1
    assert not inside(amy)


def test_a_sign_in_nobody_uses_ends(cast, boss):
    rules(boss, idle_minutes=30)
    amy, eve = enter(), enter("eve")
    for client in (amy, eve):
        back(client, used_at=timedelta(minutes=31))
    now = timezone.now()
    Attendance.objects.create(agent=cast.eve, last_seen_at=now, active_at=now)
    assert session_commands.end_what_rules_end() == 1
    assert not inside(amy)
    assert inside(eve)  # she uses another tab
    record = AuditRecord.objects.get(verb="agent.sign_ins_over")
    assert record.detail == {"agents": [cast.amy.pk]}


def test_it_ends_at_the_next_request_even_if_nothing_runs_in_the_background(cast, boss):
    rules(boss, idle_minutes=30)
    amy = enter()
    assert inside(amy)
    back(amy, used_at=timedelta(minutes=31))
    sessions._looked.clear()  # a minute later
    assert not inside(amy)


def test_idle_minutes_of_zero_never_end(cast, boss):
    rules(boss, idle_minutes=0)
    amy = enter()
    back(amy, used_at=timedelta(hours=11))
    assert session_commands.end_what_rules_end() == 0
    assert inside(amy)


def test_what_ended_in_another_way_leaves_the_list(cast):
    amy = enter()
    Session.objects.all().delete()
    assert session_commands.end_what_rules_end() == 0
    assert not SignIn.objects.exists()
    assert not inside(amy)


def test_using_a_page_is_noted_once_a_minute(cast):
    amy = enter()
    inside(amy)
    before = SignIn.objects.get().seen_at
    inside(amy)
    assert SignIn.objects.get().seen_at == before
    sessions._looked.clear()
    inside(amy)
    assert SignIn.objects.get().seen_at > before


# --- where from ----------------------------------------------------------------------------


def test_only_from_allowed_networks(cast, boss):
    outside, boss_client = enter(REMOTE_ADDR="198.51.100.7"), enter("boss")
    rules(boss, addresses=("127.0.0.0/8", "2001:db8::/32"))
    assert not inside(outside)  # another address than before, or a minute later
    assert inside(boss_client)
    form = {"username": "amy", "password": PASSWORD}
    assert Client(REMOTE_ADDR="198.51.100.7").post("/login/", form).status_code == 403
    for inside_network in ("127.0.0.1", "2001:db8::1"):
        assert Client(REMOTE_ADDR=inside_network).post("/login/", form).status_code == 302


def test_sign_ins_from_elsewhere_end_when_networks_are_set(cast, boss):
    enter(REMOTE_ADDR="198.51.100.7")
    rules(boss, addresses=("127.0.0.0/8",))
    assert session_commands.end_what_rules_end() == 1
    assert not SignIn.objects.filter(agent=cast.amy).exists()


# --- the page ------------------------------------------------------------------------------

FORM = {
    "password_length": "14",
    "second_factor": "nobody",
    "session_hours": "8",
    "idle_minutes": "60",
    "addresses": "127.0.0.1\n10.1.2.3/8",
    "version": "0",
}


def test_an_administrator_sets_the_rules(cast, boss):
    client = enter("boss")
    assert client.post("/settings/security/", FORM).status_code == 302
    found = current(Security)
    assert (found.password_length, found.addresses) == (14, ("127.0.0.1/32", "10.0.0.0/8"))
    assert AuditRecord.objects.get(verb="policy.change").detail["policy"] == "security"
    assert "Bea Boss" in client.get("/settings/security/").content.decode()
    assert client.post("/settings/security/", FORM).status_code == 409  # an older version
    new = "only thirteen"
    form = {"form": "password", "old_password": PASSWORD}
    weak = client.post("/profile/", form | {"new_password1": new, "new_password2": new})
    assert "at least 14 characters" in weak.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"password_length": "11"},
        {"password_length": "x"},
        {"second_factor": "some"},
        {"second_factor": "everybody"},  # has none oneself
        {"second_factor": "duties"},
        {"session_hours": "0"},
        {"session_hours": "99999999999999999999"},
        {"idle_minutes": "3"},
        {"idle_minutes": "-1"},
        {"addresses": "10.0.0.0/8"},  # would lock oneself out
        {"addresses": "nonsense"},
        {"addresses": "1.2.3.4/99"},
        {"addresses": "<b>\x00"},
        {"addresses": "127.0.0.1 " + " ".join(f"10.0.0.{n}" for n in range(120))},
        {"version": ""},
    ],
)
def test_rules_that_make_no_sense_are_refused(cast, boss, wrong):
    client = enter("boss")
    assert client.post("/settings/security/", FORM | wrong).status_code == 422
    assert stored(Security).version == 0


def test_others_may_not_even_look(cast, signed_in):
    for path in ("/settings/security/", "/settings/audit/"):
        assert signed_in("amy").get(path).status_code == 403
        assert signed_in("amy").post(path, FORM).status_code == 403


def test_a_lock_out_is_told_to_administrators(cast, boss, settings):
    settings.LIMITS = settings.LIMITS | {"sign-in failures per account": (2, 900)}
    for _ in range(2):
        Client().post("/login/", {"username": "amy", "password": "wrong"})
    told = Client().post("/login/", {"username": "amy", "password": PASSWORD})
    assert "in 8 minutes" in told.content.decode()
    page = enter("boss").get("/settings/security/").content.decode()
    assert "<code>amy</code>" in page
    assert AuditRecord.objects.filter(verb="agent.locked_out").count() == 1


def test_open_screens_renew_when_they_were_last_seen(cast):
    amy = enter()
    back(amy, seen_at=timedelta(hours=1))
    sessions.seen([amy.session.session_key])
    assert SignIn.objects.get().seen_at > timezone.now() - timedelta(minutes=1)


def test_an_agent_is_read_with_their_session(cast, django_assert_num_queries):
    amy = enter()
    key = amy.session.session_key
    with django_assert_num_queries(1):
        store = SessionStore(key)
        assert agent_of(store) == cast.amy
    assert not store.modified
    SignIn.objects.all()._raw_delete("default")
    with django_assert_num_queries(2):  # a session of before sign-ins were kept
        assert agent_of(SessionStore(key)) == cast.amy


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another's"}])
def test_whoever_may_not_enter_any_more_is_out_at_once(cast, change):
    amy = enter()
    assert inside(amy)
    Agent.objects.filter(pk=cast.amy.pk).update(**change)
    assert agent_of(SessionStore(amy.session.session_key)) is None
    assert not inside(amy)


def test_a_session_is_for_the_agent_it_names(cast):
    amy = enter()
    SignIn.objects.update(agent=cast.ben)  # however that came about
    assert agent_of(SessionStore(amy.session.session_key)) == cast.amy


def test_no_session_is_nobody(cast):
    store = SessionStore("x" * 32)
    assert (agent_of(store), store.session_key) == (None, None)
    assert agent_of(SessionStore()) is None


@pytest.mark.parametrize("value", ['"aaaaaaaa\\000aaaa"', '"aaaaaaaa\\377"', "a" * 300])
def test_a_cookie_that_can_be_no_session_is_nobody(db, value):
    answer = Client().get("/workspace/", headers={"cookie": f"sessionid={value}"})
    assert answer.status_code == 302
    assert answer.url.startswith("/login/")
