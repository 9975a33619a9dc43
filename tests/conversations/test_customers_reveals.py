"""Reading sensitive values: by right or with a colleague's yes, for minutes, on every screen."""

import json
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.customers import commands as customers
from conversations.customers import queries
from conversations.customers.models import Customer
from conversations.customers.rules import Privacy
from conversations.reveals import commands
from conversations.reveals.models import Reveal
from conversations.reveals.queries import OPERATION, TEXTS
from helpdesk.core.refusals import Invalid, NotAllowed, NotFound, Refusal
from permissions.accounts.models import Agent
from permissions.acts.checks import give, take
from permissions.acts.vocabulary import Act
from permissions.approvals.commands import approve, reject
from permissions.approvals.models import Approval
from permissions.audit.models import AuditRecord
from permissions.policies.models import Policy
from permissions.roles.presets import install_roles
from tests.conftest import act

PHONE = "13812345678"


def grant(agent, inbox, *acts):
    give(acts, agent, inbox)
    renew(agent)


def renew(agent):
    agent.authz_version += 1
    agent.save(update_fields=["authz_version"])


@pytest.fixture
def known(cast, thread):
    """Lin's phone is known; amy may change it, ben may approve, neither may see it."""
    grant(cast.amy, cast.inbox, Act.CHANGE_CUSTOMER)
    grant(cast.ben, cast.inbox, Act.APPROVE)
    customers.change_value(agent=cast.amy, customer=cast.lin.pk, key="phone", text=PHONE, version=0)
    return cast


def phone(cast, who="amy"):
    agent = Agent.objects.get(username=who)
    customer = Customer.objects.get(pk=cast.lin.pk)
    return queries.shown_field(customer, "phone", queries.insight(agent, customer)).text


def reveal_url(cast):
    return f"/workspace/customers/{cast.lin.pk}/reveal/"


def mask_texts(on=True):
    Policy.objects.update_or_create(
        name="customer-privacy", defaults={"value": {"mask_texts": on, "reveal_minutes": 5}}
    )


def test_with_the_right_it_is_shown_for_minutes_and_kept_in_the_audit(known):
    grant(known.amy, known.inbox, Act.VIEW_SENSITIVE)
    assert phone(known) == "138****5678"
    made = commands.reveal(
        agent=known.amy, customer=known.lin.pk, fields=["phone"], reason="refund"
    )
    assert made.expires_at - made.begun_at == timedelta(minutes=Privacy().reveal_minutes)
    assert phone(known) == PHONE
    assert phone(known, "ben") == "138****5678"
    record = AuditRecord.objects.filter(verb=OPERATION).get()
    assert record.detail["reason"] == "refund"
    assert PHONE not in json.dumps(record.detail)
    lines = queries.history(known.lin, queries.insight(known.amy, known.lin))
    assert (lines[0].what, lines[0].reason, lines[0].who) == ("revealed", "refund", "Amy Ito")


@pytest.mark.parametrize("end", ["time", "revoked", "right"])
def test_it_ends_by_time_by_hand_and_with_the_right(known, end):
    grant(known.amy, known.inbox, Act.VIEW_SENSITIVE)
    made = commands.reveal(agent=known.amy, customer=known.lin.pk, fields=["phone"])
    assert phone(known) == PHONE
    if end == "time":
        begun = timezone.now() - timedelta(hours=1)
        Reveal.objects.update(begun_at=begun, expires_at=begun + timedelta(minutes=5))
    elif end == "revoked":
        commands.revoke(agent=known.amy, reveal=made.pk)
        commands.revoke(agent=known.amy, reveal=made.pk)  # twice is once
        assert AuditRecord.objects.filter(verb="customer.revoke_reveal").count() == 1
    else:
        take([Act.VIEW_SENSITIVE], known.amy, known.inbox)
        renew(known.amy)
    assert phone(known) == "138****5678"


def test_without_the_right_it_is_asked_for_and_somebody_else_says_yes(known, signed_in):
    client = signed_in("amy")
    with pytest.raises(NotAllowed):
        commands.reveal(agent=known.amy, customer=known.lin.pk, fields=["phone"])
    assert client.send(reveal_url(known), {"fields": ["phone"]}).status_code == 422
    asked = client.send(reveal_url(known), {"fields": ["phone"], "reason": "a refund"})
    assert asked.status_code == 202, asked.content
    approval = Approval.objects.get(pk=asked.json()["approval"])
    assert PHONE not in json.dumps(approval.proposal)
    with pytest.raises(Refusal):
        approve(agent=known.amy, approval=approval.pk)
    assert phone(known) == "138****5678"
    approve(agent=known.ben, approval=approval.pk)
    assert phone(known) == PHONE
    made = Reveal.objects.get()
    assert (made.agent, made.approved_by, made.reason) == (known.amy, known.ben, "a refund")
    take([Act.REPLY], known.amy, known.inbox)
    commands.revoke(agent=known.amy, reveal=made.pk)
    assert phone(known) == "138****5678"


