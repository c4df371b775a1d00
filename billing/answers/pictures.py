"""Where things stand on the charts of answers; templates draw them (`billing/pictures.html`).

Pure arithmetic, as in web/charts: x in percent of the width, y in pixels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from utility_crm.web.charts import axis
from utility_crm.web.formats import money, signed_money

Label = Callable[[int], str]
_NO_PENCE = re.compile(r"[.,]00(?!\d)")


def whole_money(currency: str, language: str, *, signed: bool = False) -> Label:
    """Amounts as an axis says them: £90 rather than £90.00, where there are no pence."""

    def label(minor: int) -> str:
        words = (signed_money if signed and minor else money)(minor, currency, language)
        return _NO_PENCE.sub("", words)

    return label


@dataclass(frozen=True, slots=True)
class Column:
    """From the zero line up, or down where the value is below zero."""

    label: str
    value: int
    x: float
    width: float
    middle: float
    y: float
    height: float
    strong: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns around zero; lines: (y, label, whether it is zero)."""

    height: int
    zero: float
    columns: tuple[Column, ...]
    lines: tuple[tuple[float, str, bool], ...]


_LEFT, _ROOM, _BELOW = 8.0, 18, 22


def around_zero(
    values: Sequence[tuple[str, int]], label: Label, strong: Sequence[int] = (), height: int = 150
) -> Columns:
    """Columns of (label, value in whole units of the least kind), left to right."""
    numbers = [value for _, value in values]
    first, step, count = axis(min([0, *numbers]), max([1, *numbers]))
    top, span = first + step * count, step * count
    scale = (height - _ROOM - _BELOW) / span

    def at(value: int) -> float:
        return round(_ROOM + (top - value) * scale, 1)

    pitch = (100 - _LEFT) / max(1, len(values))
    columns = []
    for place, (name, value) in enumerate(values):
        x = _LEFT + pitch * (place + 0.14)
        y, tall = min(at(value), at(0)), max(0.8 if value else 0.0, abs(at(value) - at(0)))
        columns.append(
            Column(
                name, value, round(x, 2), round(pitch * 0.72, 2), round(x + pitch * 0.36, 2),
                y, round(tall, 1), place in strong,
            )
        )  # fmt: skip
    marks = [first + step * place for place in range(count + 1)]
    lines = tuple((at(value), label(value), value == 0) for value in marks)
    return Columns(height, at(0), tuple(columns), lines)


@dataclass(frozen=True, slots=True)
class Range:
    """A band from low to high with its middle, on an axis of earlier values; all in percent of the width."""

    low: float
    high: float
    middle: float
    ticks: tuple[tuple[float, str], ...]
    dots: tuple[tuple[float, str, int], ...]


def band(low: int, middle: int, high: int, label: Label, dots: Sequence[tuple[str, int]] = ()) -> Range:
    """dots: (label, value) of what was before, drawn on the same axis."""
    values = [low, middle, high, *(value for _, value in dots)]
    first, step, count = axis(min(values), max(values), intervals=4)
    span = step * count

    def at(value: int) -> float:
        return round(4 + 92 * (value - first) / span, 2)

    return Range(
        at(low),
        at(high),
        at(middle),
        tuple((at(first + step * place), label(first + step * place)) for place in range(count + 1)),
        tuple((at(value), name, value) for name, value in dots),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One bin of a histogram: `wins` right of zero, `same` at zero itself. label: where it begins, or
    empty."""

    x: float
    width: float
    y: float
    height: float
    wins: bool
    same: bool
    from_value: int
    below_value: int
    count: int
    label: str

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bins side by side over a zero line; lines: (y, count)."""

    height: int
    floor: int
    steps: tuple[Step, ...]
    lines: tuple[tuple[float, int], ...]


def histogram(
    bins: Sequence[tuple[int, int, int]], label: Label, same: int = 0, height: int = 190
) -> Histogram:
    """bins: (from, below, how many), of one width, left to right. same: how many are at zero itself and in
    none of them; they stand between the two sides, in a column of their own."""
    if same:
        sides = [one for one in bins if one[0] < 0], [one for one in bins if one[0] >= 0]
        bins = [*sides[0], (0, 0, same), *sides[1]]
    floor, left = height - 26, 6.0
    most = max((count for _, _, count in bins), default=1) or 1
    _, step, lines = axis(0, most)
    scale = (floor - 14) / (step * lines)
    pitch = min((100 - left) / max(1, len(bins)), 25.0)
    left += ((100 - left) - pitch * len(bins)) / 2
    every = max(1, -(-len(bins) // 8))
    zero = next((place for place, one in enumerate(bins) if one[0] == 0), 0)
    steps = tuple(
        Step(
            round(left + pitch * place, 2), round(pitch * 0.94, 2), round(floor - count * scale, 1),
            round(count * scale, 1), first >= 0, first == below, first, below, count,
            label(first) if (place - zero) % every == 0 and (not same or first != 0 or below == 0) else "",
        )
        for place, (first, below, count) in enumerate(bins)
    )  # fmt: skip
    marks = tuple((round(floor - step * place * scale, 1), step * place) for place in range(1, lines + 1))
    return Histogram(height, floor, steps, marks)
