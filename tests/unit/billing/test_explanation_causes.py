"""Pairs of bills with one planted cause: that effect is the whole difference (EXPLAIN B4)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rating_cases import (
    FIRST,
    SECOND,
    WORKED,
    documents,
    fixed,
    flat,
    periods,
    priced_of,
    random_usage,
    side_of,
    tariff,
    tax,
    three_rates,
    usage_over,
    version,
    week_usage,
)

from billing.domain.explanation.comparison import Comparison, compare
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage

LONDON = "Europe/London"
seeds = st.integers(0, 2**32 - 1)
planted = settings(deadline=None, max_examples=30)


def only(found: Comparison, factor: str) -> None:
    assert found.effect(factor) == found.difference_minor
    for name, effect in zip(found.factors, found.effects_minor, strict=True):
        assert name == factor or effect == 0
    for row in found.rows:
        for name, effect in zip(found.factors, row.effects_minor, strict=True):
            assert name == factor or effect == 0


@planted
@given(seeds, st.integers(1, 500_000), st.integers(-90_000, 90_000))
def test_only_the_price(seed: int, micro: int, change: int) -> None:
    old, new = f"{micro / 1e6:.6f}", f"{(micro + change) / 1e6:.6f}"
    subject = tariff(
        version(fixed(), three_rates(day=old), tax()),
        version(fixed(), three_rates(day=new), tax(), starts_on=SECOND.starts_on.isoformat()),
    )
    found = compare(
        side_of(subject, FIRST, week_usage(FIRST, seed)), side_of(subject, SECOND, week_usage(SECOND, seed))
    )
    only(found, "price")
    assert ("price" in found.factors) == (change != 0)


@planted
@given(seeds, st.integers(-400, 400))
def test_only_the_fixed_charge(seed: int, pence: int) -> None:
    subject = tariff(
        version(fixed("0.26"), three_rates(), tax()),
        version(fixed(f"{pence / 1000:.3f}"), three_rates(), tax(), starts_on=SECOND.starts_on.isoformat()),
    )
    found = compare(
        side_of(subject, FIRST, week_usage(FIRST, seed)), side_of(subject, SECOND, week_usage(SECOND, seed))
    )
    only(found, "fixed")
    assert "fixed" in found.factors or pence == 260


@planted
@given(seeds, st.integers(0, 3000))
def test_only_the_tax(seed: int, percent: int) -> None:
    subject = tariff(
        version(fixed(), three_rates(), tax("5")),
        version(fixed(), three_rates(), tax(f"{percent / 100:.2f}"), starts_on=SECOND.starts_on.isoformat()),
    )
    found = compare(
        side_of(subject, FIRST, week_usage(FIRST, seed)), side_of(subject, SECOND, week_usage(SECOND, seed))
    )
    only(found, "tax")
    assert "tax" in found.factors or percent == 500


@planted
@given(seeds, st.integers(2, 9))
def test_only_the_volume(seed: int, times: int) -> None:
    found = compare(
        side_of(WORKED, FIRST, week_usage(FIRST, seed)),
        side_of(WORKED, SECOND, week_usage(SECOND, seed, times)),
    )
    only(found, "volume")
    assert found.difference_minor > 0


@planted
@given(seeds, seeds)
def test_only_the_hours(seed: int, order: int) -> None:
    """The same readings of a day at other hours of it."""
    before = week_usage(FIRST, seed)
    days = before.micro_kwh.reshape(28, 48)
    moved = days[:, np.random.default_rng(order).permutation(48)].ravel()
    after = Usage.of(week_usage(SECOND, seed).starts_at, 30, moved)
    only(compare(side_of(WORKED, FIRST, before), side_of(WORKED, SECOND, after)), "shift")


@planted
@given(st.integers(1, 3_000_000), st.integers(1, 30))
def test_only_the_days(micro: int, days: int) -> None:
    """The same use in every half-hour of every day, at one price."""
    longer = Period(SECOND.starts_on, SECOND.starts_on + timedelta(days=days + 28))
    subject = tariff(version(fixed(), flat(), tax()))
    found = compare(
        side_of(subject, FIRST, usage_over(FIRST, LONDON, micro)),
        side_of(subject, longer, usage_over(longer, LONDON, micro)),
    )
    only(found, "days")
    assert found.difference_minor > 0


@planted
@given(seeds, seeds, st.sampled_from([0, 1]))
def test_only_an_estimate(seed: int, guess: int, which: int) -> None:
    read = [week_usage(FIRST, seed), week_usage(SECOND, seed)]
    bill = [side_of(WORKED, FIRST, read[0]), side_of(WORKED, SECOND, read[1])]
    guessed = np.random.default_rng(guess).integers(0, 900_000, read[which].micro_kwh.size)
    mask = np.arange(guessed.size) < 200
    billed = Usage.of(
        read[which].starts_at, 30, np.where(mask, guessed, read[which].micro_kwh), estimated=mask
    )
    bill[which] = replace(bill[which], usage=billed, known=read[which])
    found = compare(bill[0], bill[1])
    only(found, "estimate")
    assert found.caveats == ()


@planted
@given(seeds, documents(code="other").filter(lambda found: found["decimals"] == 2))
def test_only_the_tariff(seed: int, other: dict[str, Any]) -> None:
    other = {**other, "versions": other["versions"][:1]}
    assume("seasons" not in other["versions"][0])
    found = compare(
        side_of(WORKED, FIRST, week_usage(FIRST, seed)),
        side_of(priced_of(other), SECOND, week_usage(SECOND, seed)),
    )
    assert set(found.factors) <= {"tariff", "days"}
    # What goes by the month counts 28 days of June and of July differently, which is the calendar's doing.
    by_month = any(charge["kind"] == "demand" for charge in other["versions"][0]["charges"])
    if not by_month and '"month"' not in json.dumps(other):
        only(found, "tariff")


@planted
@given(documents(), periods(), seeds, st.integers(2, 5))
def test_only_the_volume_over_any_period(
    found: dict[str, Any], period: Period, seed: int, times: int
) -> None:
    """Against itself with every reading multiplied: any tariff, any calendar, both clock changes."""
    subject = priced_of(found)
    usage = random_usage(period, LONDON, seed)
    more = Usage.of(usage.starts_at, 30, usage.micro_kwh * times)
    only(compare(side_of(subject, period, usage), side_of(subject, period, more)), "volume")


@planted
@given(documents(), documents(), periods(), seeds)
def test_only_the_tariff_over_any_period(
    first: dict[str, Any], second: dict[str, Any], period: Period, seed: int
) -> None:
    subjects = priced_of(first), priced_of({**second, "code": "other", "decimals": first["decimals"]})
    usage = random_usage(period, LONDON, seed)
    found = compare(side_of(subjects[0], period, usage), side_of(subjects[1], period, usage))
    assert set(found.factors) <= {"tariff"}
    only(found, "tariff")


def test_the_same_energy_over_more_days_is_less_a_day() -> None:
    longer = Period(SECOND.starts_on, SECOND.starts_on + timedelta(days=35))
    subject = tariff(version(fixed(), flat("0.20")))
    found = compare(
        side_of(subject, FIRST, usage_over(FIRST, LONDON, 350_000)),
        side_of(subject, longer, usage_over(longer, LONDON, 280_000)),
    )
    assert found.before.micro_kwh == found.after.micro_kwh
    assert found.factors == ("days", "volume")
    # By Shapley: seven days at the mean of 16.80 and 13.44 kWh, against 3.36 kWh a day over 28 or 35 days.
    assert found.effects_minor == (7 * 26 + 2117, -2117)


def test_seasons_of_one_version_are_a_matter_of_price() -> None:
    seasonal = tariff(
        version(
            {
                "kind": "energy",
                "code": "energy",
                "periods": [
                    {"label": "day", "price": "0.20", "seasons": ["summer"]},
                    {"label": "day", "price": "0.30", "seasons": ["winter"]},
                ],
            },
            seasons=[
                {"name": "summer", "from": "04-01", "to": "07-01"},
                {"name": "winter", "from": "07-01", "to": "04-01"},
            ],
        )
    )
    found = compare(
        side_of(seasonal, FIRST, week_usage(FIRST, 1)), side_of(seasonal, SECOND, week_usage(SECOND, 1))
    )
    only(found, "price")
    assert found.difference_minor > 0
