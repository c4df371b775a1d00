"""Tiers by hand: hours of use, tiers that go on filling, what cannot be (docs/tariffs.md)."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from rating_cases import document, tariff, usage_over, version

from billing.domain.errors import NotRateable, TariffRefused
from billing.domain.rating.rate import rate_bill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.file import tariff_of

LONDON = "Europe/London"
JUNE = Period(date(2013, 6, 1), date(2013, 7, 1))


def tiered(rule: dict[str, Any], *ends: str, prices: str = "123456789") -> dict[str, Any]:
    """One label; the first tier at 1, the next at 2..."""
    tiers: list[dict[str, str]] = [
        {"up_to": end, "price": price} for end, price in zip(ends, prices, strict=False)
    ]
    tiers.append({"price": prices[len(ends)]})
    return {"kind": "energy", "code": "energy", "tiers": rule, "periods": [{"label": "all", "tiers": tiers}]}


def kwh(subject: Any, usage: Usage, period: Period) -> list[float]:
    return [line.quantity_micro / 1e6 for line in rate_bill(usage, subject, period).lines]


def test_hours_of_use_end_where_the_demand_says() -> None:
    """720 kWh at 1 kW all month, with one half-hour of 4 kW: 100 kWh for each of 4 kW, the rest above."""
    usage = usage_over(JUNE, LONDON, 500_000)
    values = usage.micro_kwh.copy()
    values[700] = 2_000_000
    usage = Usage.of(usage.starts_at, 30, values)
    for window, first in ((30, 400.0), (60, 250.0)):
        rule = {"by": "month", "fill": "time", "unit": "kWh per kW", "window": window}
        bill = rate_bill(usage, tariff(version(tiered(rule, "100"))), JUNE)
        assert [line.label for line in bill.lines] == ["all, to 100 kWh per kW", "all, over 100 kWh per kW"]
        assert [line.quantity_micro / 1e6 for line in bill.lines] == [first, 721.5 - first]
    daily = {"by": "month", "fill": "each", "unit": "kWh per kW a day", "window": 30}
    assert kwh(tariff(version(tiered(daily, "2"))), usage, JUNE) == [240.0, 481.5]


def test_a_part_of_a_month_has_its_share_of_the_hours() -> None:
    period = Period(date(2013, 6, 1), date(2013, 6, 16))
    rule = {"by": "month", "fill": "proportion", "unit": "kWh per kW", "window": 30}
    assert kwh(tariff(version(tiered(rule, "100"))), usage_over(period, LONDON, 500_000), period) == [
        50.0,
        310.0,
    ]


def test_coarse_readings_are_said() -> None:
    rule = {"by": "month", "fill": "time", "unit": "kWh per kW", "window": 15}
    bill = rate_bill(usage_over(JUNE, LONDON, 1), tariff(version(tiered(rule, "100"))), JUNE)
    assert [note.code for note in bill.notes] == ["coarse_demand"]


def test_no_use_fills_nothing() -> None:
    rule = {"by": "month", "fill": "time", "unit": "kWh per kW", "window": 30}
    assert kwh(tariff(version(tiered(rule, "100"))), usage_over(JUNE, LONDON, 0), JUNE) == [0.0, 0.0]


def test_two_windows_in_one_bill_each_have_their_days() -> None:
    """100 kWh a kW: by the quarter of an hour the first ten days' highest is 2 kW, by the hour the others'
    1.5."""
    rules = [{"by": "month", "fill": "time", "unit": "kWh per kW", "window": window} for window in (15, 60)]
    subject = tariff(
        version(tiered(rules[0], "100")), version(tiered(rules[1], "100"), starts_on="2013-06-11")
    )

    def values(count: int) -> Any:
        drawn = np.full(count, 250_000)  # 1 kW
        drawn[0] = 500_000
        drawn[-4:-2] = 500_000
        return drawn

    bill = rate_bill(usage_over(JUNE, LONDON, values, minutes=15), subject, JUNE)
    first = [line for line in bill.lines if line.starts_on == JUNE.starts_on]
    later = [line for line in bill.lines if line.starts_on > JUNE.starts_on]
    assert first[0].quantity_micro == 100_000_000 * 10 // 30 * 2
    assert later[0].quantity_micro == 100_000_000 * 20 // 30 * 3 // 2


def test_tiers_of_a_charge_that_comes_back_go_on_filling() -> None:
    """Ten days at one set of tiers, ten at another, ten at the first again, which has 20/30 of its ends."""
    rule = {"by": "month", "fill": "time"}
    one, other = tiered(rule, "300"), tiered(rule, "30", prices="789")
    subject = tariff(
        version(one), version(other, starts_on="2013-06-11"), version(one, starts_on="2013-06-21")
    )
    usage = usage_over(JUNE, LONDON, 400_000)  # 192 kWh in each ten days
    lines = {line.label: line.quantity_micro / 1e6 for line in rate_bill(usage, subject, JUNE).lines}
    assert lines == {
        "all, to 300 kWh": 200.0,
        "all, over 300 kWh": 184.0,
        "all, to 30 kWh": 10.0,
        "all, over 30 kWh": 182.0,
    }


def test_a_season_with_other_ends_inside_a_month_is_refused() -> None:
    charge = tiered({"by": "month", "fill": "time"}, "300")
    winter = {
        "label": "all",
        "tiers": [{"up_to": "400", "price": "1"}, {"price": "2"}],
        "seasons": ["winter"],
    }
    charge["periods"] = [charge["periods"][0] | {"seasons": ["summer"]}, winter]
    seasons = [
        {"name": "summer", "from": "04-01", "to": "06-15"},
        {"name": "winter", "from": "06-15", "to": "04-01"},
    ]
    subject = tariff(version(charge, seasons=seasons))
    with pytest.raises(NotRateable, match="end at different places in one month"):
        rate_bill(usage_over(JUNE, LONDON, 1), subject, JUNE)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"by": "month", "fill": "time", "unit": "kWh per kW"}, "tiers: 'window' is not given"),
        (
            {"by": "month", "fill": "time", "unit": "kWh per kW", "window": 45},
            "tiers.window: expected one of 15, 30, 60, found the number 45",
        ),
        (
            {"by": "month", "fill": "time", "window": 30},
            "tiers.window: only tiers in kWh per kW depend on a demand",
        ),
        (
            {"by": "day", "fill": "time", "unit": "kWh per kW", "window": 30},
            "tiers.unit: tiers that begin anew each day are in kWh, or m3",
        ),
    ],
)
def test_refusals_say_place_and_reason(rule: dict[str, Any], says: str) -> None:
    with pytest.raises(TariffRefused) as caught:
        tariff_of(document(version(tiered(rule, "100"))))
    assert str(caught.value) == f"versions[0].charges[0].{says}"


def test_the_peak_moves_hours_of_use() -> None:
    """Caps are read where demand is: on the shape of the peak, not of the shift."""
    from rating_cases import FIRST, SECOND, side_of, week_usage

    from billing.domain.explanation.comparison import compare

    rule = {"by": "bill", "fill": "time", "unit": "kWh per kW", "window": 30}
    subject = tariff(version(tiered(rule, "100", prices="31")))
    before, after = week_usage(FIRST, 3), week_usage(SECOND, 3)
    values = after.micro_kwh.copy()
    most = int(values.argmax())
    values[most], values[most + 1] = values[most] + values[most + 1], 0
    after = Usage.of(after.starts_at, 30, values)
    found = compare(side_of(subject, FIRST, before), side_of(subject, SECOND, after))
    assert found.difference_minor > 0
    assert found.effect("peak") == found.difference_minor
