"""What is kept of a customer: sealed where it lies, found by its hash, masked for who may not."""

import json

import pytest
from django.db import connection
from django.utils import timezone

from conversations.customers import commands, queries, values
from conversations.customers.kinds import Kind, Sensitivity, read_value
from conversations.customers.masks import cover, mask
from conversations.customers.models import Customer, CustomerField, CustomerValue, ValueChange
from conversations.intake.importing.commands import import_dialogues
from conversations.intake.importing.dialogues import read_dialogue
from helpdesk.core import ciphers
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from permissions.roles.presets import install_roles

PHONE, EMAIL = "13812345678", "lin.secret@example.com"


@pytest.fixture
def entitled(cast, thread):
    """Amy may change customers; ben looks on, eve is outside."""
    give([Act.CHANGE_CUSTOMER], cast.amy, cast.inbox)
    cast.amy.authz_version += 1
    cast.amy.save()
    return cast


def change(cast, key, text, version=0, who="amy"):
    return commands.change_value(
        agent=getattr(cast, who), customer=cast.lin.pk, key=key, text=text, version=version
    )


def shown(cast, key, who="amy"):
    agent = getattr(cast, who)
    customer = Customer.objects.get(pk=cast.lin.pk)
    return queries.shown_field(customer, key, queries.insight(agent, customer))


def test_no_table_holds_a_value_as_it_is_read(entitled):
    for key, text in (("phone", PHONE), ("email", EMAIL), ("notes", "prefers mornings")):
        change(entitled, key, text)
    change(entitled, "phone", "13900001111", version=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} t")
            stored = "\n".join(row for (row,) in cursor.fetchall())
            for text in (PHONE, EMAIL, "prefers mornings", "13900001111"):
                assert text not in stored, table
                assert text.encode().hex() not in stored, table


def test_a_value_is_found_however_it_is_spelt_and_by_nothing_less(entitled):
    change(entitled, "phone", "+86 138-1234-5678")
    change(entitled, "email", "Lin.Secret@Example.com")
    assert list(values.find("phone", PHONE)) == [entitled.lin.pk]
    assert list(values.find("email", EMAIL)) == [entitled.lin.pk]
    assert list(values.find("phone", PHONE[:-1])) == []
    assert list(values.find("email", PHONE)) == []
    assert queries.with_value(entitled.ben, "phone", PHONE) == [entitled.lin]
    assert queries.with_value(entitled.eve, "phone", PHONE) == []


def test_a_value_copied_into_another_row_is_not_opened(entitled):
    change(entitled, "phone", PHONE)
    row = CustomerValue.objects.get(field__key="phone")
    row.field = CustomerField.objects.get(key="company")
    with pytest.raises(ciphers.Unreadable):
        assert row.text


def test_a_new_key_is_put_in_front_and_the_old_one_still_opens(entitled, settings):
    change(entitled, "phone", PHONE)
    settings.DATA_KEYS = ["a new key that is long enough", *settings.DATA_KEYS]
    row = CustomerValue.objects.get(field__key="phone")
    assert row.text == PHONE
    assert not ciphers.is_current(row.sealed)
    assert list(values.find("phone", PHONE)) == [entitled.lin.pk]
    for kind in (CustomerValue, ValueChange):
        assert values.renew(kind, 0, 100)
    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    row.refresh_from_db()
    assert row.text == PHONE
    assert list(values.find("phone", PHONE)) == [entitled.lin.pk]
    assert ValueChange.objects.get(field__key="phone").text == PHONE


@pytest.mark.parametrize(
    ("kind", "text", "masked"),
    [
        (Kind.PHONE, PHONE, "138****5678"),
        (Kind.PHONE, "+86 138 1234 5678", "138****5678"),
        (Kind.PHONE, "12345", "****"),
        (Kind.EMAIL, "lin@example.com", "l***@example.com"),
        (Kind.IDENTITY, "110101199003071234", "11**************34"),
        (Kind.ADDRESS, "北京市朝阳区建国路八十八号", "北京****"),
        (Kind.NUMBER, "42", "****"),
        (Kind.TEXT, "ab", "****"),
        (Kind.TEXT, "", ""),
    ],
)
def test_masks(kind, text, masked):
    assert mask(kind, text) == masked


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("打给 13812345678 吧", "打给 138****5678 吧"),
        ("我的号码是13812345678。", "我的号码是138****5678。"),
        ("mail lin@example.com, please", "mail l***@example.com, please"),
        ("card 4111 1111 1111 1111 ok", "card **** 1111 ok"),
        ("id 110101199003071234", "id 11**************34"),
        ("call +1 202-555-0143", "call 120****0143"),
        ("order 20260101123456 of 3", "order 20260101123456 of 3"),
        ("version 1.2.3, 45 pieces, 2026-01-05", "version 1.2.3, 45 pieces, 2026-01-05"),
        ("nothing here", "nothing here"),
    ],
)
def test_what_is_covered_in_a_text(text, covered):
    assert cover(text) == covered


