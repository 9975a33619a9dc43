"""The rules of signing in, as an administrator set them."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from permissions.accounts.models import Agent
from permissions.acts.checks import rights_of
from permissions.acts.vocabulary import Duty
from permissions.policies.rules import rules

NOBODY, DUTIES, EVERYBODY = "nobody", "duties", "everybody"
LEAST_LENGTH = 12


@rules("security", Duty.SECURITY)
@dataclass(frozen=True)
class Security:
    password_length: int = LEAST_LENGTH
    second_factor: str = NOBODY  # who must have one
    addresses: tuple[str, ...] = ()  # networks that agents may come from; none: any
    session_hours: int = 12
    idle_minutes: int = 240  # without use of any tab; 0: never

    def __post_init__(self) -> None:
        if not (
            LEAST_LENGTH <= self.password_length <= 128
            and self.second_factor in (NOBODY, DUTIES, EVERYBODY)
            and 1 <= self.session_hours <= 720
            and (self.idle_minutes == 0 or 5 <= self.idle_minutes <= 10_080)
            and all(ipaddress.ip_network(network) for network in self.addresses)
        ):
            raise ValueError(self)

    def lets_in(self, address: str) -> bool:
        """Whether agents may come from this address. A Unix socket has none: a proxy's affair."""
        if not self.addresses or address == "local":
            return True
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in ipaddress.ip_network(network) for network in self.addresses)

    def asks_second_factor(self, agent: Agent) -> bool:
        if self.second_factor == DUTIES:
            return bool(rights_of(agent).duties)
        return self.second_factor == EVERYBODY

    @property
    def length(self) -> timedelta:
        return timedelta(hours=self.session_hours)
