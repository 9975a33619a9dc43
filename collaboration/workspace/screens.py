"""The agents' open screens in this process."""

from typing import Protocol

from collaboration.workspace.seats import Seat


class Screen(Protocol):
    seat: Seat | None
    language: str

    def push(self, text: str) -> None: ...
    def tell(self, **frame: object) -> None: ...


screens: set[Screen] = set()
