"""Where things stand on a chart, in percent of its width; templates draw them (`web/charts.html`).

Pure arithmetic: no HTML here. x is a percentage and y a pixel, so a chart reflows while its text keeps size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from utility_crm.web.formats import money

HEAT_STEPS = 7
LANE_PX, LETTER_PX, GAP_PX = 185, 6, 6
"""The narrowest lane beside a table's words, a letter of its labels, and the least between two of them."""
_NICE = (10, 20, 50)
_NICE_BARS = (10, 20, 25, 50)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis: where, and what it says."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """One row of the table that is the chart: a total (`post`) or an effect: a bar from `x`, `width` wide.

    `before` and `after` are where the dotted links to the neighbouring rows stand; None where there is none.
    """

    label: str
    amount_minor: int
    detail: str
    post: bool
    x: float
    width: float
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Rows from one total over the effects to another, on one axis with `ticks`."""

    currency: str
    ticks: tuple[Tick, ...]
    rows: tuple[WaterfallRow, ...]


def waterfall(
    before: tuple[str, int, str],
    effects: Iterable[tuple[str, int, str]],
    after: tuple[str, int, str],
    currency: str,
    language: str = "en",
) -> Waterfall:
    """Rows of (label, amount_minor, detail). The axis begins wherever the amounts do: bars show differences.

    Raises ValueError when the effects do not lead exactly from `before` to `after`: such a chart would lie.
    """
    steps = list(effects)
    level, levels = before[1], [before[1]]
    for _, amount, _ in steps:
        level += amount
        levels.append(level)
    if level != after[1]:
        raise ValueError(f"effects lead to {level}, not to {after[1]}")
    first, step, count = axis(min(levels), max(levels))
    span = step * count

    def place(value: int) -> float:
        return round(100 * (value - first) / span, 2)

    rows = [WaterfallRow(*before, True, place(before[1]), 0, None, place(before[1]))]
    for (label, amount, detail), start, end in zip(steps, levels, levels[1:], strict=False):
        width = round(100 * abs(amount) / span, 2)
        rows.append(
            WaterfallRow(
                label, amount, detail, False, place(min(start, end)), width, place(start), place(end)
            )
        )
    rows.append(WaterfallRow(*after, True, place(after[1]), 0, place(after[1]), None))
    labels = [money(first + index * step, currency, language) for index in range(count + 1)]
    if step % 100 == 0:  # whole units: £90 rather than £90.00, and 90 £ rather than 90,00 £
        labels = [re.sub(r"[.,]00(?!\d)", "", label) for label in labels]
    return Waterfall(currency, tuple(_ticks(labels)), tuple(rows))


def _ticks(labels: Sequence[str]) -> Iterable[Tick]:
    """One line each. The first and the last speak; of those between, each that has room beside them."""
    last = len(labels) - 1
    ends_px = float(LETTER_PX * len(labels[0]))
    until_px = LANE_PX - LETTER_PX * len(labels[-1])
    for index, label in enumerate(labels):
        middle_px, half_px = LANE_PX * index / last, LETTER_PX * len(label) / 2
        between = 0 < index < last
        fits = ends_px + GAP_PX <= middle_px - half_px and middle_px + half_px + GAP_PX <= until_px
        if between and fits:
            ends_px = middle_px + half_px
        yield Tick(round(100 * index / last, 2), label if fits or not between else "")