def test_no_is_no(known, signed_in):
    answer = signed_in("amy").send(reveal_url(known), {"fields": ["phone"], "reason": "curious"})
    reject(agent=known.ben, approval=answer.json()["approval"], answer="Not for that.")
    assert phone(known) == "138****5678"
    assert not Reveal.objects.exists()


@pytest.mark.parametrize(
    "bad", [{"fields": []}, {"fields": ["name"]}, {"fields": [7]}, {"fields": "nothing"}, {}]
)
def test_there_must_be_something_to_reveal(known, signed_in, bad):
    answer = signed_in("amy").send(reveal_url(known), bad | {"reason": "why not"})
    assert answer.status_code == 422


def test_nobody_reveals_or_revokes_what_is_not_theirs(known):
    grant(known.amy, known.inbox, Act.VIEW_SENSITIVE)
    made = commands.reveal(agent=known.amy, customer=known.lin.pk, fields=["phone"])
    with pytest.raises(NotFound):
        commands.reveal(agent=known.eve, customer=known.lin.pk, fields=["phone"])
    for stranger in (known.ben, known.eve):
        with pytest.raises(NotFound):
            commands.revoke(agent=stranger, reveal=made.pk)
    with pytest.raises(Invalid):
        commands.reveal(agent=known.amy, customer=known.lin.pk, fields=["company"])
    assert phone(known) == PHONE


# --- in messages ---------------------------------------------------------------------------


def everything_said(client, cast):
    """All that shows a text of Lin's conversation."""
    one = f"/workspace/conversations/{cast.thread.pk}/"
    addresses = [
        one,
        f"{one}entries?after=0&html=1",
        f"{one}entries?after=0",
        f"{one}parts/",
        f"{one}row/",
        f"{one}context/notes/",
        "/workspace/conversations/",
        "/workspace/notices/",
        f"/workspace/customers/{cast.lin.pk}/",
    ]
    found = {}
    for address in addresses:
        for headers in ({}, {"hx-request": "true"}, {"accept": "application/json"}):
            answer = client.get(address, headers=headers)
            assert answer.status_code in (200, 204), address
            found[address, str(headers)] = answer.content.decode()
    return found


def test_a_number_in_a_message_is_masked_wherever_it_is_shown(known, signed_in):
    known.says(f"Call {PHONE}")
    client = signed_in("amy")
    note = {"body": f"she said {PHONE}", "client_id": str(uuid.uuid4())}
    assert client.send(act(known.thread, "notes"), note).status_code == 201
    assert any(PHONE in text for text in everything_said(client, known).values())
    mask_texts()
    for where, text in everything_said(client, known).items():
        assert PHONE not in text, where
    grant(known.amy, known.inbox, Act.VIEW_SENSITIVE)
    assert PHONE in signed_in("amy").get(act(known.thread, "entries")[:-1]).content.decode()


def test_a_reveal_of_messages_shows_them_and_ends(known, signed_in):
    known.says(f"Call {PHONE}")
    mask_texts()
    asked = signed_in("amy").send(reveal_url(known), {"fields": [TEXTS], "reason": "call back"})
    approve(agent=known.ben, approval=asked.json()["approval"])
    entries = act(known.thread, "entries")[:-1]
    assert PHONE in signed_in("amy").get(entries).content.decode()
    commands.revoke(agent=known.amy, reveal=Reveal.objects.get().pk)
    assert PHONE not in signed_in("amy").get(entries).content.decode()


# --- who watches ---------------------------------------------------------------------------


def test_who_watches_access_sees_it_and_ends_it(known, signed_in):
    grant(known.amy, known.inbox, Act.VIEW_SENSITIVE)
    made = commands.reveal(
        agent=known.amy, customer=known.lin.pk, fields=["phone"], reason="refund"
    )
    known.ben.groups.add(install_roles()["supervisor"].group)
    renew(known.ben)
    page = signed_in("ben").get("/settings/access/").content.decode()
    assert "refund" in page
    assert "Amy Ito" in page
    assert PHONE not in page
    assert signed_in("ben").send(f"/workspace/reveals/{made.pk}/revoke/").status_code == 200
    assert phone(known) == "138****5678"
    assert (
        f'id="reveal-{made.pk}"' not in signed_in("ben").get("/settings/access/").content.decode()
    )
