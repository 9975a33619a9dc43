"""Saying no: errors that carry one translated sentence for a person.

Commands raise them; `RefusalMiddleware` and the sockets turn them into answers. Whatever is not a
Refusal is a bug and stays a 500 with a line in the log.
"""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """An act that was understood and is not done. `status` is the HTTP answer."""

    status = 400
    code = "refused"
    sentence: str | Promise = _("This cannot be done.")

    def __init__(self, sentence: str | Promise | None = None, **facts: Any) -> None:
        self.sentence = sentence or type(self).sentence
        self.facts = facts
        super().__init__(self.sentence)


class NotAllowed(Refusal):
    """Whoever knows it says on what (`on`), for the record of the refusal."""

    on: Any = None
    status = 403
    code = "not_allowed"
    sentence = _("You do not have the right to do this.")


class NotFound(Refusal):
    status = 404
    code = "not_found"
    sentence = _("There is no such thing here.")


class Conflict(Refusal):
    """Somebody else was first, or the same id came with another content."""

    status = 409
    code = "conflict"
    sentence = _("Somebody else changed this in the meantime.")


class TooLarge(Refusal):
    status = 413
    code = "too_large"
    sentence = _("This is too large.")


class Invalid(Refusal):
    status = 422
    code = "invalid"
    sentence = _("Something in this is not as it should be.")


class TooMany(Refusal):
    """A limit was reached; `retry_after` (seconds) says when to try again."""

    status = 429
    code = "too_many"
    sentence = _("That was too many at once. Please wait a moment.")

    def __init__(self, sentence: str | Promise | None = None, *, retry_after: int = 1) -> None:
        super().__init__(sentence, retry_after=retry_after)
        self.retry_after = retry_after


class Unauthorized(Refusal):
    status = 401
    code = "unauthorized"
    sentence = _("Please sign in again.")


class StorageFull(Refusal):
    status = 507
    code = "storage_full"
    sentence = _("The server has no room for this file at the moment.")
