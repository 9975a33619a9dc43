"""Figures of several rounds: medians, ranges, plain tables, JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def percentile(values: Sequence[float], percent: float, scale: float = 1.0) -> float | None:
    """The value that `percent` of `values` do not exceed, times `scale`; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * scale


def median(values: Sequence[float | None]) -> float | None:
    """The median of what was measured; None when nothing was."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def number(value: float | None, digits: int = 0) -> str:
    """A figure for a table; an em dash when there is none."""
    return "—" if value is None else f"{value:,.{digits}f}"


def spread(values: Sequence[float | None], digits: int = 0) -> str:
    """`median (min..max)` of several rounds."""
    known = [value for value in values if value is not None]
    if not known:
        return "—"
    middle = number(statistics.median(known), digits)
    if len(known) == 1:
        return middle
    return f"{middle} ({number(min(known), digits)}..{number(max(known), digits)})"


def codes(rounds: Sequence[dict[str, int]]) -> str:
    """What was counted by code, all rounds together: `3 (1006: 1, 4408: 2)`, or 0."""
    total: dict[str, int] = {}
    for counts in rounds:
        for code, count in counts.items():
            if count:
                total[code] = total.get(code, 0) + count
    if not total:
        return "0"
    parts = ", ".join(f"{code}: {count}" for code, count in sorted(total.items()))
    return f"{sum(total.values())} ({parts})"


def ratio(upper: float | None, lower: float | None) -> float | None:
    """`upper / lower`, None when one is missing."""
    return upper / lower if upper is not None and lower else None


def whole_numbers(text: str) -> list[int]:
    """`2,10` as [2, 10]: for the command line."""
    return [int(part) for part in text.split(",")]


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table: first column to the left, all others to the right."""
    widths = [max(len(line[i]) for line in [columns, *rows]) for i in range(len(columns))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([title, "", line(columns), rule, *(line(row) for row in rows), ""])


def write_json(path: Path | None, figures: dict[str, Any]) -> None:
    """Write the figures beside what they were measured on; nothing without a path."""
    if path is None:
        return
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    path.write_text(json.dumps({"machine": machine, **figures}, indent=1) + "\n")
