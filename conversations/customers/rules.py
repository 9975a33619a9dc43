from dataclasses import dataclass

from permissions.acts.vocabulary import Duty
from permissions.policies.rules import rules

LONGEST_REVEAL = 60  # minutes


@rules("customer-privacy", Duty.FIELDS)
@dataclass(frozen=True)
class Privacy:
    """How sensitive values are kept from view."""

    mask_texts: bool = False  # phone, e-mail, card and identity numbers in messages
    reveal_minutes: int = 5
