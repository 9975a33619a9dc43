"""Secrets of a customer, fetched by everybody from everywhere: found nowhere they don't belong."""

import json
import re
import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from conversations.customers import commands as customers
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.policies.models import Policy
from permissions.roles.presets import install_roles
from tests.conftest import Browser, act

ROLES = ("admin", "supervisor", "senior", "agent", "trainee", "auditor")
SECRETS = {
    "phone": "13898760001",
    "email": "canary-mail-0002@secret.example",
    "address": "Canary Street 0003, hidden flat",
    "identity": "110101199003070004",
}
NOTE, NOTED_PHONE = "canary-note-0005", "13898760006"
EVERY_HEADER = ({}, {"hx-request": "true"}, {"accept": "application/json"})


def addresses(resolver: URLResolver, prefix: str = ""):
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern).strip("^$")
        if isinstance(pattern, URLPattern):
            yield path
        else:
            yield from addresses(pattern, path)


def filled(address: str, cast) -> str:
    """The address with Lin's ids in it."""
    path = "/" + re.sub(r"\(\?P<key>[^)]*\)|<slug:key>", "phone", address).replace("/?", "")
    path = path.replace("chat/phone", "chat/shop")
    pk = cast.lin.pk if "customers/" in address else cast.session.conversation_id
    path = re.sub(r"\(\?P<pk>[^)]*\)|<uuid:pk>", str(pk), path)
    path = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), path)
    return re.sub(r"<int:\w+>", "1", re.sub(r"<str:\w+>|<path:\w+>|\(\?P<\w+>[^)]*\)", "x", path))


@pytest.fixture
def secrets(cast, thread, signed_in):
    """Lin's secrets in every sensitive field, in a message and in a note."""
    give([Act.CHANGE_CUSTOMER], cast.amy, cast.inbox)
    Agent.objects.filter(pk=cast.amy.pk).update(authz_version=7)
    cast.amy.refresh_from_db()
    for key, text in SECRETS.items():
        customers.change_value(agent=cast.amy, customer=cast.lin.pk, key=key, text=text, version=0)
    cast.says(f"Reach me at {SECRETS['phone']}")
    note = {"body": f"{NOTE} {NOTED_PHONE}", "client_id": str(uuid.uuid4())}
    assert signed_in("amy").send(act(cast.thread, "notes"), note).status_code == 201
    Policy.objects.create(
        name="customer-privacy", value={"mask_texts": True, "reveal_minutes": 5}, version=1
    )
    return cast


def everything(client: Browser, cast):
    for address in addresses(get_resolver()):
        if address.startswith(("logout", "jsi18n")):
            continue
        for headers in EVERY_HEADER:
            path = filled(address, cast)
            answer = client.get(path, headers=headers)
            assert answer.status_code < 500, path
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            yield path, body.decode(errors="replace") + json.dumps(dict(answer.headers))


@pytest.mark.parametrize("role", ROLES)
def test_no_role_reads_a_sensitive_value_without_revealing_it(secrets, signed_in, role):
    """Those with the right to see sensitive details read message texts; fields stay masked."""
    group = install_roles()[role].group
    secrets.ben.groups.set([group])
    Agent.objects.filter(pk=secrets.ben.pk).update(authz_version=8)
    hidden = [text for key, text in SECRETS.items() if key != "phone"]
    seen = 0
    for path, text in everything(signed_in("ben"), secrets):
        seen += "****" in text
        for secret in hidden:
            assert secret not in text, path
        if "/customers/" in path or role not in ("admin", "supervisor", "senior"):
            assert SECRETS["phone"] not in text, path
    assert seen  # it did come by where they would have been


def test_a_stranger_and_another_team_read_nothing_at_all(secrets, signed_in):
    for client in (signed_in("eve"), Browser()):
        for path, text in everything(client, secrets):
            for secret in (*SECRETS.values(), NOTE, NOTED_PHONE):
                assert secret not in text, path


def test_the_customer_reads_what_they_wrote_and_nothing_of_ours(secrets):
    client = Browser(headers={"authorization": f"Bearer {secrets.token}"})
    for path, text in everything(client, secrets):
        for secret in (
            SECRETS["email"],
            SECRETS["address"],
            SECRETS["identity"],
            NOTE,
            NOTED_PHONE,
        ):
            assert secret not in text, path
