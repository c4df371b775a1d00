"""Where things stand on the pictures of value: x in percent of the width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from churn.domain.value.pareto import Curve
from churn.value.content import Content

PART = 0.8
STOPS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0)
HEIGHT, TOP = 150.0, 14.0


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: its path in a box of 100 by 100, what it is of, the share of customers that brings 80 %, and
    what each of `STOPS` brings."""

    of: str
    path: str
    share: float
    stops: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves of one base over one axis. ticks: (y in pixels, share); part_y: where 80 % stands."""

    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, float], ...]
    part_y: float
    equal: str


def curve_of(kept: Mapping[str, Any] | None) -> Curve | None:
    """A curve as `value_days.curves` keeps it."""
    if kept is None:
        return None
    return Curve(tuple(kept["customers"]), tuple(kept["brought"]), kept["count"], kept["total"])


def curves(kept: Mapping[str, Any]) -> Curves | None:
    """Of revenue, and of margin where it is known; None where nothing was brought."""
    found = [(of, one) for of in ("revenue", "margin") if (one := curve_of(kept.get(of))) is not None]
    if not found:
        return None
    top = max(1.0, *(max(one.brought) for _, one in found))
    lines = tuple(
        Line(
            of,
            "M"
            + "L".join(
                f"{100 * x:.2f} {100 - 100 * y / top:.2f}"
                for x, y in zip(one.customers, one.brought, strict=True)
            ),
            one.share_bringing(PART),
            tuple(one.brought_by(stop) for stop in STOPS),
        )
        for of, one in found
    )
    ticks = tuple((round(TOP + HEIGHT * (1 - share / top), 1), share) for share in (0.25, 0.5, 0.75, 1.0))
    return Curves(
        lines, ticks, round(TOP + HEIGHT * (1 - PART / top), 1), f"M0 100L100 {100 - 100 / top:.2f}"
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """A group's interval on the axis of its question, in percent of the width; None: nothing is told."""

    row: Content
    low: float = 0.0
    width: float = 0.0
    point: float = 0.0


def bars(rows: Sequence[Content]) -> list[Bar]:
    """NPS runs from -1 to 1, satisfaction from 0 to 1."""
    found = []
    for row in rows:
        if row.figure is None:
            found.append(Bar(row))
            continue
        wide, from_ = (2.0, -1.0) if row.question == "nps" else (1.0, 0.0)
        low, point, high = (
            round(100 * (value - from_) / wide, 2)
            for value in (row.figure.low, row.figure.value, row.figure.high)
        )
        found.append(Bar(row, low, round(high - low, 2), point))
    return found
