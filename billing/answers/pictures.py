"""Where things stand on the charts of answers; templates draw them (`billing/pictures.html`).

Pure arithmetic, as in web/charts: x in percent of the width, y in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from utility_crm.web.charts import axis


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
    """Columns around zero; lines: (y, value)."""

    height: int
    zero: float
    columns: tuple[Column, ...]
    lines: tuple[tuple[float, int], ...]


_LEFT, _ROOM, _BELOW = 8.0, 18, 22


def around_zero(values: Sequence[tuple[str, int]], strong: Sequence[int] = (), height: int = 150) -> Columns:
    """Columns of (label, value in whole units of the least kind), left to right."""
    numbers = [value for _, value in values]
    first, step, count = axis(min([0, *numbers]), max([1, *numbers]))
    top, span = first + step * count, step * count
    scale = (height - _ROOM - _BELOW) / span

    def at(value: int) -> float:
        return round(_ROOM + (top - value) * scale, 1)

    pitch = (100 - _LEFT) / max(1, len(values))
    columns = []
    for place, (label, value) in enumerate(values):
        x = _LEFT + pitch * (place + 0.14)
        y, tall = min(at(value), at(0)), max(0.8 if value else 0.0, abs(at(value) - at(0)))
        columns.append(
            Column(
                label, value, round(x, 2), round(pitch * 0.72, 2), round(x + pitch * 0.36, 2),
                y, round(tall, 1), place in strong,
            )
        )  # fmt: skip
    lines = tuple((at(first + step * place), first + step * place) for place in range(count + 1))
    return Columns(height, at(0), tuple(columns), lines)


@dataclass(frozen=True, slots=True)
class Range:
    """A band from low to high with its middle, on an axis of earlier values; all in percent of the width."""

    low: float
    high: float
    middle: float
    ticks: tuple[tuple[float, int], ...]
    dots: tuple[tuple[float, str, int], ...]


def band(low: int, middle: int, high: int, dots: Sequence[tuple[str, int]] = ()) -> Range:
    """dots: (label, value) of what was before, drawn on the same axis."""
    values = [low, middle, high, *(value for _, value in dots)]
    first, step, count = axis(min(values), max(values), intervals=5)
    span = step * count

    def at(value: int) -> float:
        return round(4 + 92 * (value - first) / span, 2)

    return Range(
        at(low),
        at(high),
        at(middle),
        tuple((at(first + step * place), first + step * place) for place in range(count + 1)),
        tuple((at(value), label, value) for label, value in dots),
    )
