"""Sockets tell that something of a customer changed, and never what; texts come masked."""

import json
import uuid
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from conversations.customers import commands as customers
from conversations.reveals import commands as reveals
from conversations.reveals.models import Reveal
from conversations.threads import commands
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.policies.models import Policy
from tests.collaboration.test_sockets import cast, in_database, sockets, thread  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "13812345678"


def prepare(cast):  # noqa: F811
    give([Act.CHANGE_CUSTOMER, Act.VIEW_SENSITIVE], cast.amy, cast.inbox)
    cast.amy.authz_version += 1
    cast.amy.save()
    customers.change_value(agent=cast.amy, customer=cast.lin.pk, key="phone", text=PHONE, version=0)


async def test_a_change_and_the_end_of_a_reveal_are_told(cast, thread, sockets):  # noqa: F811
    await in_database(prepare, cast)
    amy, ben = await sockets("amy"), await sockets("ben")
    for screen in (amy, ben):
        await screen.tell(type="watch", conversation=str(thread.pk), after=1)
        await screen.frame("head", conversation=str(thread.pk))
    lin = str(cast.lin.pk)
    made = await in_database(
        lambda: reveals.reveal(agent=cast.amy, customer=cast.lin.pk, fields=["phone"])
    )
    assert PHONE not in json.dumps(await amy.frame("customer", customer=lin))
    await in_database(lambda: reveals.revoke(agent=cast.amy, reveal=made.pk))
    assert PHONE not in json.dumps(await amy.frame("customer", customer=lin))
    await in_database(
        lambda: customers.change_value(
            agent=cast.amy, customer=cast.lin.pk, key="company", text="Shop", version=0
        )
    )
    told = await ben.frame("customer", customer=lin)
    assert told == {"type": "customer", "customer": lin, "texts": False}


async def test_a_screen_that_came_after_the_reveal_is_told_of_its_end(
    cast,  # noqa: F811
    thread,  # noqa: F811
    sockets,  # noqa: F811
):
    await in_database(prepare, cast)
    made = await in_database(
        lambda: reveals.reveal(agent=cast.amy, customer=cast.lin.pk, fields=["phone"])
    )
    amy = await sockets("amy")
    await in_database(lambda: reveals.revoke(agent=cast.amy, reveal=made.pk))
    await amy.frame("customer", customer=str(cast.lin.pk))


async def test_a_reveal_that_runs_out_is_told_without_anybody_doing_anything(
    cast,  # noqa: F811
    thread,  # noqa: F811
    sockets,  # noqa: F811
):
    await in_database(prepare, cast)
    amy = await sockets("amy")
    lin = str(cast.lin.pk)
    made = await in_database(
        lambda: reveals.reveal(agent=cast.amy, customer=cast.lin.pk, fields=["phone"])
    )
    await amy.frame("customer", customer=lin)
    await in_database(
        lambda: Reveal.objects.filter(pk=made.pk).update(expires_at=Now() + timedelta(seconds=1))
    )
    await amy.frame("customer", customer=lin)


async def test_each_screen_gets_texts_as_its_agent_may_read_them(
    cast,  # noqa: F811
    thread,  # noqa: F811
    sockets,  # noqa: F811
):
    await in_database(prepare, cast)
    await in_database(
        lambda: Policy.objects.create(
            name="customer-privacy", value={"mask_texts": True}, version=1
        )
    )
    amy, ben = await sockets("amy"), await sockets("ben")
    for screen in (amy, ben):
        await screen.tell(type="watch", conversation=str(thread.pk), after=1)
        await screen.frame("head", conversation=str(thread.pk))
    await in_database(
        lambda: commands.post_note(
            agent=cast.amy,
            conversation=thread.pk,
            body=f"she said {PHONE}",
            client_id=uuid.uuid4(),
        )
    )
    clear = json.dumps(await amy.frame("entry"))
    masked = json.dumps(await ben.frame("entry"))
    assert PHONE in clear
    assert PHONE not in masked
    assert "138****5678" in masked
