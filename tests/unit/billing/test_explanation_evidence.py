"""The evidence of an effect says what was measured, and no direction that was not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from rating_cases import fixed, flat, tariff, usage_over, version

from billing.domain.explanation.comparison import Comparison, compare
from billing.domain.explanation.evidence import evidence_of
from billing.domain.explanation.nouns import noun_of, short_noun
from billing.domain.explanation.sides import Side
from billing.domain.plans.supply_state import KwhCredit, SupplyState, SurplusSoFar
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.tariff import Tariff

LONDON = "Europe/London"
JUNE, JULY = Period(date(2013, 6, 1), date(2013, 7, 1)), Period(date(2013, 7, 1), date(2013, 8, 1))
WEEKS = Period(date(2013, 6, 3), date(2013, 7, 1)), Period(date(2013, 7, 1), date(2013, 7, 29))


def month(period: Period, peak: int, at: int = 20) -> Usage:
    """2 kWh an hour, and on the first working day `peak` more in one half-hour of it, from hour `at` on."""
    usage = usage_over(period, LONDON, 1_000_000)
    values = usage.micro_kwh.copy()
    first = next(n for n in range(7) if (period.starts_on + timedelta(n)).weekday() == 0)
    values[first * 48 + 2 * at] += peak
    values[first * 48 + 2 * at + 4] -= peak // 2
    values[first * 48 + 2 * at - 4] -= peak - peak // 2
    return Usage.of(usage.starts_at, 30, values)


def two(subject: Tariff, before: Usage, after: Usage, periods: tuple[Period, Period] = WEEKS) -> Comparison:
    sides = (
        Side(one, subject, period, LONDON, None) for one, period in zip((before, after), periods, strict=True)
    )
    return compare(*sides)


def test_capacity_is_what_was_drawn_in_the_peak_hours() -> None:
    peaks = [
        {"month": name, "at": [f"{name}-{day}T20:00"]} for name, day in (("2013-06", "03"), ("2013-07", "01"))
    ]
    charge = {
        "kind": "capacity", "code": "network", "label": "Network", "price": "9", "window": 30, "peaks": peaks,
    }  # fmt: skip
    subject = tariff(version(flat("0.20"), charge))
    found = compare(
        Side(month(JUNE, 500_000), subject, JUNE, LONDON, None),
        Side(month(JULY, 1_000_000), subject, JULY, LONDON, None),
    )
    assert found.effect("peak") > 0
    assert evidence_of(found, "peak").text == "Network 4.0 kW month, was 3.0"


@pytest.mark.parametrize("beyond", ["0.10", "0.40"])
def test_hours_of_use_tell_of_the_demand_without_a_direction(beyond: str) -> None:
    """A higher demand is dear where the tiers fall, and cheap where they rise."""
    tiers = [{"up_to": "300", "price": "0.20"}, {"price": beyond}]
    charge = {
        "kind": "energy", "code": "energy", "periods": [{"label": "energy", "tiers": tiers}],
        "tiers": {"by": "bill", "fill": "time", "unit": "kWh per kW", "window": 30},
    }  # fmt: skip
    found = two(tariff(version(charge)), month(WEEKS[0], 0), month(WEEKS[1], 400_000))
    assert (found.effect("peak") > 0) == (beyond == "0.10")
    assert (
        evidence_of(found, "peak").text
        == "tiers end at hours of use of the highest demand, which was another"
    )
    assert noun_of(found, "peak").text == "another highest demand"


def test_use_at_other_hours_than_what_is_given_back_costs_at_one_price() -> None:
    export = {
        "kind": "export", "code": "back", "netting": "interval",
        "periods": [{"label": "back", "price": "0.05"}],
    }  # fmt: skip
    subject = tariff(version(flat("0.20"), export))
    usages: list[Usage] = []
    for period, at in zip(WEEKS, (12, 20), strict=True):
        whole = usage_over(period, LONDON, 0)
        values, given = np.zeros((2, whole.micro_kwh.size), dtype=np.int64)
        values[2 * at :: 48], given[24::48] = 1_000_000, 800_000
        back = Usage.of(whole.starts_at, 30, given)
        usages.append(Usage.of(whole.starts_at, 30, values, export=back))
    found = two(subject, *usages)
    assert found.effect("shift") == found.difference_minor > 0
    assert evidence_of(found, "shift").text.startswith(
        "other use in the hours in which energy was given back"
    )
    assert noun_of(found, "shift").text == "less use while giving back"


def test_a_year_of_net_metering_so_far_is_no_credit_brought_in() -> None:
    net = {"by": "month", "year_ends": "july", "price": "0.10", "label": "Paid out", "pays": "surplus"}
    subject = tariff(version({**flat("0.20"), "net": net}))
    whole = [usage_over(period, LONDON, 0) for period in (JUNE, JULY)]
    sides = []
    for usage, period, surplus in zip(whole, (JUNE, JULY), (0, 50_000_000), strict=True):
        nothing = np.array([0], dtype=np.int64)
        state = SupplyState(
            credits=(KwhCredit("energy", "energy", 0, nothing),),
            surplus=(SurplusSoFar("energy", nothing + surplus),),
        )
        back = Usage.of(usage.starts_at, 30, np.zeros(usage.micro_kwh.size, dtype=np.int64))
        known = Usage.of(usage.starts_at, 30, usage.micro_kwh, export=back)
        sides.append(Side(known, subject, period, LONDON, None, state))
    found = compare(*sides)
    assert found.effect("credit") < 0
    words = "the year so far: 50.0 kWh given back beyond what was taken, was 0.0"
    assert evidence_of(found, "credit").text == words
    assert noun_of(found, "credit").text == "what the year had given back before"


def test_a_minimum_alone_is_never_called_a_standing_charge() -> None:
    least: dict[str, Any] = {"kind": "minimum", "code": "least", "label": "Least", "per": "month"}
    subject = tariff(
        version(flat("0.01"), {**least, "price": "90"}),
        version(flat("0.01"), {**least, "price": "99"}, starts_on="2013-07-01"),
    )
    found = two(subject, month(JUNE, 0), month(JULY, 0), (JUNE, JULY))
    assert short_noun(found, "fixed").text == "the minimum charge"
    standing = tariff(
        version(flat("0.01"), fixed("1")), version(flat("0.01"), fixed("2"), starts_on="2013-07-01")
    )
    found = two(standing, month(JUNE, 0), month(JULY, 0), (JUNE, JULY))
    assert short_noun(found, "fixed").text == "the standing charge"
