"""Shared drafts as auditors see them: that they are, and who wrote in them when.

Their texts are not shown here: reading somebody's words is an act of its own, with a record, and
what was sent is read in the conversation.
"""

from typing import cast

from django.contrib.admin import display, register
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from collaboration.drafts.models import DraftVersion, SharedDraft
from conversations.threads.models import Conversation
from helpdesk.core.admin_site import ReadOnlyAdmin, site
from permissions.accounts.models import Agent

SHOWN = 100  # versions


@register(SharedDraft, site=site)
class SharedDraftAdmin(ReadOnlyAdmin):
    list_display = ("of", "kind", "generation", "n", "writer", "changed_at")
    list_filter = ("kind",)
    fields = readonly_fields = (*list_display, "versions_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SharedDraft]:
        seen = Conversation.objects.visible_to(cast(Agent, request.user))
        found = SharedDraft.objects.filter(conversation__in=seen)
        return found.select_related("writer").defer("snapshot", "runs")

    @display(description=_("conversation"))
    def of(self, draft: SharedDraft) -> str:
        return str(draft.conversation_id)

    @display(description=_("versions"))
    def versions_shown(self, draft: SharedDraft) -> SafeString:
        found = draft.versions.select_related("author").order_by("-id")[:SHOWN]
        lines = format_html_join("", "<li><p>{} · {} · {}</p></li>", map(_line, found))
        return format_html('<ol class="entries">{}</ol>', lines)


def _line(version: DraftVersion) -> tuple[str, str, str]:
    at = date_format(version.at, "DATETIME_FORMAT")
    return at, str(version.author or ""), str(version.client_id or "")
