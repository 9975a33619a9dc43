"""Transactions with fewer waits are transactions like any other."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from helpdesk.core import rows
from helpdesk.core.limits import bucket, exhausted, spend_with
from helpdesk.core.models import Allowance
from helpdesk.core.refusals import TooMany
from permissions.audit.models import AuditRecord

pytestmark = pytest.mark.django_db(transaction=True)


def record(verb):
    return AuditRecord(verb=verb, actor_kind="system")


def verbs():
    return set(AuditRecord.objects.values_list("verb", flat=True))


def test_what_is_left_for_the_end_is_stored_with_the_commit():
    changes, one, order = rows.Changes(), record("test.late"), []
    with transaction.atomic():
        rows.insert(record("test.early"))
        changes.insert(one)
        changes.store_at_the_end()
        transaction.on_commit(lambda: order.append(one.pk))
        assert verbs() == {"test.early"}
    assert verbs() == {"test.early", "test.late"}
    assert order == [AuditRecord.objects.get(verb="test.late").pk]  # it has its key by then


def test_it_may_be_all_there_is():
    changes = rows.Changes()
    with transaction.atomic():
        changes.insert(record("test.only"))
        changes.store_at_the_end()
    assert verbs() == {"test.only"}


def test_when_it_fails_nothing_is_stored_and_nothing_follows():
    first, again, followed = record("test.first"), record("test.again"), []
    rows.insert(first)
    again.pk = first.pk

    @transaction.atomic
    def fail():
        changes = rows.Changes()
        rows.insert(record("test.undone"))
        changes.insert(again)
        changes.store_at_the_end()
        transaction.on_commit(lambda: followed.append(1))

    with pytest.raises(IntegrityError):
        fail()
    assert (verbs(), followed) == ({"test.first"}, [])
    rows.insert(record("test.next"))  # by itself, not in a transaction that was left open
    connection.close()
    assert verbs() == {"test.first", "test.next"}


def test_a_transaction_that_asked_nothing_leaves_none_open():
    with transaction.atomic():
        pass
    rows.insert(record("test.one"))
    with transaction.atomic():
        transaction.set_rollback(True)
    rows.insert(record("test.two"))
    connection.close()
    assert verbs() == {"test.one", "test.two"}


def test_a_transaction_that_lost_its_connection_leaves_none_open():
    with transaction.atomic():
        connection.close()
    rows.insert(record("test.after"))
    connection.close()
    assert verbs() == {"test.after"}


def test_its_first_statements_can_be_sent_together_and_are_rolled_back():
    with transaction.atomic():
        with rows.at_once():
            asked = [rows.prepared("SELECT now()::text, txid_current()", []) for _ in range(2)]
        one, other = (cursor.fetchone() for cursor in asked)
        assert one == other  # one transaction
        rows.insert(record("test.undone"))
        transaction.set_rollback(True)
    assert verbs() == set()


def test_an_empty_bucket_refuses_and_stays_as_it_is(settings):
    settings.LIMITS = {"test": (2, 600)}
    mine = bucket("test", "amy")
    for _ in range(2):
        changes = rows.Changes()
        spend_with(changes, mine)
        changes.store()
    with pytest.raises(TooMany) as refused:
        spend_with(rows.Changes(), mine)
    assert 290 < refused.value.retry_after <= 300
    assert 290 < exhausted("test", "amy") <= 300
    Allowance.objects.update(left=F("left") + 1)
    assert exhausted("test", "amy") == 0
