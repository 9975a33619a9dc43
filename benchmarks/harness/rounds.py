"""Targets measured in alternating rounds, there and back, so that the machine's mood hits all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from harness.servers import Missing


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)
R = TypeVar("R")


def chosen(targets: Iterable[T], only: Sequence[str] | None) -> list[T]:
    """Those whose name contains one of the texts; all of them where no text is given."""
    return [target for target in targets if not only or any(text in target.name for text in only)]


def in_rounds(
    targets: Sequence[T],
    rounds: int,
    measure: Callable[[T, int], Iterable[R]],
    brief: Callable[[R], Any],
) -> tuple[list[R], dict[str, str]]:
    """All runs; beside them, what could not be measured and why."""
    runs: list[R] = []
    missing: dict[str, str] = {}
    for round_ in range(rounds):
        for target in targets if round_ % 2 == 0 else targets[::-1]:
            if target.name in missing:
                continue
            print(f"round {round_ + 1}: {target.name}", file=sys.stderr, flush=True)
            try:
                for run in measure(target, round_):
                    runs.append(run)
                    print(f"  {brief(run)}", file=sys.stderr, flush=True)
            except (Missing, RuntimeError, OSError) as problem:
                missing[target.name] = str(problem)
                print(f"  missing: {problem}", file=sys.stderr, flush=True)
    return runs, missing
