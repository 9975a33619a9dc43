from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from collaboration.canned.models import CannedReply
from permissions.accounts.models import Agent

OFFERED = 12  # of one search
LISTED = 500  # on the settings page


def search(reader: Agent, text: str) -> QuerySet[CannedReply]:
    """What the reader may insert, by any part of shortcut, title or text; the nearest first."""
    found = CannedReply.objects.visible_to(reader).select_related("team")
    if text:
        found = found.filter(
            Q(shortcut__icontains=text) | Q(title__icontains=text) | Q(body__icontains=text)
        )
    return found.alias(near=_near(text) if text else Value(0), whose=_whose(reader)).order_by(
        "near", "whose", "title", "pk"
    )


def _near(text: str) -> Case:
    return Case(
        When(shortcut__iexact=text, then=Value(0)),
        When(shortcut__istartswith=text, then=Value(1)),
        When(title__istartswith=text, then=Value(2)),
        When(title__icontains=text, then=Value(3)),
        default=Value(4),
        output_field=IntegerField(),
    )


def _whose(reader: Agent) -> Case:
    """One's own first, then the teams', then everyone's."""
    return Case(
        When(owner=reader, then=Value(0)),
        When(team__isnull=False, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
