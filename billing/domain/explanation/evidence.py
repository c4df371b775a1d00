"""How we know it: for each effect the figures behind it, and one short phrase for the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.phrases import day_count, kwh_text, percent_text, price_text
from billing.domain.money import MICRO
from billing.domain.rating import Line, RatedBill


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, before and after, already in its unit; None where a bill has no such thing."""

    name: str
    before: str | None
    after: str | None
    unit: str


@dataclass(frozen=True, slots=True)
class Evidence:
    effect: str
    text: str
    figures: tuple[Figure, ...] = ()


def evidence_of(found: Comparison, effect: str) -> Evidence:
    """The proof of one of ``found.factors``."""
    figures = _FIGURES[effect](found)
    text = _TEXTS.get(effect, _was)(figures) if figures else _WITHOUT_FIGURES[effect]
    return Evidence(effect, text, figures)


def _days(found: Comparison) -> tuple[Figure, ...]:
    before, after = found.before.period.days, found.after.period.days
    if before != after:
        return (Figure("days", str(before), str(after), "days"),)
    weekends = [
        sum(day.weekday() >= 5 for day in bill.period.dates()) for bill in (found.before, found.after)
    ]
    return (Figure("days at weekends", str(weekends[0]), str(weekends[1]), "days"),)


def _prices(bill: RatedBill, kind: str) -> dict[tuple[str, str], list[Line]]:
    found: dict[tuple[str, str], list[Line]] = {}
    for line in bill.lines:
        if line.kind == kind:
            found.setdefault((line.code, line.label if kind == "energy" else ""), []).append(line)
    return found


def _changed_prices(found: Comparison, kind: str) -> tuple[Figure, ...]:
    before, after = _prices(found.before, kind), _prices(found.after, kind)
    figures = []
    for key in dict.fromkeys((*before, *after)):
        prices = [
            " and ".join(dict.fromkeys(_price(line, found.before.currency) for line in bill.get(key, ())))
            or None
            for bill in (before, after)
        ]
        if prices[0] != prices[1]:
            line = (after.get(key) or before[key])[0]
            unit = "" if kind == "tax" else line.unit
            figures.append(Figure(line.label, prices[0], prices[1], unit))
    return tuple(figures)


def _price(line: Line, currency: str) -> str:
    return percent_text(line.price_micro) if line.kind == "tax" else price_text(line.price_micro, currency)


def _volume(found: Comparison) -> tuple[Figure, ...]:
    levels = [kwh_text(int(laid.actual.sum()) // laid.days) for laid in found.game.sides]
    return (Figure("use a day", levels[0], levels[1], "kWh"),)


def _shift(found: Comparison) -> tuple[Figure, ...]:
    """The share of each label in each bill's energy, the largest change first."""
    shares = []
    for bill in (found.before, found.after):
        total = sum(line.quantity_micro for line in bill.lines if line.kind == "energy")
        share: dict[str, int] = {}
        for line in bill.lines:
            if line.kind == "energy" and total > 0:
                share[line.label] = share.get(line.label, 0) + line.quantity_micro * MICRO // total
        shares.append(share)
    labels = [label for label in shares[1] if label in shares[0]]
    if len(labels) < 2:
        return ()
    labels.sort(key=lambda label: -abs(shares[1][label] - shares[0][label]))
    return tuple(
        Figure(label, percent_text(shares[0][label], 0), percent_text(shares[1][label], 0), "of the energy")
        for label in labels
    )


def _estimate(found: Comparison) -> tuple[Figure, ...]:
    """Of each bill with replaced estimates: kWh as billed, and as read since."""
    figures = []
    for name, laid in zip(("before", "after"), found.game.sides, strict=True):
        replaced = laid.billed != laid.actual
        if np.any(replaced):
            billed, read = (kwh_text(int(grid[replaced].sum())) for grid in (laid.billed, laid.actual))
            figures.append(Figure(f"estimated in the bill {name}", billed, read, "kWh"))
    return tuple(figures)


def _tariff(found: Comparison) -> tuple[Figure, ...]:
    before, after = (laid.side.tariff.name for laid in found.game.sides)
    return (Figure("tariff", before, after, ""),)


def _arrow(figure: Figure) -> str:
    if figure.before is None:
        return f"{figure.name} {figure.after} is new"
    if figure.after is None:
        return f"{figure.name} {figure.before} is gone"
    return f"{figure.name} {figure.before} → {figure.after}"


def _arrows(figures: tuple[Figure, ...]) -> str:
    units = {figure.unit for figure in figures}
    text = ", ".join(_arrow(figure) for figure in figures[:3])
    return f"{text} a {units.pop()}" if len(units) == 1 and "" not in units else text


def _was(figures: tuple[Figure, ...]) -> str:
    first = figures[0]
    return f"{first.name} {first.after}, was {first.before}"


_FIGURES: dict[str, Callable[[Comparison], tuple[Figure, ...]]] = {
    "days": _days,
    "price": lambda found: _changed_prices(found, "energy"),
    "fixed": lambda found: _changed_prices(found, "fixed"),
    "tax": lambda found: _changed_prices(found, "tax"),
    "tariff": _tariff,
    "volume": _volume,
    "shift": _shift,
    "estimate": _estimate,
}
_TEXTS: dict[str, Callable[[tuple[Figure, ...]], str]] = {
    "days": lambda figures: (
        f"{day_count(figures[0].after)}, was {figures[0].before}"
        if figures[0].name == "days"
        else f"{day_count(figures[0].after)} at weekends, was {figures[0].before}"
    ),
    "price": _arrows,
    "fixed": _arrows,
    "tax": _arrows,
    "tariff": lambda figures: f"{figures[0].before} → {figures[0].after}",
    "volume": lambda figures: f"{figures[0].after} kWh a day, was {figures[0].before}",
    "shift": lambda figures: f"{figures[0].name} {figures[0].after} of the energy, was {figures[0].before}",
    "estimate": lambda figures: "; ".join(
        f"{figure.before} kWh guessed, {figure.after} read" for figure in figures
    ),
}
_WITHOUT_FIGURES = {
    "days": "other days",
    "price": "the same prices, at other hours",
    "fixed": "the same price, on other days",
    "tax": "the same rate, on other lines",
    "volume": "another daily use",
    "shift": "one price for all hours: other hours change nothing",
    "estimate": "estimates replaced by readings",
    "tariff": "another tariff",
}
