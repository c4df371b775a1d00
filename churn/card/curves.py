"""What stands where in the pictures of the card: each fact's curve, and the lives of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from churn.domain.additive import AdditiveModel
from churn.domain.drift import Watched
from churn.domain.facts import NUMERIC, natural
from churn.domain.models import Model
from utility_crm.web.formats import number, percent

POINTS = 40
HEIGHT = 40.0
LEAST_FACTOR = 1.02
"""What moves the odds by less than a fiftieth is not shown."""

_KINDS = {fact.name: fact.kind for fact in NUMERIC}


@dataclass(frozen=True, slots=True)
class FactCurve:
    """How a number moves the odds of leaving, over the nine middle tenths of customers. path: of an SVG of
    100 by 40, zero: the height where the odds are as on average. first, last: the number at both ends, as
    people say it; lowest, highest: times the usual odds."""

    fact: str
    path: str
    zero: float
    first: str
    last: str
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class NamedFact:
    """How a category moves the odds: (name, times the usual odds), the highest first."""

    fact: str
    names: tuple[tuple[str, float], ...]


def fact_curves(model: Model, kept: Mapping[str, Any], language: str) -> tuple[FactCurve, ...]:
    """One a number that moves the odds, what moves them most first. All are drawn to one scale."""
    watched = Watched.read(kept)
    facts = model.curves if isinstance(model, AdditiveModel) else model.numeric
    drawn = []
    for fact in facts:
        low, high = _ends(watched, fact.name)
        values = np.linspace(low, high, POINTS)
        terms = fact.term(values)
        drawn.append((fact.name, values, terms - float(terms.mean())))
    shown = [one for one in drawn if np.ptp(one[2]) > np.log(LEAST_FACTOR)]
    most = max((float(np.abs(terms).max()) for _, _, terms in shown), default=1.0)
    return tuple(
        _drawn(name, values, terms, most, language)
        for name, values, terms in sorted(shown, key=lambda one: -float(np.ptp(one[2])))
    )


def _ends(watched: Watched | None, name: str) -> tuple[float, float]:
    bins = None if watched is None else watched.numbers.get(name)
    if bins is None or not bins.edges.size:
        return 0.0, 1.0
    low, high = float(bins.edges[0]), float(bins.edges[-1])
    # Of what most have none of, all edges lie at nought: one more is shown.
    return (low, high) if high - low > 1e-6 else (low, low + 1.0)


def _drawn(name: str, values: Any, terms: Any, most: float, language: str) -> FactCurve:
    xs = np.linspace(0, 100, len(values))
    ys = HEIGHT / 2 - terms / most * (HEIGHT / 2 - 2)
    points = " ".join(f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
    first, last = (_said(name, float(value), language) for value in (values[0], values[-1]))
    return FactCurve(
        name, f"M{points}", HEIGHT / 2, first, last, float(np.exp(terms.min())), float(np.exp(terms.max()))
    )


def _said(name: str, kept: float, language: str) -> str:
    kind = _KINDS[name]
    value = float(natural(kind, np.array([kept]))[0])
    if kind == "change":
        return ("+" if value > 0 else "") + percent(value, 0, language)
    if kind == "share":
        return percent(value, 0, language)
    return number(value, 0 if abs(value) >= 10 else 1, language)


def named_facts(model: Model) -> tuple[NamedFact, ...]:
    """Categories, against the mean of their names."""
    facts = model.levels if isinstance(model, AdditiveModel) else model.categorical
    found = []
    for fact in facts:
        heights = fact.heights if hasattr(fact, "heights") else fact.weights
        if not heights:
            continue
        mean = sum(heights.values()) / len(heights)
        rows = [(name, float(np.exp(high - mean))) for name, high in heights.items()]
        found.append(NamedFact(fact.name, tuple(sorted(rows, key=lambda row: -row[1]))))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Life:
    """One curve: of a segment ("" of everybody), over years with us. path, band: of an SVG of 100 by 100;
    last: the share kept at its end, `y` its place there in percent. median: years, None where never seen."""

    segment: str
    customers: int
    lost: int
    begins: float
    path: str
    band: str
    last: float
    y: float
    median: float | None
    at: tuple[tuple[int, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class LifeCurves:
    """years: at the right edge."""

    years: float
    lives: tuple[Life, ...]


MARKS = (1, 2, 5, 10)


def life_curves(stored: Sequence[Mapping[str, Any]]) -> LifeCurves | None:
    """Curves on one scale; None where nothing is known. At each of MARKS years: (years, kept, low, high)."""
    known = [one for one in stored if one["steps"]]
    if not known:
        return None
    years = max(one["steps"][-1][0] for one in known)
    return LifeCurves(years, tuple(_life(one, years) for one in known))


def _life(one: Mapping[str, Any], years: float) -> Life:
    steps = one["steps"]
    begins = float(one["from"])
    path = [f"M{100 * begins / years:.2f} 0"]
    for time, kept, *_ in steps:
        path.append(f"H{100 * time / years:.2f}V{100 * (1 - kept):.2f}")
    there, back = ([(100 * step[0] / years, 100 * (1 - step[side])) for step in steps] for side in (3, 2))
    edge = " ".join(f"L{x:.2f} {y:.2f}" for x, y in [*there, *reversed(back)])
    band = f"M{100 * begins / years:.2f} 0 {edge}Z"
    marks = []
    for mark in MARKS:
        before = [step for step in steps if step[0] <= mark]
        if before and begins <= mark <= steps[-1][0]:
            marks.append((mark, *before[-1][1:4]))
    last = float(steps[-1][1])
    return Life(
        one["segment"],
        one["customers"],
        one["lost"],
        begins,
        "".join(path),
        band,
        last,
        round(100 * (1 - last), 2),
        one["median"],
        tuple(marks),
    )
