"""Text as it may be stored: what PostgreSQL or a screen could choke on is gone before."""

import unicodedata

from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Invalid

_KEPT_CONTROLS = {"\n", "\t"}
# Marks that reorder what stands around them; a message must not rewrite its neighbours.
_OVERRIDES = {*"\u202a\u202b\u202d\u202e\u202c\u2066\u2067\u2068\u2069"}
# Joiners belong to emoji and to several scripts, so they stay although they are format characters.


def clean_text(value: object, *, limit: int = 10_000) -> str:
    """Text without NUL, lone surrogates, controls and direction overrides, in NFC.

    `limit` counts characters. Raises Invalid for anything that is not text or is longer.
    """
    if not isinstance(value, str):
        raise Invalid(_("A text is missing."))
    if len(value) > limit:
        raise Invalid(_("The text is too long."), limit=limit)
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = "".join(
        character
        for character in value
        if character in _KEPT_CONTROLS
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _OVERRIDES)
    )
    value = unicodedata.normalize("NFC", value)
    if len(value) > limit:
        raise Invalid(_("The text is too long."), limit=limit)
    return value


def one_line(value: str, *, limit: int = 120) -> str:
    """The text on one line, cut with an ellipsis after `limit` characters."""
    line = " ".join(value[: limit * 4].split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
