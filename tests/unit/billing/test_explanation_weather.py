"""Weather as a factor: the properties of EXPLAIN B4 hold with it, too; B9 is the worked example."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rating_cases import (
    FIRST,
    SECOND,
    WORKED,
    flat,
    london_usage,
    pairs,
    side_of,
    tariff,
    usage_over,
    version,
    week_usage,
)
from weather_cases import FIT, LONDON_LATITUDE, swapped, weathers

from billing.domain.explanation.comparison import compare, explain
from billing.domain.explanation.evidence import evidence_of
from billing.domain.explanation.game import Game, line_key
from billing.domain.explanation.nouns import noun_of
from billing.domain.explanation.sides import Side
from billing.domain.explanation.weather.daylight import day_lengths
from billing.domain.explanation.weather.parting import LeftOut, Weather, WeatherFit, fit_weather, part_weather
from billing.domain.explanation.weather.record import (
    DailyRecord,
    Temperatures,
    daily_celsius,
    daily_kwh,
    free_days,
)
from billing.domain.explanation.words import answer_of, word_count
from billing.domain.reckoning.days import Period

many = settings(deadline=None, max_examples=20)
Pair = tuple[Side, Side]
LONDON = "Europe/London"
FLAT = tariff(version(flat("0.20")))


@many
@given(pairs(), weathers())
def test_effects_add_up_and_no_line_has_a_residual(pair: Pair, weather: Weather) -> None:
    found = compare(*pair, weather)
    assert sum(found.effects_minor) == found.difference_minor
    for row in found.rows:
        assert sum(row.effects_minor) == row.after_minor - row.before_minor
    for index in range(len(found.factors)):
        assert found.effects_minor[index] == sum(row.effects_minor[index] for row in found.rows)
    answer = answer_of(found)
    assert word_count(answer.sentence) <= 25
    for factor in found.factors:
        assert evidence_of(found, factor).text and noun_of(found, factor).text


@many
@given(pairs(), weathers())
def test_swapping_negates_every_effect(pair: Pair, weather: Weather) -> None:
    there, back = compare(*pair, weather), compare(pair[1], pair[0], swapped(weather))
    assert there.factors == back.factors
    assert there.effects_minor == tuple(-effect for effect in back.effects_minor)


@many
@given(pairs(), weathers())
def test_the_corners_are_the_bills(pair: Pair, weather: Weather) -> None:
    game = Game.of(*pair, weather)
    factors = game.active()
    assume(factors and all(laid.actual.any() for laid in game.sides))
    values = game.values(factors)
    for corner, side in ((0, pair[0]), (-1, pair[1])):
        expected: dict[tuple[str, str, str], int] = {}
        for line in side.bill().lines:
            key = line_key(line.kind, line.code, line.label)
            expected[key] = expected.get(key, 0) + line.amount_minor
        got = {key: int(row[corner]) for key, row in values.items()}
        assert {key: value for key, value in got.items() if value or key in expected} == expected


@many
@given(pairs(), weathers())
def test_weather_takes_from_the_use_and_from_nothing_that_use_does_not_move(
    pair: Pair, weather: Weather
) -> None:
    """A line of a fixed charge has no weather in it; the same weather in both bills is none."""
    found = compare(*pair, weather)
    if "weather" in found.factors:
        place = found.factors.index("weather")
        assert not any(row.effects_minor[place] for row in found.rows if row.kind == "fixed")
    before, after = weather.micro_kwh_a_day
    used = all(laid.actual.any() for laid in found.game.sides)
    assert ("weather" in found.factors) == (before != after and used)
    if not used:
        assert found.weather == LeftOut("no_use") and compare(*pair).effects_minor == found.effects_minor


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(-3_000_000, 3_000_000))
def test_weather_and_volume_share_one_change(seed: int, times: int, warmed: int) -> None:
    """On a flat price without any other change: the weather's kWh at the price, and the rest."""
    usage = week_usage(FIRST, seed), week_usage(SECOND, seed, times)
    heating = (max(0, -warmed), max(0, warmed))
    weather = Weather(FIT, heating, (0, 0), (10.0, 10.0))
    found = compare(side_of(FLAT, FIRST, usage[0]), side_of(FLAT, SECOND, usage[1]), weather)
    expected = warmed * 28 * 0.20 / 1e6 * 100
    assert abs(found.effect("weather") - expected) <= 1.5
    assert found.effect("weather") + found.effect("volume") == found.difference_minor - found.effect("days")


def test_all_of_a_change_can_be_the_weathers() -> None:
    before = usage_over(FIRST, LONDON, lambda count: np.full(count, 100_000, dtype=np.int64))
    after = usage_over(SECOND, LONDON, lambda count: np.full(count, 150_000, dtype=np.int64))
    weather = Weather(FIT, (0, 48 * 50_000), (0, 0), (10.0, 5.0))
    found = compare(side_of(FLAT, FIRST, before), side_of(FLAT, SECOND, after), weather)
    assert found.factors == ("days", "weather")
    assert found.effects_minor == (0, found.difference_minor)


