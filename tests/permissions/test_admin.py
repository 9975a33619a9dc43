"""The auditors' site: they see everything there, change nothing, and nobody else finds it."""

import csv
import io
import json
import uuid

import pytest
from django.urls import reverse

from helpdesk.core.admin_site import site
from permissions.accounts.commands import invite_agent
from permissions.acts.command import command
from permissions.audit import admin, sealing
from permissions.audit.models import AuditCheck, AuditRecord
from permissions.audit.tasks import check_records
from permissions.roles.presets import install_roles
from tests.conftest import PASSWORD, Browser

RECORDS = "/admin/permissions/auditrecord/"


@pytest.fixture
def auditor(cast):
    role = install_roles()["auditor"]
    agent = invite_agent(
        actor=None, username="ada", name="Ada Audit", password=PASSWORD, roles=[role]
    )
    client = Browser()
    client.force_login(agent, backend="permissions.accounts.backends.AgentBackend")
    client.agent = agent
    return client


def lists():
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in site._registry
    ]


def records(page):
    return {record.pk for record in page.context["cl"].result_list}


def test_auditors_read_every_list_and_every_row(auditor, cast, thread):
    sealing.seal_next()
    AuditCheck.objects.create()
    assert auditor.get("/admin/").status_code == 200
    for path in lists():
        page = auditor.get(path)
        assert page.status_code == 200, path
        for row in page.context["cl"].result_list[:3]:
            assert auditor.get(f"{path}{row.pk}/change/").status_code == 200, path


def test_nothing_can_be_added_changed_or_deleted(auditor, cast, thread):
    before = cast.thread.status
    for model in site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert auditor.get(f"{path}add/").status_code == 404
        page = auditor.get(path)
        assert "addlink" not in page.content.decode()
        assert auditor.post(path, {"action": "delete_selected"}).status_code in (200, 403)
        for row in page.context["cl"].result_list[:1]:
            assert auditor.post(f"{path}{row.pk}/change/", {"status": "x"}).status_code == 403
            assert auditor.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 404
    assert cast.thread.status == before


def test_no_page_has_inline_scripts_or_styles(auditor, cast, thread):
    for path in ("/admin/", RECORDS, f"{RECORDS}{AuditRecord.objects.first().pk}/change/"):
        page = auditor.get(path)
        text = page.content.decode()
        assert "<style" not in text
        assert " style=" not in text
        assert "<script>" not in text
        assert "unsafe" not in page["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("word", "verb"),
    [
        ("Amy Ito", None),
        ("amy", "conversation.resolve"),
        ("conversation.resolve", "conversation.resolve"),
        ("THREAD", "conversation.resolve"),
        ("LIN", "conversation.resolve"),
        ("2026-02-30", None),
    ],
)
def test_searching(auditor, cast, thread, signed_in, word, verb):
    signed_in("amy").post(f"/workspace/conversations/{thread.pk}/resolve/")
    word = word.replace("THREAD", str(thread.pk)).replace("LIN", str(cast.lin.pk))
    page = auditor.get(RECORDS, {"q": word})
    found = {record.verb for record in page.context["cl"].result_list}
    assert verb in found if verb else not found


@pytest.mark.parametrize(
    "word", ["'", "%", "9" * 40, "<b>", "a" * 5000, "-1", "2026-13-45", "9999-12-31"]
)
def test_searching_for_nonsense_is_no_error(auditor, cast, word):
    assert auditor.get(RECORDS, {"q": word}).status_code == 200
    assert auditor.get(RECORDS, {"q": f"{word}\x00"}).status_code == 404


@pytest.mark.parametrize("query", ["kind=agent.", "when=24", "when=x", "kind=nothing", "p=9999"])
def test_filters(auditor, cast, query):
    page = auditor.get(f"{RECORDS}?{query}")
    assert page.status_code in (200, 302)


@pytest.mark.parametrize(
    "asked",
    [
        "permissions/agent/?password__startswith=md5",
        "permissions/agent/?username=amy",
        "permissions/approval/?proposal__icontains=1",
        "permissions/approval/?by=x",
        "conversations/conversation/?tags=x",
        "conversations/conversation/?inbox__signing_secret__regex=^a",
    ],
)
def test_only_what_is_offered_can_be_filtered_by(auditor, cast, asked):
    """Any other condition would tell of what is not shown, a letter at a time."""
    assert auditor.get(f"/admin/{asked}").status_code == 400


