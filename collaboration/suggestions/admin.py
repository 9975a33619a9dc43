"""Suggestions as auditors see them: who proposed one, and who settled it how.

Their texts are not shown here: reading somebody's words is an act of its own, with a record.
"""

from typing import cast

from django.contrib.admin import register
from django.db.models import QuerySet
from django.http import HttpRequest

from collaboration.suggestions.models import Suggestion
from conversations.threads.models import Conversation
from helpdesk.core.admin_site import ReadOnlyAdmin, site
from permissions.accounts.models import Agent


@register(Suggestion, site=site)
class SuggestionAdmin(ReadOnlyAdmin):
    list_display = ("id", "conversation_id", "author", "at", "used_by", "declined_by")
    fields = readonly_fields = (*list_display, "used_at", "declined_at", "withdrawn_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Suggestion]:
        seen = Conversation.objects.visible_to(cast(Agent, request.user))
        found = Suggestion.objects.filter(conversation__in=seen)
        return found.select_related("author", "used_by", "declined_by").defer("text", "answer")
