"""What is kept about a customer: the fields that are built in, and how each kind is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text, one_line

LONGEST, LONGEST_TEXT = 200, 4_000


class Kind(TextChoices):
    TEXT = "text", _("Text")
    NUMBER = "number", pgettext_lazy("kind of field", "Number")
    CHOICE = "choice", _("Choice")
    DATE = "date", _("Date")
    LONG = "long", _("Long text")
    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Phone number")
    ADDRESS = "address", _("Address")
    IDENTITY = "identity", _("Identity number")
    LANGUAGE = "language", _("Language")


OFFERED = (Kind.TEXT, Kind.NUMBER, Kind.CHOICE, Kind.DATE)  # for fields an administrator adds


class Sensitivity(TextChoices):
    """Who reads a value: whoever sees the customer, who answers them, who reveals it."""

    BASIC = "basic", pgettext_lazy("sensitivity", "Basic: everybody who sees the customer")
    INTERNAL = "internal", pgettext_lazy("sensitivity", "Internal: those who answer the customer")
    SENSITIVE = "sensitive", pgettext_lazy("sensitivity", "Sensitive: masked until it is revealed")


@dataclass(frozen=True, slots=True)
class BuiltIn:
    label: str | Promise
    kind: Kind
    sensitivity: Sensitivity


_S = Sensitivity
BUILT_IN: dict[str, BuiltIn] = {
    "name": BuiltIn(_("Name"), Kind.TEXT, _S.BASIC),
    "email": BuiltIn(_("E-mail"), Kind.EMAIL, _S.SENSITIVE),
    "phone": BuiltIn(_("Phone"), Kind.PHONE, _S.SENSITIVE),
    "company": BuiltIn(_("Company"), Kind.TEXT, _S.INTERNAL),
    "address": BuiltIn(_("Address"), Kind.ADDRESS, _S.SENSITIVE),
    "identity": BuiltIn(_("Identity number"), Kind.IDENTITY, _S.SENSITIVE),
    "language": BuiltIn(_("Language"), Kind.LANGUAGE, _S.BASIC),
    "notes": BuiltIn(pgettext_lazy("about a customer", "Remarks"), Kind.LONG, _S.INTERNAL),
}
COLUMNS = {
    "name",
    "language",
}  # stand on the customer too: every list shows them, so they are basic


# --- reading -------------------------------------------------------------------------------


def read_value(kind: str, text: object, choices: list[str]) -> str:
    """What somebody filled in, as it is kept; '' empties the field. Raises Invalid."""
    if kind == Kind.LONG:
        return clean_text(text, limit=LONGEST_TEXT).strip()
    line = one_line(clean_text(text, limit=LONGEST), limit=LONGEST)
    reader = _READERS.get(Kind(kind))
    return reader(line, choices) if line and reader else line


def _email(text: str, choices: list[str]) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise Invalid(_("This is no e-mail address.")) from None
    return text


def _phone(text: str, choices: list[str]) -> str:
    if not re.fullmatch(r"\+?[\d ()./-]{3,40}(\s*(x|ext\.?|转)\s*\d{1,8})?", text):
        raise Invalid(_("This is no phone number."))
    return text


def _number(text: str, choices: list[str]) -> str:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise Invalid(_("A number is expected here.")) from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise Invalid(_("A number is expected here."))
    return f"{number:f}"


def _choice(text: str, choices: list[str]) -> str:
    if text not in choices:
        raise Invalid(_("This is not among the choices."))
    return text


def _date(text: str, choices: list[str]) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Invalid(_("A date is expected here.")) from None


def _language(text: str, choices: list[str]) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,6})?", text):
        raise Invalid(_("This is no language."))
    return text


_READERS = {
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.NUMBER: _number,
    Kind.CHOICE: _choice,
    Kind.DATE: _date,
    Kind.LANGUAGE: _language,
}


def canonical(kind: str, text: str) -> str:
    """The form in which two spellings of the same value are found by each other."""
    if kind == Kind.PHONE:
        digits = re.sub(r"\D", "", text)
        return digits[2:] if len(digits) == 13 and digits.startswith("861") else digits
    if kind == Kind.IDENTITY:
        return re.sub(r"[\s-]", "", text).upper()
    return " ".join(text.casefold().split())


def hashed(key: str, kind: str, text: str) -> str:
    """What a value's keyed hash is made of: equal for equal values of one field only."""
    return f"{key}\0{canonical(kind, text)}"


# --- recognising ---------------------------------------------------------------------------

# Keys under which a host page or an import tells what is a field of ours.
_TOLD_AS = {
    "email": re.compile(r"e?-?mails?(_?address)?|邮箱|电子邮件", re.I),
    "phone": re.compile(
        r"(mobile|cell|tele)?_?phone(_?(no|number))?|mobile(_?(no|number))?|tel|手机号?码?|电话",
        re.I,
    ),
    "address": re.compile(r"(home|street|postal|shipping|billing)?_?address|地址", re.I),
    "identity": re.compile(
        r"(id|identity)_?(card|number|no)(_?(no|number))?|passport(_?(no|number))?|身份证号?", re.I
    ),
    "company": re.compile(r"company|organi[sz]ation|公司", re.I),
}


def told_as(name: str) -> str:
    """The built-in field that a host page's or an import's key means, or ''."""
    return next((key for key, sign in _TOLD_AS.items() if sign.fullmatch(name.strip())), "")


def split(told: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What a host page or an import told: the rest, and the values of fields of ours.

    A value that its field would not take stays out of the field, and in the rest.
    """
    rest: dict[str, Any] = {}
    values: dict[str, str] = {}
    for name, value in told.items():
        key = told_as(name)
        if key and key not in values and isinstance(value, str | int) and value not in ("", True):
            try:
                values[key] = read_value(BUILT_IN[key].kind, str(value), [])
                continue
            except Invalid:
                pass
        rest[name] = value
    return rest, {key: text for key, text in values.items() if text}
