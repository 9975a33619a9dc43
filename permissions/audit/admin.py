"""What auditors see of the records themselves, and take with them."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.admin import SimpleListFilter, display, register
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from helpdesk.core.admin_site import ReadOnlyAdmin, site
from helpdesk.core.text import for_spreadsheets
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import has_duty
from permissions.acts.vocabulary import Duty
from permissions.approvals.models import Approval
from permissions.audit import commands, files
from permissions.audit.models import AuditCheck, AuditRecord, Seal
from permissions.roles.models import Role
from permissions.roles.wording import shown_group

MOST = 100_000  # records of one export; all of them: manage.py verify_audit --export
CHUNK = 2_000

# What a word in the search may stand for in the apps above: word → (kind, id) of objects.
Meaning = Callable[[str], list[tuple[str, str]]]
_meanings: list[Meaning] = []


def means(function: Meaning) -> Meaning:
    """Registers what else a searched word may stand for."""
    _meanings.append(function)
    return function


def found_by(word: str) -> Q:
    """The records a word asks for: a day, a number, an act, an id, or an agent's name."""
    try:
        day = timezone.make_aware(datetime.strptime(word, "%Y-%m-%d"))
        return Q(at__gte=day, at__lt=day + timedelta(days=1))
    except (ValueError, OverflowError):  # no day follows the last of the year 9999
        pass
    if word.isdecimal():
        return Q(pk=int(word)) if len(word) < 19 else Q(pk=None)
    objects = [pair for meaning in _meanings for pair in meaning(word)]
    try:
        word = str(UUID(word))
        found = Q(object_id=word) | Q(actor_id=word)
    except ValueError:
        if "." in word:
            return Q(verb__startswith=word)
        named = Agent.objects.filter(Q(username__iexact=word) | Q(name__iexact=word))
        ids = [str(pk) for pk in named.values_list("pk", flat=True)[:100]]
        found = Q(actor_kind="agent", actor_id__in=ids) | Q(object_kind="agent", object_id__in=ids)
    for kind in {kind for kind, _pk in objects}:
        keys = [pk for known, pk in objects if known == kind]
        found |= Q(object_kind=kind, object_id__in=keys)
        found |= Q(actor_kind=kind, actor_id__in=keys)
    return found


class WhenFilter(SimpleListFilter):
    title = _("time")
    parameter_name = "when"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("1", _("The last hour")),
            ("24", _("The last 24 hours")),
            ("168", _("The last 7 days")),
            ("720", _("The last 30 days")),
        ]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("1", "24", "168", "720"):
            return queryset
        return queryset.filter(at__gte=timezone.now() - timedelta(hours=int(self.value() or 0)))


class KindFilter(SimpleListFilter):
    title = _("kind of act")
    parameter_name = "kind"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("agent.", _("Agents and sign-ins")),
            ("act.", _("Refused acts")),
            ("role.", _("Roles")),
            ("team.", _("Teams")),
            ("grant.", _("Grants")),
            ("policy.", _("Rules")),
            ("approval.", _("Approvals")),
            ("reveal.", _("Reveals")),
            ("customer.", _("Customers")),
            ("conversation.", _("Conversations")),
            ("message.", _("Messages")),
            ("suggestion.", _("Suggestions")),
            ("file.", _("Files")),
            ("second_factor.", _("Second factors")),
            ("audit.", _("The audit itself")),
        ]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = dict(self.lookups(request, None))
        value = self.value()
        return queryset.filter(verb__startswith=value) if value in known else queryset


@register(AuditRecord, site=site)
class AuditRecordAdmin(ReadOnlyAdmin):
    list_display = ("number", "exact_time", "verb", "actor_shown", "object_shown", "address")
    list_display_links = ("number",)
    list_filter = (WhenFilter, KindFilter)
    search_fields = ("verb",)  # shows the field; `get_search_results` reads it
    search_help_text = _(
        "Words are combined: an agent's name, a customer's or conversation's id, an act "
        "(conversation.assign), a day (2026-11-23), a record's number."
    )
    ordering = ("-id",)
    fields = (
        "number",
        "exact_time",
        "verb",
        "actor_shown",
        "object_shown",
        "detail_shown",
        "request_shown",
        "address",
        "mac_shown",
    )
    readonly_fields = fields

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> Any:
        for word in search_term.replace("\x00", "")[:200].split()[:5]:
            queryset = queryset.filter(found_by(word))
        return queryset, False

    @display(description=_("number"), ordering="id")
    def number(self, record: AuditRecord) -> int:
        return record.pk

    @display(description=_("time"))
    def exact_time(self, record: AuditRecord) -> str:
        local = timezone.localtime(record.at)
        return f"{date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M:%S}"

    @display(description=_("actor"))
    def actor_shown(self, record: AuditRecord) -> str:
        who = f"{record.actor_kind} {record.actor_id}".strip()
        return f"{record.actor_name} · {who}" if record.actor_name else who

    @display(description=_("object"))
    def object_shown(self, record: AuditRecord) -> str:
        return f"{record.object_kind} {record.object_id}".strip() or "–"

    @display(description=_("detail"))
    def detail_shown(self, record: AuditRecord) -> str:
        return json.dumps(record.detail, ensure_ascii=False, indent=1, sort_keys=True)

    @display(description=_("request"))
    def request_shown(self, record: AuditRecord) -> str:
        return record.request_id or "–"

    @display(description=_("proof"))
    def mac_shown(self, record: AuditRecord) -> str:
        return bytes(record.mac).hex() or "–"

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(require_POST(self.export))
        name = "permissions_auditrecord_export"
        return [path("export/<slug:format>/", export, name=name), *super().get_urls()]

    def export(self, request: HttpRequest, format: str) -> StreamingHttpResponse:
        """What the list shows, all pages of it, as a file."""
        write = {"csv": csv_lines, "jsonl": json_lines}.get(format)
        if write is None:
            raise Http404
        asked = {key: value[:200] for key, value in request.GET.items()}
        found = self.get_changelist_instance(request).get_queryset(request)
        commands.record_export(actor=request.user, what=f"audit {format}", filters=asked)
        kind = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}[format]
        lines = write(records(found, request.user.pk))
        answer = StreamingHttpResponse(lines, content_type=kind)
        name = f"audit-{timezone.now():%Y%m%d-%H%M%S}.{format}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def records(found: QuerySet[AuditRecord], reader_pk: Any) -> Iterator[AuditRecord]:
    """The newest first. Ends early when the reader loses the right on the way."""
    found, left, before = found.order_by("-id"), MOST, None
    while left > 0:
        reader = Agent.objects.filter(pk=reader_pk, is_active=True).first()
        if reader is None or not has_duty(reader, Duty.AUDIT):
            return
        page = found if before is None else found.filter(id__lt=before)
        rows = list(page[: min(CHUNK, left)])
        if not rows:
            return
        yield from rows
        left, before = left - len(rows), rows[-1].pk