def test_who_sees_what(entitled):
    change(entitled, "phone", PHONE)
    change(entitled, "company", "Secret Works Ltd")
    assert (shown(entitled, "phone").text, shown(entitled, "phone").hidden) == ("138****5678", True)
    assert shown(entitled, "company").text == "Secret Works Ltd"
    assert shown(entitled, "company", "ben").text == "****"
    assert shown(entitled, "name", "ben").text == "Lin"


def test_who_may_change(entitled):
    with pytest.raises(NotAllowed):
        change(entitled, "phone", PHONE, who="ben")
    with pytest.raises(NotFound):
        change(entitled, "phone", PHONE, who="eve")
    with pytest.raises(NotFound):
        change(entitled, "nonsense", "x")


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("email", "nobody"),
        ("phone", "call me"),
        ("language", "<b>"),
        ("company", "x" * 300),
        ("notes", 7),
        ("name", "n" * 130),
        ("phone", None),
    ],
)
def test_what_does_not_fit_is_refused(entitled, key, bad):
    with pytest.raises(Invalid):
        change(entitled, key, bad)
    assert not CustomerValue.objects.exists()


def test_two_fields_at_once_both_win_and_one_field_shows_the_difference(entitled):
    give([Act.CHANGE_CUSTOMER], entitled.ben, entitled.inbox)
    entitled.ben.authz_version += 1
    entitled.ben.save()
    change(entitled, "company", "Amy's")
    change(entitled, "notes", "Ben's", who="ben")
    with pytest.raises(Conflict) as told:
        change(entitled, "company", "Ben's", who="ben")
    assert told.value.facts["value"] == "Amy's"
    assert told.value.facts["version"] == 1
    assert "Amy Ito" in str(told.value.sentence)
    change(entitled, "company", "Ben's", version=1, who="ben")
    assert shown(entitled, "company").text == "Ben's"
    assert shown(entitled, "notes").text == "Ben's"


def test_a_conflict_about_a_sensitive_field_is_masked(entitled):
    change(entitled, "phone", PHONE)
    with pytest.raises(Conflict) as told:
        change(entitled, "phone", "13900001111")
    assert told.value.facts["value"] == "138****5678"


def test_the_audit_holds_hashes_and_the_history_can_be_taken_back(entitled):
    change(entitled, "phone", PHONE)
    change(entitled, "phone", "13900001111", version=1)
    record = AuditRecord.objects.filter(verb="customer.change").latest("pk")
    assert PHONE not in str(record.detail)
    assert record.detail["before"] == values.hash_of(values.field_of("phone"), PHONE).hex()[:32]
    commands.undo_change(agent=entitled.amy, customer=entitled.lin.pk, key="phone", version=2)
    assert CustomerValue.objects.get(field__key="phone").text == PHONE
    with pytest.raises(Conflict):
        commands.undo_change(agent=entitled.amy, customer=entitled.lin.pk, key="phone", version=2)
    lines = queries.history(entitled.lin, queries.insight(entitled.amy, entitled.lin), "phone")
    assert [(line.what, line.after) for line in lines] == [
        ("undone", "138****5678"),
        ("changed", "139****1111"),
        ("changed", "138****5678"),
    ]


def test_saying_the_same_again_changes_nothing(entitled):
    change(entitled, "company", "One")
    change(entitled, "company", "One", version=0)
    assert ValueChange.objects.filter(field__key="company").count() == 1


def test_a_name_is_on_the_customer_and_the_chat_does_not_learn_what_colleagues_write(entitled):
    change(entitled, "name", "Lin the Difficult")
    change(entitled, "email", EMAIL)
    customer = Customer.objects.get(pk=entitled.lin.pk)
    assert customer.name == "Lin the Difficult"
    assert values.own_contact(customer) == {"name": "", "email": ""}
    change(entitled, "name", "Lin", version=1)
    lines = queries.history(customer, queries.insight(entitled.amy, customer), "name")
    assert [line.before for line in lines] == ["Lin the Difficult", "Lin", ""]


