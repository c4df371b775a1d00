"""The promised document of an explanation, whether its bills are issued or only reckoned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from billing.domain.explanation.figures import Figure
from billing.domain.explanation.phrases import fit_text
from billing.domain.explanation.weather.parting import LeftOut, Reason, Slope, Weather, WeatherFit
from billing.domain.explanation.weather.record import DailyRecord
from billing.domain.money import MICRO, amount_text


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One effect. noun: the cause as a phrase; detail: how we know it; figures: what the detail is made
    of; plural: whether the noun is."""

    effect: str
    noun: str
    amount_minor: int
    detail: str
    figures: tuple[Figure, ...] = ()
    plural: bool = False


@dataclass(frozen=True, slots=True)
class SupplyWeather:
    """What was found of the weather at one service point. record: the days it was looked for in."""

    point: str
    found: Weather | LeftOut
    record: DailyRecord | None = None


class EffectDocument(TypedDict):
    """One effect, its amount a signed decimal string."""

    effect: str
    amount: str
    detail: str


class SlopeDocument(TypedDict):
    """kWh a degree-day beyond a balance point; plus_minus: two standard errors."""

    balance_celsius: float
    kwh_per_degree_day: float
    plus_minus: float


class FitDocument(TypedDict):
    """How well the household's days are fitted, and by what; see docs/explanation.md."""

    starts_on: str
    ends_before: str
    days: int
    r2: float
    cvrmse: float
    gain: float
    heating: SlopeDocument | None
    cooling: SlopeDocument | None


class BillWeatherDocument(TypedDict):
    """Of one bill's days: mean temperature, and what the fit lays to it."""

    celsius: float
    kwh_a_day: float


class WeatherDocument(TypedDict):
    """reason: why the weather is left out, None where it is told apart; then both bills are given."""

    service_point: str
    reason: Reason | None
    fit: FitDocument | None
    before: BillWeatherDocument | None
    after: BillWeatherDocument | None


class ExplanationDocument(TypedDict):
    """The promised document of `billing explain`; before and difference are None where there is no earlier
    bill. Effects add up to the difference exactly, except against a bill of a few days, which has none.
    residual: the difference less all effects. weather: one entry a service point whose weather was looked
    for."""

    before: str | None
    after: str
    difference: str | None
    effects: list[EffectDocument]
    residual: str | None
    sentence: str
    weather: list[WeatherDocument]


def explanation_document(
    before_minor: int | None,
    after_minor: int,
    decimals: int,
    rows: Sequence[EffectRow],
    sentence: str,
    weathers: Sequence[SupplyWeather],
    *,
    compared: bool,
) -> ExplanationDocument:
    """Totals and effects as signed decimal strings. compared: whether there are effects at all."""

    def amount(minor: int) -> str:
        return amount_text(minor, decimals)

    difference = after_minor - (before_minor or 0)
    left = difference - sum(row.amount_minor for row in rows)
    return {
        "before": None if before_minor is None else amount(before_minor),
        "after": amount(after_minor),
        "difference": None if before_minor is None else amount(difference),
        "effects": [
            {
                "effect": row.effect,
                "amount": amount(row.amount_minor),
                "detail": _with_fit(row, weathers),
            }
            for row in rows
        ],
        "residual": amount(left) if compared else None,
        "sentence": sentence,
        "weather": [weather_document(one) for one in weathers],
    }


def _with_fit(row: EffectRow, weathers: Sequence[SupplyWeather]) -> str:
    """The detail; of the weather's effect never without how well it is known."""
    fits = [one.found.fit for one in weathers if isinstance(one.found, Weather)]
    if row.effect != "weather" or not fits:
        return row.detail
    return "; ".join((row.detail, *(fit_text(fit) for fit in fits)))


def weather_document(one: SupplyWeather) -> WeatherDocument:
    found = one.found
    if isinstance(found, LeftOut):
        fit = _fit_document(found.fit) if found.fit is not None else None
        return {
            "service_point": one.point,
            "reason": found.reason,
            "fit": fit,
            "before": None,
            "after": None,
        }
    bills: list[BillWeatherDocument] = [
        {"celsius": round(degrees, 1), "kwh_a_day": round(micro / MICRO, 3)}
        for degrees, micro in zip(found.celsius, found.micro_kwh_a_day, strict=True)
    ]
    return {
        "service_point": one.point,
        "reason": None,
        "fit": _fit_document(found.fit),
        "before": bills[0],
        "after": bills[1],
    }


def _fit_document(fit: WeatherFit) -> FitDocument:
    return {
        "starts_on": fit.period.starts_on.isoformat(),
        "ends_before": fit.period.ends_before.isoformat(),
        "days": fit.days,
        "r2": round(fit.r2, 3),
        "cvrmse": round(fit.cvrmse, 3),
        "gain": round(fit.gain, 3),
        "heating": _slope_document(fit.heating),
        "cooling": _slope_document(fit.cooling),
    }


def _slope_document(slope: Slope | None) -> SlopeDocument | None:
    if slope is None:
        return None
    return {
        "balance_celsius": slope.balance_celsius,
        "kwh_per_degree_day": round(slope.kwh, 3),
        "plus_minus": round(slope.plus_minus, 3),
    }
