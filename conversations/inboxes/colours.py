"""An inbox's colour as screens may use it: with a readable ink, and readable itself as text."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Invalid

ENOUGH = 4.5  # contrast of text, WCAG AA
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
ON_LIGHT, ON_DARK = (225, 230, 228), (43, 50, 52)  # the least favourable grounds of each theme

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Shades:
    """The colour as a ground with its ink, and as text in the light and the dark theme."""

    ground: str
    ink: str
    light: str
    dark: str


def shades(colour: str) -> Shades:
    rgb = _parse(colour)
    ink = WHITE if _contrast(rgb, WHITE) >= ENOUGH else BLACK
    return Shades(
        ground=colour,
        ink=_hex(ink),
        light=_hex(_towards(BLACK, rgb, ON_LIGHT)),
        dark=_hex(_towards(WHITE, rgb, ON_DARK)),
    )


def read_colour(value: Any) -> str:
    """A colour like #0d6e63, or '' for the product's own. Raises Invalid."""
    if value == "":
        return ""
    if not isinstance(value, str) or not re.fullmatch("#[0-9a-f]{6}", value.lower()):
        raise Invalid(_("A colour is written like #0d6e63."))
    return value.lower()


def _towards(end: Rgb, colour: Rgb, ground: Rgb) -> Rgb:
    """The colour, mixed with black or white as little as makes it readable on the ground."""
    for share in range(0, 101, 4):
        mixed = _mix(colour, end, share)
        if _contrast(mixed, ground) >= ENOUGH:
            return mixed
    return end


def _mix(colour: Rgb, end: Rgb, share: int) -> Rgb:
    red, green, blue = (
        one + (other - one) * share // 100 for one, other in zip(colour, end, strict=True)
    )
    return red, green, blue


def _contrast(one: Rgb, other: Rgb) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parse(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