def json_lines(found: Iterator[AuditRecord]) -> Iterator[str]:
    for record in found:
        yield json.dumps(files.record_facts(record), ensure_ascii=False) + "\n"


COLUMNS = ("id", *files.proof.CONTENT)


class _Line:
    """What the csv writer writes into: it hands the line on."""

    def write(self, line: str) -> str:
        return line


def csv_lines(found: Iterator[AuditRecord]) -> Iterator[str]:
    writer: Any = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for record in found:
        facts = files.record_facts(record)
        facts["detail"] = json.dumps(facts["detail"], ensure_ascii=False, sort_keys=True)
        yield writer.writerow([for_spreadsheets(facts[name]) for name in COLUMNS])


@register(Seal, site=site)
class SealAdmin(ReadOnlyAdmin):
    list_display = ("number", "at", "count", "last_id", "mac_shown")
    fields = readonly_fields = (
        *("number", "at", "count", "after_shown", "last_id", "hash_shown", "mac_shown"),
    )

    @display(description=_("after record"))
    def after_shown(self, seal: Seal) -> int:
        return seal.after_id

    @display(description=_("fingerprint"))
    def hash_shown(self, seal: Seal) -> str:
        return seal.hash

    @display(description=_("proof"))
    def mac_shown(self, seal: Seal) -> str:
        return seal.mac


@register(AuditCheck, site=site)
class AuditCheckAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "finished_at", "records", "asked_by", "findings")


class GroupFilter(SimpleListFilter):
    title = _("roles and teams")
    parameter_name = "group"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(group.pk), shown_group(group.name)) for group in Group.objects.order_by("pk")]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(groups=value) if value in dict(self.lookup_choices) else queryset


@register(Agent, site=site)
class AgentAdmin(ReadOnlyAdmin):
    list_display = ("username", "name", "is_active", "date_joined", "last_login")
    list_filter = ("is_active", GroupFilter)
    search_fields = ("username", "name")
    fields = readonly_fields = (*list_display, "groups_shown")

    @display(description=_("roles and teams"))
    def groups_shown(self, agent: Agent) -> str:
        names = agent.groups.order_by("name").values_list("name", flat=True)
        return ", ".join(map(shown_group, names)) or "–"


@register(Role, site=site)
class RoleAdmin(ReadOnlyAdmin):
    list_display = ("name_shown", "description_shown", "duties_shown")
    fields = readonly_fields = (*list_display, "members_shown")

    @display(description=_("role"))
    def name_shown(self, role: Role) -> str:
        return role.shown_name

    @display(description=_("description"))
    def description_shown(self, role: Role) -> str:
        return role.shown_description

    @display(description=_("duties"))
    def duties_shown(self, role: Role) -> str:
        held = set(role.group.permissions.values_list("codename", flat=True))
        return " · ".join(str(duty.label) for duty in Duty if duty.value in held) or "–"

    @display(description=_("agents"))
    def members_shown(self, role: Role) -> str:
        return ", ".join(map(str, Agent.objects.filter(groups=role.group_id, is_active=True)))


@register(Team, site=site)
class TeamAdmin(ReadOnlyAdmin):
    list_display = ("name", "members_shown")
    fields = readonly_fields = list_display

    @display(description=_("agents"))
    def members_shown(self, team: Team) -> str:
        return ", ".join(map(str, team.members))


@register(Approval, site=site)
class ApprovalAdmin(ReadOnlyAdmin):
    """Without what was proposed: it may hold sensitive values. The records say what was done."""

    list_display = ("operation", "requester", "state", "about", "expires_at")
    list_filter = ("state", "operation")
    fields = readonly_fields = (*list_display, "reason")
