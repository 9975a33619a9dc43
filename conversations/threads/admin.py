"""Conversations and grants as auditors see them: what the eye may see, sensitive parts covered."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, cast
from uuid import UUID

from django.contrib.admin import RelatedFieldListFilter, display, register
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from conversations.customers.masks import cover
from conversations.grants.models import Grant
from conversations.threads.models import Conversation, Entry
from helpdesk.core.admin_site import ReadOnlyAdmin, site
from permissions.accounts.models import Agent
from permissions.acts.command import command
from permissions.audit.admin import means

SHOWN = 500  # entries of one page; `?after=` goes on


@means
def _of_a_customer(word: str) -> list[tuple[str, str]]:
    """A customer's id stands for their conversations too."""
    try:
        customer = UUID(word)
    except ValueError:
        return []
    found = Conversation.objects.filter(customer_id=customer).order_by("-pk")[:200]
    return [("conversation", str(pk)) for pk in found.values_list("pk", flat=True)]


class InboxFilter(RelatedFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("inbox")


@register(Conversation, site=site)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("short", "inbox_shown", "customer_shown", "status", "updated")
    list_filter = ("status", ("inbox", InboxFilter))
    search_fields = ("pk",)
    search_help_text = _("A conversation's or a customer's id.")
    fields = readonly_fields = (
        "short",
        "inbox_shown",
        "customer_shown",
        "status",
        "entries_shown",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        return Conversation.objects.visible_to(cast(Agent, request.user))

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> Any:
        for word in search_term.split()[:3]:
            try:
                key = UUID(word)
            except ValueError:
                return queryset.none(), False
            queryset = queryset.filter(pk=key) | queryset.filter(customer_id=key)
        return queryset, False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Reading a conversation is recorded, before anything of it is shown."""
        try:
            found = self.get_queryset(request).filter(pk=UUID(object_id)).first()
        except ValueError:
            found = None
        if found is None:
            raise Http404
        with command("audit.read", actor=request.user, on=found):
            pass
        return super().change_view(request, object_id, form_url, extra_context)

    @display(description=_("conversation"))
    def short(self, conversation: Conversation) -> str:
        return str(conversation.pk)

    @display(description=_("Inbox"))
    def inbox_shown(self, conversation: Conversation) -> str:
        return str(conversation.inbox)

    @display(description=_("Customer"))
    def customer_shown(self, conversation: Conversation) -> str:
        return str(conversation.customer)

    @display(description=_("last change"))
    def updated(self, conversation: Conversation) -> Any:
        return conversation.last_activity_at

    @display(description=_("entries"))
    def entries_shown(self, conversation: Conversation) -> SafeString:
        found = conversation.entries.order_by("seq").prefetch_related("edits")[:SHOWN]
        lines = format_html_join(
            "", "<li><p>{} · {} · {}</p><div>{}</div></li>", chain.from_iterable(map(_lines, found))
        )
        return format_html('<ol class="entries">{}</ol>', lines)


def _lines(entry: Entry) -> Iterator[tuple[str, str, str, str]]:
    """What it says, below what it said until somebody edited it."""
    for edit in sorted(entry.edits.all(), key=lambda edit: edit.pk):
        until = date_format(edit.at, "DATETIME_FORMAT")
        yield until, edit.agent_name, _t("Earlier texts"), cover(edit.body)
    at = date_format(entry.at, "DATETIME_FORMAT")
    if entry.sensitive:  # whoever was given the right reads it in the workspace
        yield at, entry.author_name, _t("Sensitive note"), ""
        return
    said = cover(entry.body) if entry.body else str(entry.event.get("name", ""))
    yield at, entry.author_name or entry.author_kind, entry.get_kind_display(), said


@register(Grant, site=site)
class GrantAdmin(ReadOnlyAdmin):
    list_display = ("agent", "act", "conversation_id", "customer_id", "given_by", "given_at")
    list_filter = ("act",)
    fields = readonly_fields = (*list_display, "reason", "expires_at", "revoked_at", "revoked_by")