def test_what_is_offered_can_be_filtered_by(auditor, cast, thread):
    for model_admin in site._registry.values():
        page = auditor.get(
            reverse(f"admin:{model_admin.opts.label_lower.replace('.', '_')}_changelist")
        )
        for spec in page.context["cl"].filter_specs:
            for choice in spec.choices(page.context["cl"]):
                assert (
                    auditor.get(page.request["PATH_INFO"] + choice["query_string"]).status_code
                    == 200
                )


def test_millions_are_never_counted(auditor, cast, django_assert_max_num_queries):
    auditor.get(RECORDS)
    with django_assert_max_num_queries(8) as queries:
        auditor.get(RECORDS)
    counting = [q["sql"] for q in queries if "COUNT(" in q["sql"] and "auditrecord" in q["sql"]]
    assert counting
    assert all("LIMIT 10000" in statement for statement in counting)


def test_a_conversation_is_read_as_it_was_and_the_reading_is_recorded(auditor, cast, thread):
    cast.says("Call me: 13812345678 <script>")
    page = auditor.get(f"/admin/conversations/conversation/{thread.pk}/change/")
    text = page.content.decode()
    assert "Where is my order?" in text
    assert "&lt;script&gt;" in text
    assert "13812345678" not in text
    assert AuditRecord.objects.filter(verb="audit.read", object_id=str(thread.pk)).exists()
    for wrong in (uuid.uuid4(), "x"):
        path = f"/admin/conversations/conversation/{wrong}/change/"
        assert auditor.get(path).status_code == 404


def export(auditor, format, query=""):
    answer = auditor.post(f"{RECORDS}export/{format}/{query}")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    return b"".join(answer.streaming_content).decode()


def test_an_export_holds_what_the_list_shows_and_is_recorded(auditor, cast, monkeypatch):
    monkeypatch.setattr(admin, "CHUNK", 2)
    lines = [json.loads(line) for line in export(auditor, "jsonl", "?kind=team.").splitlines()]
    teams = AuditRecord.objects.filter(verb__startswith="team.").order_by("-id")
    assert [line["id"] for line in lines] == [record.pk for record in teams]
    record = AuditRecord.objects.get(verb="audit.export")
    assert record.detail == {"what": "audit jsonl", "filters": {"kind": "team."}}


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "＝HYPERLINK(1)"])
def test_a_spreadsheet_takes_nothing_for_a_formula(auditor, cast, name):
    cast.amy.name = name
    with command("test.act", actor=cast.amy, on=None):
        pass
    rows = list(csv.DictReader(io.StringIO(export(auditor, "csv", "?q=test.act").lstrip("\ufeff"))))
    assert [row["actor_name"] for row in rows] == [f"'{name}"]
    assert all(not cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


def test_an_export_ends_when_the_right_ends(auditor, cast, monkeypatch):
    monkeypatch.setattr(admin, "CHUNK", 1)
    found = admin.records(AuditRecord.objects.all(), auditor.agent.pk)
    assert next(found)
    auditor.agent.is_active = False
    auditor.agent.save()
    assert list(found) == []


def test_an_export_is_a_post_in_a_known_format(auditor, cast):
    assert auditor.get(f"{RECORDS}export/csv/").status_code == 405
    assert auditor.post(f"{RECORDS}export/xls/").status_code == 404


def test_exports_are_limited(auditor, cast, settings):
    settings.LIMITS = settings.LIMITS | {"exports": (1, 3600)}
    export(auditor, "csv")
    assert auditor.post(f"{RECORDS}export/csv/").status_code == 429


def test_the_settings_page_tells_the_state_and_verifies(
    auditor, cast, monkeypatch, django_capture_on_commit_callbacks
):
    asked = []
    monkeypatch.setattr(check_records, "apply_async", lambda args, **_: asked.extend(args))
    sealing.seal_next()
    page = auditor.get("/settings/audit/").content.decode()
    assert "up to record" in page
    with django_capture_on_commit_callbacks(execute=True):
        assert auditor.post("/settings/audit/verify/").status_code == 302
    assert asked == [AuditCheck.objects.get().pk]
    assert auditor.post("/settings/audit/verify/").status_code == 409  # one at a time
    assert "every 2s" in auditor.get("/settings/audit/state/").content.decode()
    form = {"days": "365", "version": "0"}
    assert auditor.post("/settings/audit/", form).status_code == 403  # reads, sets nothing
