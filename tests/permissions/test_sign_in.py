"""Sign-in, sign-out, passwords, language."""

import pytest
from django.test import Client

from helpdesk.core.limits import exhausted
from permissions.accounts.models import Agent
from permissions.audit.models import AuditRecord
from tests.conftest import PASSWORD


def enter(client: Client, password: str = PASSWORD, name: str = "amy", **extra):
    return client.post("/login/", {"username": name, "password": password}, **extra)


def test_name_and_password_open_the_workspace(cast, client):
    answer = enter(client)
    assert (answer.status_code, answer["Location"]) == (302, "/workspace/")
    assert AuditRecord.objects.filter(verb="agent.sign_in", actor_id=str(cast.amy.pk)).exists()


def test_a_sign_in_returns_only_to_our_own_pages(cast, client):
    answer = client.post(
        "/login/?next=https://evil.test/", {"username": "amy", "password": PASSWORD}
    )
    assert answer["Location"] == "/workspace/"


@pytest.mark.parametrize("name", ["amy", "nobody", "", "a" * 5000, "a\x00b", "' OR 1=1 --"])
def test_a_wrong_password_says_the_same_for_everybody(cast, client, name):
    answer = enter(client, "wrong", name)
    assert answer.status_code == 422
    assert not client.session.get("_auth_user_id")


def test_a_deactivated_agent_stays_outside(cast, client):
    Agent.objects.filter(pk=cast.amy.pk).update(is_active=False)
    assert enter(client).status_code == 422


def test_guessing_is_stopped_and_stays_stopped(cast, settings):
    settings.LIMITS = settings.LIMITS | {"sign-in failures per account": (3, 900)}
    for number in range(3):
        assert enter(Client(), f"wrong {number}").status_code == 422
    shut = enter(Client())
    assert shut.status_code == 429
    assert int(shut["Retry-After"]) > 60
    # Whatever a header says of where it comes from:
    assert enter(Client(), headers={"x-forwarded-for": "9.9.9.9"}).status_code == 429
    assert enter(Client(), name="ben").status_code == 302


def test_right_passwords_cost_nothing(cast, settings):
    settings.LIMITS = settings.LIMITS | {"sign-in failures per account": (1, 900)}
    for _ in range(3):
        assert enter(Client()).status_code == 302
    assert exhausted("sign-in failures per account", "amy") == 0


def test_failures_are_in_the_record(cast, client):
    enter(client, "wrong")
    record = AuditRecord.objects.get(verb="agent.sign_in_failed")
    assert (record.object_id, record.address) == (str(cast.amy.pk), "127.0.0.1")


def test_signing_out_is_a_post(cast, signed_in):
    amy = signed_in("amy")
    assert amy.get("/logout/").status_code == 405
    assert amy.post("/logout/").status_code == 302
    assert amy.get("/workspace/").status_code == 302


def change(client, new, again=None, old=PASSWORD):
    return client.post(
        "/profile/",
        {
            "form": "password",
            "old_password": old,
            "new_password1": new,
            "new_password2": again or new,
        },
    )


@pytest.mark.parametrize(
    ("new", "again", "old"),
    [
        ("short", None, PASSWORD),
        ("password1234", None, PASSWORD),
        ("one two three four", "something else", PASSWORD),
        ("one two three four", None, "wrong"),
        ("x" * 300, None, PASSWORD),
    ],
)
def test_weak_or_mistyped_passwords_are_refused(signed_in, new, again, old):
    assert change(signed_in("amy"), new, again, old).status_code == 422


def test_a_new_password_ends_the_other_sessions(cast, signed_in):
    here, elsewhere = signed_in("amy"), signed_in("amy")
    assert change(here, "one two three four").status_code == 302
    assert here.get("/workspace/").status_code == 200
    assert elsewhere.get("/workspace/").status_code == 302


def test_an_agents_own_language_goes_before_the_browsers(cast, signed_in):
    amy = signed_in("amy")
    chinese = {"accept-language": "zh-CN,zh;q=0.9"}
    assert 'lang="zh-hans"' in amy.get("/workspace/", headers=chinese).content.decode().lower()
    amy.post("/profile/", {"form": "preferences", "language": "en", "time_zone": "Asia/Shanghai"})
    assert 'lang="en"' in amy.get("/workspace/", headers=chinese).content.decode()
    amy.post("/profile/", {"form": "preferences", "language": "xx", "time_zone": "Mars/Base"})
    cast.amy.refresh_from_db()
    assert (cast.amy.language, cast.amy.time_zone) == ("en", "Asia/Shanghai")


def test_every_signed_in_page_carries_the_token_for_programs(cast, signed_in):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.amy, backend="permissions.accounts.backends.AgentBackend")
    import re

    page = client.get("/workspace/").content.decode()
    token = re.search(r'<meta name="csrf-token" content="(\w+)"', page)
    assert token
    path = "/profile/"
    form = {"form": "preferences", "language": "en", "time_zone": ""}
    assert client.post(path, form).status_code == 403
    sent = client.post(path, form, headers={"x-csrftoken": token.group(1)})
    assert sent.status_code == 302
