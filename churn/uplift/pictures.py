"""Where things stand on the charts of uplift: x in percent, customers in a hundred of those drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from churn.domain.uplift.repeating import STEPS
from churn.domain.uplift.verdicts import LEAVING, UPLIFT
from utility_crm.web.charts import axis

HEIGHT, TOP = 190.0, 16.0
RANDOM = "random"
LABEL_STEPS = {UPLIFT: range(4, 8), LEAVING: range(9, 14), RANDOM: range(15, 19)}
"""At which twentieths a line may be named: apart from each other, so that names do not meet."""

_LABEL_PX = 7.0


@dataclass(frozen=True, slots=True)
class Lane:
    """A ranking's interval: x of its ends and its point."""

    name: str
    low: float
    high: float
    point: float
    clear: bool


@dataclass(frozen=True, slots=True)
class Lanes:
    """Intervals over one axis: zero, and ticks of (x, customers in a hundred)."""

    zero: float
    ticks: tuple[tuple[float, float], ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A ranking's curve: its path in a box of 100 by 100; where its name stands, y in pixels."""

    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Qini curves. band: the closed path of the first line's 95 %, edges: its two lines. ticks: (y in pixels,
    customers in a hundred); floor: y of nobody won."""

    lines: tuple[Line, ...]
    band: str
    edges: tuple[str, str]
    ticks: tuple[tuple[float, float], ...]
    floor: float


def lanes(rankings: Mapping[str, Any]) -> Lanes:
    """Of every ranking's area beyond random."""
    found = {name: one["qini"] for name, one in rankings.items()}
    first, step, count = _scale(
        [0.0, *(one["low"] for one in found.values()), *(one["high"] for one in found.values())]
    )
    wide = step * count

    def place(share: float) -> float:
        return round(100 * (1000 * share - first) / wide, 2)

    return Lanes(
        place(0.0),
        tuple((round(100 * n / count, 2), (first + n * step) / 10) for n in range(count + 1)),
        tuple(
            Lane(
                name,
                place(one["low"]),
                place(one["high"]),
                place(one["value"]),
                one["low"] > 0 or one["high"] < 0,
            )
            for name, one in found.items()
        ),
    )


def chart(rankings: Mapping[str, Any]) -> Chart:
    """Uplift with its band, the chance of leaving where it is known, and asking at random."""
    shown = {name: rankings[name]["curve"] for name in (UPLIFT, LEAVING) if name in rankings}
    end = shown[UPLIFT][-1]
    shown[RANDOM] = [end * step / STEPS for step in range(STEPS + 1)]
    low, high = rankings[UPLIFT]["band"]
    first, step, count = _scale([*low, *high, *(value for one in shown.values() for value in one)])
    wide = step * count

    def at(share: float) -> float:
        """From the top, in percent of the height."""
        return round(100 * (1 - (1000 * share - first) / wide), 2)

    def path(values: Sequence[float], start: str = "M") -> str:
        steps = (f"{100 * n / STEPS:g} {at(value)}" for n, value in enumerate(values))
        return start + "L".join(steps)

    back = "L".join(f"{100 * n / STEPS:g} {at(low[n])}" for n in range(STEPS, -1, -1))
    return Chart(
        tuple(_named(name, path(values), shown, at) for name, values in shown.items()),
        f"{path(high)}L{back}Z",
        (path(low), path(high)),
        tuple((round(TOP + HEIGHT * (1 - n / count), 1), (first + n * step) / 10) for n in range(count + 1)),
        round(TOP + HEIGHT * at(0.0) / 100, 1),
    )


def _named(name: str, path: str, shown: Mapping[str, Sequence[float]], at: Callable[[float], float]) -> Line:
    """Its name stands above or below it where the next line on that side is farthest."""

    def room(step: int, up: bool) -> float:
        mine = shown[name][step]
        away = [values[step] - mine for other, values in shown.items() if other != name]
        return min((abs(one) for one in away if (one >= 0) is up), default=1.0)

    up, step = max(
        ((up, step) for up in (True, False) for step in LABEL_STEPS[name]),
        key=lambda one: room(one[1], one[0]),
    )
    y = TOP + HEIGHT * at(shown[name][step]) / 100 + (-_LABEL_PX if up else 2 * _LABEL_PX)
    return Line(name, path, 100 * step / STEPS, round(y, 1))


def _scale(values: Sequence[float]) -> tuple[int, int, int]:
    """(first, step, steps) in customers of a thousand."""
    return axis(floor(1000 * min(values)), ceil(1000 * max(values)))