@pytest.mark.parametrize(
    ("heating", "cooling", "noun"),
    [
        ((0, 3_000_000), (0, 0), "the colder weather"),
        ((3_000_000, 0), (0, 0), "the milder weather"),
        ((0, 0), (0, 3_000_000), "the hotter weather"),
        ((0, 1), (3_000_000, 0), "the cooler weather"),
    ],
)
def test_weather_is_named_by_what_it_did(
    heating: tuple[int, int], cooling: tuple[int, int], noun: str
) -> None:
    sides = side_of(FLAT, FIRST, week_usage(FIRST, 1)), side_of(FLAT, SECOND, week_usage(SECOND, 1, 2))
    found = compare(*sides, Weather(FIT, heating, cooling, (11.0, 4.0)))
    assert noun_of(found, "weather").text == noun
    assert noun_of(found, "volume").text == "using more than the weather explains"


def test_where_weather_is_left_out_use_is_use() -> None:
    sides = side_of(FLAT, FIRST, week_usage(FIRST, 1)), side_of(FLAT, SECOND, week_usage(SECOND, 1, 2))
    found = compare(*sides, LeftOut("too_short", 94))
    assert noun_of(found, "volume").text == "using more a day"
    assert "weather" not in found.factors


def london_weather(folder: Path) -> Temperatures:
    """The half-hourly temperatures beside the London readings, GMT."""
    path = folder / "readings" / "london" / "price_temperature_2013.csv"
    if not path.exists():
        pytest.skip(f"needs the temperatures in {path.name}")
    with path.open(newline="") as lines:
        rows = [
            (datetime.fromisoformat(row["DateTime"]), row["Temperature"]) for row in csv.DictReader(lines)
        ]
    values = np.full(17_520, np.nan)
    for at, degrees in rows:
        values[(at - datetime(2013, 1, 1)) // timedelta(minutes=30)] = float(degrees)
    return Temperatures(datetime(2013, 1, 1, tzinfo=UTC), 30, values)


@pytest.mark.shared
def test_worked_example(shared_data: Path) -> None:
    """EXPLAIN B9: both bills to the penny, effects within 30 p (they hang on the fit), residual zero."""
    usage, temperatures = london_usage(shared_data, "MAC000003"), london_weather(shared_data)
    known = Period(date(2013, 1, 1), date(2013, 12, 1))
    record = DailyRecord(
        known,
        daily_kwh(usage, known, LONDON),
        daily_celsius(temperatures, known, LONDON),
        day_lengths(known, LONDON_LATITUDE),
        free_days(known, None),
    )
    fit = fit_weather(record)
    assert isinstance(fit, WeatherFit) and fit.heating is not None and fit.cooling is None
    assert fit.heating.balance_celsius == 11.5
    assert (round(fit.heating.kwh, 2), round(fit.r2, 2), round(fit.cvrmse, 2)) == (2.57, 0.63, 0.40)
    periods = Period(date(2013, 10, 1), date(2013, 11, 1)), Period(date(2013, 11, 1), date(2013, 12, 1))
    weather = part_weather(fit, *(daily_celsius(temperatures, period, LONDON) for period in periods))
    assert isinstance(weather, Weather)
    assert tuple(round(degrees, 1) for degrees in weather.celsius) == (14.3, 8.4)

    found = explain(*(Side(usage, WORKED, period, LONDON) for period in periods), weather)
    assert (found.before.total_minor, found.after.total_minor) == (7766, 10154)
    lines = {row.label if row.kind == "energy" else row.code: row for row in found.rows}
    assert {name: (row.before_minor, row.after_minor) for name, row in lines.items()} == {
        "standing": (806, 780),
        "night": (2073, 4339),
        "day": (3524, 3436),
        "peak": (993, 1115),
        "vat": (370, 484),
    }
    assert found.factors == ("days", "weather", "volume", "shift")
    assert sum(found.effects_minor) == found.difference_minor == 2388
    assert all(sum(row.effects_minor) == row.after_minor - row.before_minor for row in found.rows)
    tabled = {
        "standing": (-26, 0, 0, 0),
        "night": (-87, 1684, -262, 931),
        "day": (-124, 2005, -311, -1658),
        "peak": (-75, 595, -92, -306),
        "vat": (-16, 214, -33, -51),
    }
    for name, cells in tabled.items():
        assert all(abs(a - b) <= 30 for a, b in zip(lines[name].effects_minor, cells, strict=True)), name
    assert all(abs(a - b) <= 30 for a, b in zip(found.effects_minor, (-328, 4498, -698, -1084), strict=True))
    answer = answer_of(found)
    assert answer.sentence.startswith(
        "Your November bill is £23.88 more than October’s; the colder month alone adds £4"
    )
    assert "using less than the weather explains takes off £" in answer.if_asked_on
    assert evidence_of(found, "weather").text.startswith("14.3 → 8.4 °C; heating 0.4 → 8.3 kWh a day")
