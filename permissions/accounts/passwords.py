from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import ngettext


class MinimumLengthValidator:
    """At least as long as the security rules say."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < self._least():
            raise ValidationError(self.get_help_text(), code="password_too_short")

    def get_help_text(self) -> str:
        least = self._least()
        return ngettext(
            "Your password must have at least %(count)d character.",
            "Your password must have at least %(count)d characters.",
            least,
        ) % {"count": least}

    def _least(self) -> int:
        from permissions.accounts.security import Security
        from permissions.policies.rules import current

        return current(Security).password_length


class MaximumLengthValidator:
    """Keeps hashing affordable; far above what anybody types."""

    def __init__(self, max_length: int = 256) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return ngettext(
            "Your password may have at most %(count)d character.",
            "Your password may have at most %(count)d characters.",
            self.max_length,
        ) % {"count": self.max_length}
