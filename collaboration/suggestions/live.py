"""Suggestions on open screens: whoever has the conversation open draws them anew, and the author
is told what became of theirs.

Nothing depends on being heard: every look at PostgreSQL finds what came or went.
"""

from django.utils import translation
from django.utils.translation import gettext as _

from collaboration.suggestions import queries
from collaboration.suggestions.events import SuggestionMoved
from collaboration.suggestions.models import Suggestion
from collaboration.workspace.missed import Missed
from collaboration.workspace.screens import Screen, screens, spawn, tell_watchers
from helpdesk.core.live import hub
from helpdesk.core.live.threads import in_thread


@hub.hears(SuggestionMoved)
def hear(event: SuggestionMoved) -> None:
    _tell_watchers(event.conversation_id)
    if _screens_of(event.author_id):
        spawn(_tell_author(event))


def _tell_watchers(conversation_id: str) -> None:
    tell_watchers(conversation_id, type="suggestion")


def _screens_of(author_id: int | None) -> list[Screen]:
    return [screen for screen in screens if screen.seat and screen.seat.agent_id == author_id]


async def _tell_author(event: SuggestionMoved) -> None:
    """A sentence on all the author's screens, whatever they look at."""
    languages = {screen.language for screen in _screens_of(event.author_id)}
    sentences = await in_thread(_outcome, event.suggestion_id, languages)
    for screen in _screens_of(event.author_id):
        if said := sentences.get(screen.language):
            screen.tell(type="suggestion", conversation=event.conversation_id, said=said)


def _outcome(pk: int, languages: set[str]) -> dict[str, str]:
    """What its author is told; nothing while it is open, or if they did it or see it no more."""
    found = Suggestion.objects.select_related(
        "author", "used_by", "declined_by", "conversation__customer"
    )
    one = found.filter(pk=pk).first()
    doer = one and (one.used_by or one.declined_by)
    if one is None or doer is None or one.author is None or doer == one.author:
        return {}
    if not one.author.is_active or not one.conversation.is_visible_to(one.author):
        return {}
    sentences = {}
    for language in languages:
        with translation.override(language):
            sentences[language] = _sentence(one) % {
                "name": str(doer),
                "customer": str(one.conversation.customer),
                "answer": one.answer,
            }
    return sentences


def _sentence(one: Suggestion) -> str:
    if one.state == "used":
        return _("%(name)s uses the reply you suggested for %(customer)s.")
    if one.answer:
        return _("%(name)s declined the reply you suggested for %(customer)s: “%(answer)s”")
    return _("%(name)s declined the reply you suggested for %(customer)s.")


missed = Missed(queries.open_among, _tell_watchers)