def axis(low: int, high: int, intervals: int = 4, nice: Sequence[int] = _NICE) -> tuple[int, int, int]:
    """(first tick, step, number of steps) of round numbers that hold [low, high] with a little air."""
    wide = max(high - low, 1)
    step = _nice(-(-wide // intervals), nice)
    first = (low // step) * step
    return first, step, max(1, -(-(high - first) // step))


def _nice(least: int, factors: Sequence[int]) -> int:
    """The smallest of 1, 2, 5, 10, 20, ... (tenths in `factors`) that is not below `least`."""
    scale = 1
    while True:
        for factor in factors:
            if factor * scale >= 10 * least and factor * scale % 10 == 0:
                return factor * scale // 10
        scale *= 10


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: `y` and `height` in pixels above the zero line at `Bars.floor`. `strong`: compared."""

    label: str
    value: float
    x: float
    width: float
    middle: float
    y: float
    height: float
    strong: bool
    unfinished: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """Columns from zero, with lines at round values."""

    height: int
    floor: int
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, float], ...]
    """(y in pixels, value)"""


def bars(
    values: Sequence[tuple[str, float]],
    strong: Iterable[int] = (),
    unfinished: Iterable[int] = (),
    height: int = 140,
) -> Bars:
    """Columns of (label, value), left to right. `strong` and `unfinished` name columns by their position."""
    compared, open_ones = set(strong), set(unfinished)
    floor, left = height - 28, 7.0
    top, room = max([1.0, *(value for _, value in values)]), 22
    _, step, count = axis(0, max(1, round(top)), nice=_NICE_BARS)
    scale = (floor - room) / top
    pitch = (100 - left) / max(1, len(values))
    found = []
    for index, (label, value) in enumerate(values):
        x, tall = left + pitch * (index + 0.14), max(value, 0) * scale
        found.append(
            Bar(
                label, value, round(x, 2), round(pitch * 0.72, 2), round(x + pitch * 0.36, 2),
                round(floor - tall, 1), round(tall, 1), index in compared, index in open_ones,
            )
        )  # fmt: skip
    values_of_lines = (index * step for index in range(1, count + 1) if index * step <= top)
    lines = tuple((round(floor - value * scale, 1), float(value)) for value in values_of_lines)
    return Bars(height, floor, tuple(found), lines)


@dataclass(frozen=True, slots=True)
class HeatDay:
    """One day for `heatmap`: what each slot of the local day used (None: missing), which were estimated.

    A day has as many cells as it has slots: 46 or 50 half-hours when the clocks change.
    """

    label: str
    cells: Sequence[int | None]
    estimated: Sequence[bool] = ()
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class HeatRun:
    """Neighbouring cells that look alike: `step` 0 to 6 of the ramp, or -1 for missing."""

    x: float
    width: float
    step: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A day as drawn; `total_width` is its day's total against the largest."""

    label: str
    y: int
    runs: tuple[HeatRun, ...]
    total: int
    total_width: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Days under each other; `most` is the use from which a cell wears the last colour."""

    height: int
    rows: tuple[HeatRow, ...]
    most: int
    missing: int
    estimated: int


_LEFT, _RIGHT, _TOTALS = 7.2, 91.0, 7.8
ROW = 8


def heatmap(days: Sequence[HeatDay], most: int | None = None) -> Heatmap:
    """The days of a month (or any span), a row each. `most` defaults to the 99th percentile of the cells."""
    known = sorted(cell for one in days for cell in one.cells if cell is not None)
    last = most or (known[min(len(known) - 1, len(known) * 99 // 100)] if known else 1) or 1
    sums = [sum(cell for cell in one.cells if cell is not None) for one in days]
    largest = max(sums, default=1) or 1
    rows = tuple(
        HeatRow(
            one.label, 15 + ROW * index, tuple(_runs(one, last)), total,
            round(_TOTALS * total / largest, 2), one.chosen,
        )
        for index, (one, total) in enumerate(zip(days, sums, strict=True))
    )  # fmt: skip
    missing = sum(cell is None for one in days for cell in one.cells)
    estimated = sum(sum(one.estimated) for one in days)
    return Heatmap(15 + ROW * len(days) + 2, rows, last, missing, estimated)


def _runs(one: HeatDay, most: int) -> Iterable[HeatRun]:
    look = _look(one, most)
    slot = (_RIGHT - _LEFT) / max(1, len(one.cells))
    start = 0
    for index in range(1, len(one.cells) + 1):
        if index == len(one.cells) or look(index) != look(start):
            step, guessed = look(start)
            width = slot * (index - start)
            yield HeatRun(round(_LEFT + slot * start, 2), round(width + 0.03, 2), step, guessed)
            start = index


def _look(one: HeatDay, most: int) -> Callable[[int], tuple[int, bool]]:
    def look(index: int) -> tuple[int, bool]:
        cell = one.cells[index]
        guessed = bool(one.estimated[index]) if one.estimated else False
        return (-1, False) if cell is None else (min(HEAT_STEPS - 1, cell * HEAT_STEPS // most), guessed)

    return look
