"""Text as it may be stored: what PostgreSQL or a screen could choke on is gone before."""

import json
import math
import re
import unicodedata
from typing import Any

from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Invalid

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL takes them neither as text nor in JSON
_CONTROLS = "\0-\x08\x0b-\x1f\x7f-\x9f"  # all but tab and newline
# Marks that reorder what stands around them; a message must not rewrite its neighbours.
_OVERRIDES = "\u202a-\u202e\u2066-\u2069"
# Joiners belong to emoji and to several scripts, so they stay although they are format characters.
_UNWANTED = re.compile(f"[{_CONTROLS}{_OVERRIDES}\ud800-\udfff]")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # full-width ones too, where Chinese is written


def for_spreadsheets(value: Any) -> str:
    """Text that none of them takes for a formula."""
    text = str(value)
    return "'" + text if text.startswith(_FORMULA) else text


def storable(value: Any) -> Any:
    """Without NUL and lone surrogates, wherever in the value they stand."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(key): storable(each) for key, each in value.items()}
    return value


def read_json(raw: bytes | str) -> Any:
    """What somebody sent, as it may be stored. Raises ValueError for what is not JSON.

    Python would also take NaN, Infinity and numbers that are infinite to it.
    """
    text = raw if isinstance(raw, str) else raw.decode()
    try:
        value = json.loads(text, parse_constant=_finite, parse_float=_finite)
        return storable(value) if r"\u" in text else value  # only escaped can they be in it
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is no number")
    return value


def clean_text(value: object, *, limit: int = 10_000) -> str:
    """Text without NUL, lone surrogates, controls and direction overrides, in NFC.

    `limit` counts characters. Raises Invalid for anything that is not text or is longer.
    """
    if not isinstance(value, str):
        raise Invalid(_("A text is missing."))
    if len(value) > limit:
        raise Invalid(_("The text is too long."), limit=limit)
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = unicodedata.normalize("NFC", _UNWANTED.sub("", value))
    if len(value) > limit:
        raise Invalid(_("The text is too long."), limit=limit)
    return value


def one_line(value: str, *, limit: int = 120) -> str:
    """The text on one line, cut with an ellipsis after `limit` characters."""
    line = " ".join(value[: limit * 4].split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
