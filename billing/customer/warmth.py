"""The evidence of the weather: each day's use against its temperature, and the line that was fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from billing.domain.explanation.weather.parting import LeftOut, Slope, Weather, WeatherFit
from billing.domain.reckoning.days import Period
from billing.explaining import Explained, SupplyWeather
from billing.explaining.left_out import REASONS
from billing.queries.bills import BillRow
from billing.wording import say
from utility_crm.web.charts import axis
from utility_crm.web.formats import number
from utility_crm.web.words import mark

HEIGHT, TOP, FLOOR = 172, 10, 150
"""Pixels of the chart, its highest value and its zero."""
WIDE = 1000
"""Of the fitted line's own box, which is stretched over the chart."""
DEGREES = 5
"""From one line of the axis to the next."""
BELOW = mark("below %(degrees)s °C each degree adds %(kwh)s kWh a day")
ABOVE = mark("above %(degrees)s °C each degree adds %(kwh)s kWh a day")


@dataclass(frozen=True, slots=True)
class Dot:
    """A day: x in percent, y in pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class WarmthChart:
    """before, after: the days of either bill. lines: (y, kWh) and ticks: (x, degrees) of the axes; balances:
    (x, degrees). In a box of WIDE x HEIGHT: others, a path of a point for each other day of the year, and
    fitted, points of a polyline."""

    others: str
    before: tuple[Dot, ...]
    after: tuple[Dot, ...]
    lines: tuple[tuple[float, int], ...]
    ticks: tuple[tuple[float, int], ...]
    fitted: str
    balances: tuple[tuple[float, float], ...]
    height: int = HEIGHT
    floor: int = FLOOR
    wide: int = WIDE


@dataclass(frozen=True, slots=True)
class Warmth:
    """One service point's weather in words and as a chart. point: empty where there is but one."""

    point: str
    finding: str
    quality: str
    doubt: str
    chart: WarmthChart


def warmths(found: Explained, language: str) -> tuple[Warmth, ...]:
    """Of each service point whose weather is told apart."""
    several = len(found.weathers) > 1
    return tuple(
        Warmth(
            one.point if several else "",
            _finding(one.found.fit, language),
            _quality(one.found.fit, language),
            _doubt(one.found.fit, language),
            chart,
        )
        for one in found.weathers
        if isinstance(one.found, Weather) and (chart := _chart_of(one, found)) is not None
    )


def left_out(found: Explained, language: str) -> tuple[tuple[str, str], ...]:
    """(service point, why its weather is not told apart); nothing where no temperature is known at all."""
    _ = say(language)
    several = len(found.weathers) > 1
    return tuple(
        (one.point if several else "", _(REASONS[one.found.reason]))
        for one in found.weathers
        if isinstance(one.found, LeftOut) and one.found.reason != "no_temperatures"
    )


def _finding(fit: WeatherFit, language: str) -> str:
    _ = say(language)
    said = "; ".join(
        _(template, degrees=_degrees(slope, language), kwh=number(slope.kwh, 2, language))
        for slope, template in ((fit.heating, BELOW), (fit.cooling, ABOVE))
        if slope is not None
    )
    return said[:1].upper() + said[1:]


def _degrees(slope: Slope, language: str) -> str:
    return number(slope.balance_celsius, 1 if slope.balance_celsius % 1 else 0, language)


def _quality(fit: WeatherFit, language: str) -> str:
    """How well the days are fitted."""
    _ = say(language)
    return _(
        "fitted on %(days)s days: R² %(r2)s, CV(RMSE) %(error)s",
        days=fit.days,
        r2=number(fit.r2, 2, language),
        error=number(fit.cvrmse, 2, language),
    )


def _doubt(fit: WeatherFit, language: str) -> str:
    """How far each slope may be off."""
    _ = say(language)
    sizes = [
        number(slope.plus_minus, 2, language) for slope in (fit.heating, fit.cooling) if slope is not None
    ]
    return _("± %(kwh)s kWh a degree", kwh=" / ".join(sizes))


def _chart_of(one: SupplyWeather, found: Explained) -> WarmthChart | None:
    if one.record is None or not isinstance(one.found, Weather) or found.against is None:
        return None
    record, fit = one.record, one.found.fit
    known = np.flatnonzero(~(np.isnan(record.kwh) | np.isnan(record.celsius)))
    celsius, kwh = record.celsius[known], record.kwh[known]
    low = int(np.floor(celsius.min() / DEGREES)) * DEGREES
    high = max(low + DEGREES, int(np.ceil(celsius.max() / DEGREES)) * DEGREES)
    # As high as the highest day, or the line at its steepest.
    heat, cool = fit.kwh(np.array([low, high], dtype=np.float64))
    most = max(float(kwh.max()), fit.base_kwh + float((heat + cool).max()), 1.0)
    _, step, count = axis(0, int(np.ceil(most)), 3)

    def across(degrees: float) -> float:
        return round(100 * (degrees - low) / (high - low), 2)

    def up(value: float) -> float:
        return round(FLOOR - (FLOOR - TOP) * value / most, 1)

    first = record.period.starts_on.toordinal()
    before, after = (_inside(bill, first, known) for bill in (found.against, found.bill))

    def dots(chosen: Any) -> tuple[Dot, ...]:
        pairs = zip(celsius[chosen].tolist(), kwh[chosen].tolist(), strict=True)
        return tuple(Dot(across(degrees), up(value)) for degrees, value in pairs)

    others = ~(before | after)
    return WarmthChart(
        _points(WIDE * (celsius[others] - low) / (high - low), FLOOR - (FLOOR - TOP) * kwh[others] / most),
        dots(before),
        dots(after),
        tuple((up(step * place), step * place) for place in range(1, count + 1) if step * place <= most),
        tuple((across(degrees), degrees) for degrees in range(low, high + 1, DEGREES)),
        _fitted(fit, low, high, up),
        tuple(
            (across(slope.balance_celsius), slope.balance_celsius)
            for slope in (fit.heating, fit.cooling)
            if slope is not None
        ),
    )


def _points(x: Any, y: Any) -> str:
    """A path that is a point at each place; two days at one place are one point."""
    places = np.unique(np.rint(x).astype(np.int64) * WIDE + np.rint(y).astype(np.int64))
    return "".join(f"M{place // WIDE},{place % WIDE}h0" for place in places.tolist())


def _inside(bill: BillRow, first: int, known: Any) -> Any:
    """Which of the known days are the bill's."""
    days = Period(bill.starts_on, bill.ends_before)
    return (known + first >= days.starts_on.toordinal()) & (known + first < days.ends_before.toordinal())


def _fitted(fit: WeatherFit, low: int, high: int, up: Any) -> str:
    corners = {float(low), float(high)}
    corners |= {slope.balance_celsius for slope in (fit.heating, fit.cooling) if slope is not None}
    at = np.array(sorted(corner for corner in corners if low <= corner <= high))
    heat, cool = fit.kwh(at)
    return " ".join(
        f"{WIDE * (degrees - low) / (high - low):.0f},{up(value)}"
        for degrees, value in zip(at.tolist(), (fit.base_kwh + heat + cool).tolist(), strict=True)
    )
