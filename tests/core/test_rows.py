"""Rows through kept statements are the rows that Django's own would be."""

import uuid

import pytest

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
