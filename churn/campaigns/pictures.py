"""Where things stand on the charts of a campaign: x in percent of the width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from churn.campaigns.results import Results, Row
from churn.domain.campaigns.assigning import CONTROL
from utility_crm.web.charts import axis

CURVE_HEIGHT = 110.0


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval: of its ends and its point the x in percent; the row it shows."""

    row: Row
    low: float
    high: float
    point: float
    clear: bool


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals over one axis, of customers in a hundred, or of margin in minor units a customer: zero, and
    ticks of (x, label)."""

    zero: float
    ticks: tuple[tuple[float, int], ...]
    bars: tuple[Bar, ...]


def intervals(rows: Sequence[Row]) -> Intervals | None:
    """Of rows of shares, or of margin; None where nothing can be told."""
    told = [(row, row.effect) for row in rows if row.effect is not None]
    if not told:
        return None
    scale = 1 if told[0][0].outcome == "margin" else 100
    low = round(scale * min(min(effect.low for _, effect in told), 0.0) - 0.5)
    high = round(scale * max(max(effect.high for _, effect in told), 0.0) + 0.5)
    first, step, count = axis(low, high)
    wide = step * count

    def place(value: float) -> float:
        return round(100 * (scale * value - first) / wide, 2)

    bars = tuple(
        Bar(row, place(effect.low), place(effect.high), place(effect.difference), effect.clear)
        for row, effect in told
    )
    ticks = tuple((round(100 * n / count, 2), first + n * step) for n in range(count + 1))
    return Intervals(place(0.0), ticks, bars)


@dataclass(frozen=True, slots=True)
class Line:
    """A group's line: its path in a box of 100 by 100, how many of a hundred at the end, and where it
    stands there."""

    arm: str
    path: str
    last: float
    y: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Taken up, of a hundred of each group, by day. today: x in percent; ticks: (y in pixels, label)."""

    lines: tuple[Line, ...]
    today: float
    first: date
    last: date
    ticks: tuple[tuple[float, int], ...]


def curve(days: Sequence[tuple[date, str, int, int]], told: Results) -> Curve | None:
    """None before two days are known."""
    if len({day for day, *_ in days}) < 2:
        return None
    first, last = days[0][0], max(told.campaign.decides_on, days[-1][0])
    span = max(1, (last - first).days)
    most = max(100 * taken / size for _, _, size, taken in days if size) or 1.0
    _, step, count = axis(0, max(1, round(most + 0.5)), intervals=3)
    top = step * count
    lines = []
    for arm in (CONTROL, *told.arms):
        mine = [(day, 100 * taken / size) for day, key, size, taken in days if key == arm and size]
        if not mine:
            continue
        steps = [f"M0 {100 - 100 * mine[0][1] / top:.1f}"]
        for day, share in mine[1:]:
            steps.append(f"H{100 * (day - first).days / span:.2f}V{100 - 100 * share / top:.1f}")
        lines.append(Line(arm, "".join(steps), mine[-1][1], 10 + CURVE_HEIGHT * (1 - mine[-1][1] / top)))
    ticks = tuple((round(10 + CURVE_HEIGHT * (1 - n / count), 1), n * step) for n in range(1, count + 1))
    return Curve(tuple(_apart(lines)), round(100 * (days[-1][0] - first).days / span, 2), first, last, ticks)


def _apart(lines: list[Line]) -> list[Line]:
    """Labels a line's height apart, the lowest where it belongs."""
    placed: list[Line] = []
    for one in sorted(lines, key=lambda line: -line.y):
        y = min(one.y, placed[-1].y - 14) if placed else min(one.y, 116.0)
        placed.append(Line(one.arm, one.path, one.last, round(y, 1)))
    return placed