def test_an_import_and_a_page_tell_fields_and_the_rest_stays(entitled):
    line = {
        "id": "1",
        "started_at": "2026-01-05T09:00:00Z",
        "customer": {
            "name": "Bo",
            "email": EMAIL,
            "attributes": {"external_id": "b", "phone": PHONE, "plan": "gold", "address": "x"},
        },
        "messages": [{"from": "customer", "text": "hi"}],
    }
    dialogue = read_dialogue(1, json.dumps(line).encode(), moment=timezone.now())
    import_dialogues(inbox=entitled.inbox, dialogues=[dialogue], source="past.jsonl")
    bo = Customer.objects.get(name="Bo")
    assert set(values.find("phone", PHONE)) == {bo.pk}
    assert EMAIL not in str(bo.attributes)
    assert PHONE not in str(bo.attributes)
    assert bo.attributes["plan"] == "gold"
    import_dialogues(inbox=entitled.inbox, dialogues=[dialogue], source="past.jsonl")
    assert CustomerValue.objects.filter(customer=bo).count() == 3


# --- the fields themselves -----------------------------------------------------------------


@pytest.fixture
def admin(cast, signed_in):
    cast.amy.groups.add(install_roles()["admin"].group)
    give([Act.CHANGE_CUSTOMER], cast.amy, cast.inbox)
    Agent.objects.filter(pk=cast.amy.pk).update(authz_version=9)
    cast.amy.refresh_from_db()
    return cast.amy


def test_an_administrator_defines_a_field(cast, thread, admin, signed_in):
    client = signed_in("amy")
    form = {"label_en": "Plan", "label_zh": "套餐", "kind": "choice", "sensitivity": "sensitive"}
    assert client.post("/settings/customer-fields/new/", form).status_code == 422
    form["choices"] = "gold\nsilver\n\ngold"
    assert client.post("/settings/customer-fields/new/", form).status_code == 302
    field = CustomerField.objects.get(label_en="Plan")
    assert field.choices == ["gold", "silver"]
    with pytest.raises(Invalid):
        change(cast, field.key, "bronze")
    change(cast, field.key, "gold")
    assert shown(cast, field.key).text == "****"
    one = f"/settings/customer-fields/{field.pk}/"
    changed = form | {"sensitivity": "basic", "version": field.version}
    assert client.post(one, changed).status_code == 302
    assert client.post(one, changed | {"label_en": "Late"}).status_code == 422
    assert shown(cast, field.key).text == "gold"
    assert client.post(f"{one}archive/").status_code == 302
    with pytest.raises(NotFound):
        change(cast, field.key, "silver", version=1)
    assert client.post(f"{one}archive/", {"archived": "0"}).status_code == 302
    assert shown(cast, field.key).text == "gold"


def test_built_in_fields_stay(cast, admin):
    fields = {field.key: field for field in values.all_fields()}
    with pytest.raises(Invalid):
        commands.archive_field(agent=admin, field=fields["email"].pk, archived=True)
    with pytest.raises(Invalid):
        commands.change_field(
            agent=admin,
            field=fields["name"].pk,
            version=1,
            label_en="",
            label_zh="",
            sensitivity=Sensitivity.SENSITIVE,
        )
    commands.move_field(agent=admin, field=fields["email"].pk, up=True)
    assert [field.key for field in values.fields()][:2] == ["email", "name"]


def test_two_administrators_do_not_overwrite_each_other(cast, admin, signed_in):
    client = signed_in("amy")
    page = {"mask_texts": "on", "reveal_minutes": "7", "version": "0"}
    assert client.post("/settings/customer-fields/", page).status_code == 302
    assert (
        client.post("/settings/customer-fields/", page | {"reveal_minutes": 9}).status_code == 422
    )


def test_every_kind_reads_its_own():
    assert read_value("number", "1,000.50", []) == "1000.50"
    assert read_value("date", "2026-01-31", []) == "2026-01-31"
    for kind, bad in (("number", "many"), ("number", "nan"), ("date", "31.1."), ("choice", "x")):
        with pytest.raises(Invalid):
            read_value(kind, bad, ["a"])
