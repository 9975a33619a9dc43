from dataclasses import dataclass

from permissions.acts.vocabulary import Duty
from permissions.policies.rules import rules

LEAST_DAYS = 365


@rules("audit", Duty.SECURITY)
@dataclass(frozen=True)
class Retention:
    """How long audit records are kept; 0 days means for ever."""

    days: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.days, bool) or (self.days and self.days < LEAST_DAYS):
            raise ValueError(self.days)
