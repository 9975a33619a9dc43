"""Signed statements: what the site's own server says of who its visitor is.

A statement is a JSON Web Token, signed with HS256 and the inbox's secret. Any JWT library writes
it; the few lines it takes to read one are here.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from conversations.inboxes.models import Inbox
from helpdesk.core.refusals import Invalid, NotAllowed
from helpdesk.core.text import clean_text, one_line

MOST = 4_000  # characters
LONGEST = 24 * 3600  # seconds a statement may be good for: a stolen one is not worth much
SKEW = 60  # seconds two clocks may differ


class IdentityRefused(NotAllowed):
    """A statement that is not believed; `reason` says why to the site's programmers."""

    code = "identity_refused"
    sentence = _("Who you are could not be confirmed.")

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a visitor is to the site: its own id for them, and what it calls them."""

    id: str
    name: str
    email: str


def read_statement(inbox: Inbox, statement: Any) -> Identity:
    """The identity a valid statement tells of. Raises IdentityRefused for all others.

    Reasons: unconfigured (no secret yet), malformed, forged, expired.
    """
    if not inbox.signing_secret:
        raise IdentityRefused("unconfigured")
    if not isinstance(statement, str) or len(statement) > MOST or statement.count(".") != 2:
        raise IdentityRefused("malformed")
    signed, _dot, signature = statement.rpartition(".")
    header, _dot, payload = signed.partition(".")
    if _object(header).get("alg") != "HS256":
        raise IdentityRefused("malformed")
    expected = hmac.digest(inbox.signing_secret.encode(), signed.encode(), hashlib.sha256)
    if not hmac.compare_digest(_bytes(signature), expected):
        raise IdentityRefused("forged")
    return _identity(inbox, _object(payload))


def _identity(inbox: Inbox, claims: dict[str, Any]) -> Identity:
    now, end = time.time(), claims.get("exp")
    if not isinstance(end, int | float) or isinstance(end, bool) or not end < now + LONGEST + SKEW:
        raise IdentityRefused("malformed")
    if end < now - SKEW:
        raise IdentityRefused("expired")
    if claims.get("aud", inbox.key) != inbox.key:
        raise IdentityRefused("forged")
    try:
        found = Identity(
            id=read_name(claims.get("sub"), limit=200),
            name=read_name(claims.get("name") or ""),
            email=read_email(claims.get("email") or ""),
        )
    except Invalid:
        raise IdentityRefused("malformed") from None
    if not found.id:
        raise IdentityRefused("malformed")
    return found


def read_name(value: Any, *, limit: int = 120) -> str:
    """A name on one line. Raises Invalid for what is no text or too long."""
    return one_line(clean_text(value, limit=limit), limit=limit)


def read_email(value: Any) -> str:
    """An e-mail address, or '' for none. Raises Invalid."""
    address = clean_text(value, limit=254).strip()
    try:
        if address:
            validate_email(address)
    except ValidationError:
        raise Invalid(_("This is not an e-mail address.")) from None
    return address


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise IdentityRefused("malformed") from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(text))
    except (ValueError, RecursionError):
        raise IdentityRefused("malformed") from None
    if not isinstance(found, dict):
        raise IdentityRefused("malformed")
    return found
