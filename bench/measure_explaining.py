"""One explanation, words and all, against rating as many bills as it has mixtures; and the weather's fit.

The reference is the least that pricing every mixture of n factors one by one would cost: 2^n bills, without
making the mixtures, without sharing the effects out, without words. Two months of a household whose prices
and tax changed, with estimated readings that have since been replaced and weather that was told apart. Both
run with what they keep between calls. The fit of a year's days, with its eight folds and two hundred draws,
is held against the least it could cost one by one: a plain least squares for each of its balance points.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from bench.measure_rating import three_rates
from bench.measurement import Measurement, side_by_side
from billing.domain.explanation.comparison import Comparison, explain
from billing.domain.explanation.sides import Side
from billing.domain.explanation.weather.daylight import day_lengths
from billing.domain.explanation.weather.fit import COOLING_CELSIUS, HEATING_CELSIUS, LEAST_APART, Sample
from billing.domain.explanation.weather.parting import Weather, WeatherFit, fit_weather
from billing.domain.explanation.weather.record import DailyRecord, free_days
from billing.domain.explanation.words import answer_of
from billing.domain.rating.rate import rate_bill
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.file import tariff_of

LONDON = "Europe/London"


def measurements() -> Iterator[Measurement]:
    """Milliseconds from two bills' readings and tariffs to the sentence."""
    before = _side(Period(date(2026, 9, 1), date(2026, 10, 1)), 1_000_000, "0.36", "0.20", seed=1)
    after = _side(Period(date(2026, 10, 1), date(2026, 11, 1)), 1_300_000, "0.41", "0.05", seed=2)
    fit = fit_weather(_record())
    assert isinstance(fit, WeatherFit)
    weather = Weather(fit, (1_200_000, 4_800_000), (0, 0), (14.0, 9.0))
    found = explain(before, after, weather)
    assert "weather" in (found.factors if isinstance(found, Comparison) else ())
    assert isinstance(found, Comparison) and sum(found.effects_minor) == found.difference_minor
    mixtures = 2 ** len(found.factors)

    def ours() -> None:
        for _ in range(5):
            assert answer_of(explain(before, after, weather)).sentence

    def bills() -> None:
        for _ in range(5 * mixtures):
            rate_bill(after.usage, after.tariff, after.period)

    seconds = side_by_side(ours, bills)
    name = f"an explanation, ms, to {mixtures} bills rated"
    yield Measurement(name, seconds.ours * 200, seconds.reference * 200, "lower", 1.0)
    yield _fit_measurement()


def _fit_measurement() -> Measurement:
    record = _record()
    sample = Sample.of(record)
    pairs = [
        (heat, cool)
        for heat, below in enumerate(HEATING_CELSIUS)
        for cool, above in enumerate(COOLING_CELSIUS)
        if above - below >= LEAST_APART
    ]
    singles = [(heat, None) for heat in range(HEATING_CELSIUS.size)]
    singles_above = [(None, cool) for cool in range(COOLING_CELSIUS.size)]

    def ours() -> None:
        for _ in range(5):
            assert isinstance(fit_weather(record), WeatherFit)

    def one_by_one() -> None:
        for _ in range(5):
            for heat, cool in (*singles, *singles_above, *pairs):
                design = np.column_stack((sample.base, sample.terms(heat, cool)))
                np.linalg.lstsq(design, sample.kwh, rcond=None)

    seconds = side_by_side(ours, one_by_one)
    candidates = len(singles) + len(singles_above) + len(pairs)
    name = f"a weather fit with its checks, ms, to {candidates} least squares"
    return Measurement(name, seconds.ours * 200, seconds.reference * 200, "lower", 1.0)


def _record() -> DailyRecord:
    """A year of days of a household that heats, and whose days are irregular."""
    period = Period(date(2025, 11, 1), date(2026, 11, 1))
    rng = np.random.default_rng(3)
    daylight = day_lengths(period, 51.5)
    celsius = 11 + 1.9 * (daylight - 12.3) + rng.normal(0, 3, period.days)
    kwh = 9 + 1.1 * np.maximum(0, 14 - celsius) + rng.normal(0, 3, period.days)
    return DailyRecord(period, kwh, celsius, daylight, free_days(period, None))


def _side(period: Period, most: int, peak: str, tax: str, seed: int) -> Side:
    document = three_rates() | {"timezone": LONDON}
    charges: list[dict[str, Any]] = document["versions"][0]["charges"]
    charges[1]["periods"][1]["price"] = peak
    charges[0]["price"] = "12.00" if seed == 1 else "13.50"
    charges.append({"kind": "tax", "code": "vat", "label": "VAT", "percent": str(float(tax) * 100)})
    starts_at = day_starts_at(period.starts_on, LONDON)
    count = int((day_starts_at(period.ends_before, LONDON) - starts_at).total_seconds()) // 1800
    known = np.random.default_rng(seed).integers(0, most, count)
    billed, guessed = known.copy(), np.zeros(count, dtype=bool)
    guessed[:48] = True
    billed[guessed] = 500_000
    usage = Usage.of(starts_at, 30, billed, estimated=guessed)
    return Side(usage, tariff_of(document), period, LONDON, Usage.of(starts_at, 30, known))
