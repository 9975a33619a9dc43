"""Rows through kept statements are the rows that Django's own would be."""

import os
import select
import socket
import uuid

import psycopg
import pytest
from django.db import OperationalError, connection

from conversations.threads.models import Conversation, Entry
from helpdesk.core import rows
from permissions.audit.models import AuditRecord

pytestmark = pytest.mark.django_db


def values(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_row_is_read_as_django_reads_it(thread):
    Conversation.objects.filter(pk=thread.pk).update(
        attributes={"a": [1, None, "ü"]}, tags=["VIP客户", "b"]
    )
    found = rows.first(Conversation, "id = %s", [thread.pk])
    assert values(found) == values(Conversation.objects.get(pk=thread.pk))
    assert found.attributes == {"a": [1, None, "ü"]}
    assert not found._state.adding


def test_no_row_is_none():
    assert rows.first(Conversation, "id = %s", [uuid.uuid4()]) is None


def test_what_is_inserted_is_what_django_reads():
    record = AuditRecord(verb="a.b", actor_kind="system", detail={"名": ["'", '"', None, 1.5]})
    rows.insert(record)
    assert values(AuditRecord.objects.get(pk=record.pk)) == values(record)


def test_only_the_named_fields_are_stored(thread):
    found = Conversation.objects.get(pk=thread.pk)
    found.preview, found.subject = "new", "not stored"
    found.attributes = {"b": 2}
    rows.update(found, "preview", "attributes")
    stored = Conversation.objects.get(pk=thread.pk)
    assert (stored.preview, stored.subject, stored.attributes) == ("new", "", {"b": 2})


def test_a_row_can_be_locked_and_says_so(thread, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = rows.first(Entry, "conversation_id = %s FOR UPDATE", [thread.pk])
    assert found.conversation_id == thread.pk


def test_several_rows_are_read_in_the_order_asked_for(thread):
    plain = list(Entry.objects.filter(conversation=thread.pk, seq__gt=0).order_by("-seq"))
    found = rows.every(Entry, "conversation_id = %s AND seq > %s ORDER BY seq DESC", [thread.pk, 0])
    assert [values(entry) for entry in found] == [values(entry) for entry in plain]


def test_changes_are_stored_in_one_statement_as_they_are_then(thread, django_assert_num_queries):
    found = Conversation.objects.get(pk=thread.pk)
    record = AuditRecord(verb="a.b", actor_kind="system", detail={"n": 1})
    taken, changes = [], rows.Changes()
    changes.insert(record)
    changes.update(found, "preview")
    changes.add("SELECT %s::text", ["more"], taken.append)
    changes.update(found, "attributes")
    found.preview, found.attributes, found.subject = "late", {"b": 2}, "not stored"
    with django_assert_num_queries(1):
        changes.store()
    changes.store()  # writes nothing
    assert values(AuditRecord.objects.get(verb="a.b")) == values(record)
    stored = Conversation.objects.get(pk=thread.pk)
    assert (stored.preview, stored.attributes, stored.subject) == ("late", {"b": 2}, "")
    assert taken == ["more"]


def test_two_copies_of_a_row_are_both_stored(thread):
    one, other = (Conversation.objects.get(pk=thread.pk) for _ in range(2))
    one.preview, other.subject = "one", "other"
    changes = rows.Changes()
    changes.update(one, "preview")
    changes.update(other, "subject")
    changes.store()
    stored = Conversation.objects.get(pk=thread.pk)
    assert (stored.preview, stored.subject) == ("one", "other")


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ended_is_noticed_without_a_question():
    connection.ensure_connection()
    assert connection.is_usable()
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    raw = connection.connection
    select.select([raw.fileno()], [], [], 5)
    assert not connection.is_usable()
    connection.close_at = None  # a serving process keeps it
    connection.close_if_unusable_or_obsolete()  # as a request begins
    assert rows.prepared("SELECT 1", []).fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_breaks_under_several_statements_is_out_of_reach():
    connection.ensure_connection()
    wire = socket.socket(fileno=os.dup(connection.connection.fileno()))

    def ask():
        with wire, rows.at_once():
            rows.prepared("SELECT 1", [])
            wire.shutdown(socket.SHUT_RDWR)

    with pytest.raises(OperationalError):
        ask()
    connection.close()
    assert rows.prepared("SELECT 1", []).fetchone() == (1,)
