"""What is shown in place of a sensitive value, and of sensitive passages in a text."""

import re

from conversations.customers.kinds import Kind

STARS = "****"


def mask(kind: str, text: str) -> str:
    """Enough of a value to recognise it in a conversation, too little to use it."""
    if not text:
        return ""
    if kind == Kind.PHONE:
        return _phone(text)
    if kind == Kind.EMAIL:
        return _email(text)
    if kind == Kind.IDENTITY:
        return _ends(text, 2, 2)
    if kind in (Kind.ADDRESS, Kind.TEXT):
        return (text[:2] if len(text) > 6 else "") + STARS
    return STARS


def _email(text: str) -> str:
    name, at, domain = text.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else "***"


def _phone(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 10:
        return f"{digits[-11:-8] or digits[:2]}{STARS}{digits[-4:]}"
    return STARS + digits[-2:] if len(digits) > 5 else STARS


def _ends(text: str, first: int, last: int) -> str:
    hidden = len(text) - first - last
    return STARS if hidden < 4 else text[:first] + "*" * hidden + text[-last:]


# --- in running text -----------------------------------------------------------------------

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
# Fifteen or eighteen digits of which the seventh on are a date; the last may be an X.
_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:(?:19|20)\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    r"(?![0-9A-Za-z])"
)
_DIGITS = re.compile(r"(?<![0-9A-Za-z])\+?\d(?:[ -]?\d){12,18}(?![0-9A-Za-z])")
_PHONE = re.compile(
    r"(?<![0-9A-Za-z.])(?:"
    r"(?:\+|00)\d(?:[ ()./-]{0,2}\d){7,14}"  # international
    r"|(?:86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"  # Chinese mobile
    r"|0\d{2,3}[ -]\d{7,8}"  # Chinese landline
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"  # North American
    r")(?![0-9A-Za-z])"
)


def cover(text: str) -> str:
    """The text with its e-mail addresses, identity, card and phone numbers masked."""
    if "@" not in text and not any(character.isdigit() for character in text):
        return text
    text = _EMAIL.sub(lambda found: _email(found[0]), text)
    text = _IDENTITY.sub(lambda found: _ends(found[0], 2, 2), text)
    text = _DIGITS.sub(_card, text)
    return _PHONE.sub(lambda found: _phone(found[0]), text)


def _card(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return f"{STARS} {digits[-4:]}" if _is_card(digits) else found[0]


def _is_card(digits: str) -> bool:
    """Luhn's check, which every payment card's number passes."""
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [int(digit) for digit in reversed(digits)]
    doubled[1::2] = [sum(divmod(2 * digit, 10)) for digit in doubled[1::2]]
    return sum(doubled) % 10 == 0
