"""Bars of a chart in the units of their drawing, so that a template only has to write them down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise

from collaboration.reports.queries import Report

LEAST = 4  # the top of a chart in which little happened
MARKS = 5  # days named below a chart


@dataclass(frozen=True, slots=True)
class Series:
    """What one colour stands for: a figure of the tally."""

    name: str
    label: str | Promise


@dataclass(frozen=True, slots=True)
class Part:
    series: Series
    y: int  # from the top
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    day: date
    parts: list[Part]

    @property
    def facts(self) -> list[tuple[str | Promise, int]]:
        return [(part.series.label, part.height) for part in self.parts]


@dataclass(frozen=True, slots=True)
class Chart:
    series: Sequence[Series]
    bars: list[Bar]
    top: int
    marks: list[date]

    @property
    def half(self) -> int:
        return self.top // 2

    @property
    def is_empty(self) -> bool:
        return not any(bar.parts for bar in self.bars)


def by_day(report: Report, series: Sequence[Series]) -> Chart:
    """The days of a report from left to right, the series of each upon one another."""
    rows = [(day, tally) for day, tally in reversed(report.rows) if isinstance(day, date)]
    heights = [[getattr(tally, one.name) for one in series] for _day, tally in rows]
    top = _round_top(max(map(sum, heights), default=0))
    bars = []
    for x, ((day, _tally), found) in enumerate(zip(rows, heights, strict=True)):
        parts, reached = [], 0
        for one, height in zip(series, found, strict=True):
            reached += height
            if height:
                parts.append(Part(one, top - reached, height))
        bars.append(Bar(x, day, parts))
    step = max(1.0, (len(rows) - 1) / (MARKS - 1))
    marks = [rows[round(step * mark)][0] for mark in range(min(MARKS, len(rows)))]
    return Chart(series, bars, top, marks)


def _round_top(most: int) -> int:
    """The next of 4, 10, 20, 40, 100, 200, … : half of it is a whole number too."""
    top = LEAST
    while top < most:
        top = top * 5 // 2 if str(top)[0] == "4" else top * 2
    return top
