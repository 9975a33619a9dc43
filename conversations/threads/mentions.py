"""Mentions: `@name` of a colleague or a team in an internal note.

They are found on the server when the note is written and kept in the note's entry as ids, so a
later change of names changes nothing. Who may not see the conversation is kept too, as not heard:
the author is told, they are not.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from conversations.grants.rights import confidants
from conversations.grants.sight import readers
from conversations.threads.models import Conversation, Entry
from permissions.accounts.models import Agent, Team

MOST = 20  # of one note
AT = "@＠"
# An e-mail address is no mention: nothing that belongs to a word may stand before the sign.
_SIGN = re.compile(rf"(?<![\w.+-])[{AT}]", re.ASCII)
_WORDLIKE = re.compile(r"[A-Za-z0-9\u00c0-\u024f_]")


def found_in(
    body: str, conversation: Conversation, *, sensitive: bool = False
) -> list[dict[str, Any]]:
    """The mentions of a note, each once: `{kind, id, text, heard}` with the text as written."""
    if not any(sign in body for sign in AT):
        return []
    concerned = confidants(conversation) if sensitive else readers(conversation)
    may_see = set(concerned.values_list("pk", flat=True))
    names: dict[str, list[tuple[str, int, bool]]] = {}
    for pk, *called in Agent.objects.filter(is_active=True).values_list("pk", "name", "username"):
        for name in {one.lower() for one in called if one}:
            names.setdefault(name, []).append(("agent", pk, pk in may_see))
    teams = Team.objects.values_list("pk", "name")
    heard = set(Team.objects.filter(group__user__in=may_see).values_list("pk", flat=True))
    for pk, name in teams:
        names.setdefault(name.lower(), []).append(("team", pk, pk in heard))
    return _match(body, names)


def _match(body: str, names: Mapping[str, Iterable[tuple[str, int, bool]]]) -> list[dict[str, Any]]:
    longest_first = sorted(names, key=len, reverse=True)
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for sign in _SIGN.finditer(body):
        rest = body[sign.end() : sign.end() + 100]
        lowered = rest.lower()
        for name in longest_first:
            if lowered.startswith(name) and _ends(rest, len(name)):
                text = sign.group() + rest[: len(name)]
                meant = list(names[name])
                # Of two with one name, those who may see it are meant.
                heard = [one for one in meant if one[2]] or meant
                for kind, pk, hears in heard:
                    found.setdefault(
                        (kind, pk), {"kind": kind, "id": pk, "text": text, "heard": hears}
                    )
                break
        if len(found) >= MOST:
            break
    return list(found.values())[:MOST]


def _ends(rest: str, length: int) -> bool:
    """Whether a name ends there: "@Ann" is not in "@Annabel"; Chinese needs no space after it."""
    if length >= len(rest) or not _WORDLIKE.match(rest[length - 1]):
        return True
    return not _WORDLIKE.match(rest[length])


def of(entry: Entry) -> list[dict[str, Any]]:
    return entry.event.get("mentions", []) if entry.kind == Entry.Kind.NOTE else []


def unheard(entry: Entry) -> list[str]:
    """The names of whom the note mentions in vain: they may not see the conversation."""
    return [one["text"][1:] for one in of(entry) if not one["heard"]]


_TAG = re.compile(r"(<[^>]*>)")
_APART = ("a", "code", "pre")  # text in these stays as it is


def with_chips(html: SafeString, entry: Entry) -> SafeString:
    """A note's cleaned HTML with its mentions drawn as chips."""
    mentions = {escape(one["text"], quote=False): one for one in of(entry)}
    if not mentions:
        return html
    texts = sorted(mentions, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(text) for text in texts))

    def chip(match: re.Match[str]) -> str:
        one = mentions[match.group()]
        if one["heard"]:
            return format_html(
                '<span class="mention" data-{}="{}">{}</span>', one["kind"], one["id"], one["text"]
            )
        return format_html(
            '<span class="mention unheard" title="{}">{}</span>',
            _("May not see this conversation and was not told."),
            one["text"],
        )

    apart, drawn = 0, []
    for part in _TAG.split(html):
        if part.startswith("<"):
            name = part.strip("</>").split(" ")[0]
            if name in _APART:
                apart += -1 if part.startswith("</") else 1
        elif not apart:
            part = pattern.sub(chip, part)
        drawn.append(part)
    return mark_safe("".join(drawn))  # noqa: S308 pieces of cleaned HTML and escaped chips
