"""Energy given back: paid for by hours or by a series, net of each interval, or taken off by label."""

from __future__ import annotations

import pickle
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_bill import PlainBill
from rating_cases import (
    SERIES,
    credit_states,
    document,
    flat,
    periods,
    priced_of,
    solar_documents,
    solar_usage,
    tariff,
    three_rates,
    usage_over,
    version,
)

from billing.domain.errors import MissingPrices, TariffRefused
from billing.domain.explanation.comparison import compare
from billing.domain.explanation.moved_days import moved_days
from billing.domain.explanation.sides import Side
from billing.domain.explanation.waterfall import waterfall
from billing.domain.plans.carrying import state_after
from billing.domain.plans.supply_state import KwhCredit, SupplyState
from billing.domain.rating.quote import quote
from billing.domain.rating.rate import rate, rate_bill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.file import tariff_of

JULY = Period(date(2013, 7, 1), date(2013, 8, 1))
LONDON = "Europe/London"


@settings(deadline=None, max_examples=40)
@given(solar_documents(), periods(1, 8), st.integers(0, 2**32 - 1), st.sampled_from([30, 60]), st.data())
def test_bill_equals_the_rules_read_one_interval_at_a_time(
    found: dict[str, Any], period: Period, seed: int, minutes: int, data: st.DataObject
) -> None:
    usage = solar_usage(period, found["timezone"], seed, minutes)
    state = data.draw(credit_states(period.starts_on))
    bill = rate_bill(usage, priced_of(found), period, state=state)
    plain = PlainBill(found, usage, period, state, SERIES)
    got: dict[str, list[int]] = defaultdict(list)
    for line in bill.lines:
        got[line.code].append(line.amount_minor)
    expected: dict[str, list[int]] = defaultdict(list)
    for key, amount in plain.amounts.items():
        expected[key[1]].append(amount)
    assert {code: sorted(filter(None, some)) for code, some in got.items() if any(some)} == {
        code: sorted(filter(None, some)) for code, some in expected.items() if any(some)
    }
    assert bill.total_minor == sum(plain.amounts.values())


@settings(deadline=None, max_examples=30)
@given(solar_documents(), periods(2), st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=4), st.data())
def test_a_batch_is_its_bills_one_by_one(
    found: dict[str, Any], period: Period, seeds: list[int], data: st.DataObject
) -> None:
    subject = priced_of(found)
    usages = [solar_usage(period, found["timezone"], seed) for seed in seeds]
    usages[-1] = replace(usages[-1], export=None)
    state = data.draw(credit_states(period.starts_on))
    batch = rate(UsageMatrix.of(usages), subject, period, state=state)
    for index, usage in enumerate(usages):
        assert batch.bill(index) == rate_bill(usage, subject, period, state=state)
    after = state_after(state, batch)
    for index, usage in enumerate(usages):
        alone = state_after(state, rate(UsageMatrix.of([usage]), subject, period, state=state))
        for name in ("credits", "surplus"):
            for mine, theirs in zip(getattr(after, name), getattr(alone, name), strict=True):
                assert mine.micro_kwh[index if mine.micro_kwh.size > 1 else 0] == theirs.micro_kwh[0]


@settings(deadline=None, max_examples=30)
@given(solar_documents(), periods(2), st.integers(0, 2**32 - 1), st.integers(1, 39))
def test_energy_of_parts_adds_up_and_none_of_it_is_lost(
    found: dict[str, Any], period: Period, seed: int, cut: int
) -> None:
    """Net metering: what was taken less what was given back is what is billed less what is left or paid."""
    middle = period.starts_on + timedelta(days=min(cut, period.days - 1))
    usage, subject = solar_usage(period, found["timezone"], seed), priced_of(found)
    whole = rate_bill(usage, subject, period)
    state, parts = SupplyState(), []
    for part in (Period(period.starts_on, middle), Period(middle, period.ends_before)):
        batch = rate(UsageMatrix.of([usage]), subject, part, state=state)
        state = state_after(state, batch)
        parts.append(batch.bill(0))
    assert sum(part.micro_kwh for part in parts) == whole.micro_kwh
    assert sum(part.export_micro_kwh for part in parts) == whole.export_micro_kwh
    for bill in (whole, *parts):
        lines = [line for line in bill.lines if (line.kind, line.code) == ("energy", "net")]
        billed = sum(line.quantity_micro for line in lines)
        assert billed == sum(
            one.imported_micro_kwh - one.exported_micro_kwh - one.brought_micro_kwh + one.left_micro_kwh
            for one in bill.net
        )
        if bill.net:
            assert sum(one.imported_micro_kwh for one in bill.net) == bill.micro_kwh
            assert sum(one.exported_micro_kwh for one in bill.net) == bill.export_micro_kwh


def solar(taken: Any, given: Any, period: Period = JULY) -> Usage:
    usage, export = usage_over(period, LONDON, taken), usage_over(period, LONDON, given)
    return replace(usage, export=export)


def net(**more: Any) -> dict[str, Any]:
    return {**flat("0.20", "net"), "net": {"by": "month", **more}}


def paid(**more: Any) -> dict[str, Any]:
    return {"kind": "export", "code": "export", "periods": [{"label": "Given back", "price": "0.15"}], **more}


def amounts(bill: Any) -> list[tuple[str, str, int, int]]:
    return [(line.kind, line.code, line.quantity_micro // 10**6, line.amount_minor) for line in bill.lines]


def test_feed_in_pays_for_all_that_is_given_back_and_net_billing_for_what_is_left() -> None:
    usage = solar(300_000, 500_000)
    feed_in = rate_bill(usage, tariff(version(flat("0.20"), paid())), JULY)
    assert amounts(feed_in) == [("energy", "energy", 446, 8_928), ("export", "export", 744, -11_160)]
    assert feed_in.lines[1].price_micro == -150_000
    assert (feed_in.micro_kwh, feed_in.export_micro_kwh) == (446_400_000, 744_000_000)
    netted = rate_bill(usage, tariff(version(flat("0.20"), paid(netting="interval"))), JULY)
    assert amounts(netted) == [("energy", "energy", 0, 0), ("export", "export", 297, -4_464)]


def test_nothing_given_back_makes_no_line_and_other_tariffs_do_not_look() -> None:
    subject = tariff(version(flat("0.20"), paid()))
    usage = usage_over(JULY, LONDON, 300_000)
    assert [line.code for line in rate_bill(usage, subject, JULY).lines] == ["energy"]
    plain = tariff(version(flat("0.20")))
    assert rate_bill(solar(300_000, 500_000), plain, JULY) == rate_bill(usage, plain, JULY)


def test_export_by_a_series_needs_its_prices_too() -> None:
    charge = {"kind": "export", "code": "export", "label": "Given back", "series": "spot"}
    bare = tariff(version(flat("0.20"), charge))
    with pytest.raises(MissingPrices, match="'spot' has no price"):
        rate_bill(solar(0, 1_000_000), bare, JULY)
    assert rate_bill(solar(1_000_000, 0), bare, JULY).total_minor == 29_760
    bill = rate_bill(solar(0, 1_000_000), bare.with_prices(SERIES), JULY)
    (line,) = (line for line in bill.lines if line.kind == "export")
    assert line.label == "Given back, mean price"
    assert abs(line.quantity_micro * line.price_micro / 10**10 - line.amount_minor) <= 1
    assert line.amount_minor < 0


def test_credit_rolls_over_and_is_paid_at_the_years_end() -> None:
    quarter = Period(date(2013, 10, 1), date(2014, 1, 1))

    def used(count: int) -> Any:
        return np.repeat([0, 1_000_000], [31 * 48 + 2, count - 31 * 48 - 2])

    def given_back(count: int) -> Any:
        return np.repeat([2_000_000, 0], [31 * 48 + 2, count - 31 * 48 - 2])

    usage = solar(used, given_back, quarter)
    bills = quote(usage, tariff(version(net(year_ends="december", price="0.05", label="Paid out")))).bills
    # October gives 2,980 kWh, November takes 1,440 and December 1,488 of them; 52 are left.
    assert [amounts(bill) for bill in bills] == [
        [("energy", "net", 0, 0)],
        [("energy", "net", 0, 0)],
        [("energy", "net", 0, 0), ("export", "net", 52, -260)],
    ]
    (one,) = bills[1].net
    assert (one.brought_micro_kwh, one.left_micro_kwh) == (2_980_000_000, 1_540_000_000)
    (whole,) = quote(usage, tariff(version(net())), by="whole").bills
    assert amounts(whole) == [("energy", "net", 0, 0)]
    assert [month.left_micro_kwh // 10**6 for month in whole.net] == [2_980, 1_540, 52]


def test_the_last_bill_pays_what_is_left() -> None:
    rule = net(year_ends="december", price="0.05", label="Paid out")
    usage = solar(0, 1_000_000)
    assert rate_bill(usage, tariff(version(rule)), JULY).total_minor == 0
    ended = rate_bill(usage, tariff(version(rule)), JULY, state=SupplyState(ends=True))
    assert ended.total_minor == -7_440


def test_credit_goes_to_the_label_of_the_same_hour() -> None:
    before = {**three_rates(), "code": "net", "net": {"by": "month"}}
    seasonal = {
        "kind": "energy", "code": "net", "net": {"by": "month"},
        "periods": [
            {"label": "early", "price": "0.1", "hours": ["00:00-12:00"]},
            {"label": "late", "price": "0.2", "otherwise": True},
        ],
    }  # fmt: skip
    subject = tariff(version(before), version(seasonal, starts_on="2013-08-01"))
    batch = rate(UsageMatrix.of([solar(0, 1_000_000)]), subject, JULY)
    state = state_after(SupplyState(), batch)
    assert {(one.label, one.hour): int(one.micro_kwh[0]) // 10**6 for one in state.credits} == {
        ("night", 0): 434,
        ("day", 11): 870,
        ("peak", 17): 184,
    }
    august = Period(date(2013, 8, 1), date(2013, 9, 1))
    bill = rate_bill(solar(0, 0, august), subject, august, state=state)
    assert {one.label: one.brought_micro_kwh // 10**6 for one in bill.net} == {"early": 1_304, "late": 184}


def test_credit_travels_and_import_and_export_share_an_axis() -> None:
    usage = solar(1, 1)
    matrix = UsageMatrix.of([usage, replace(usage, export=None)])
    assert pickle.loads(pickle.dumps(matrix)).export.micro_kwh.tolist() == [[1] * 1488, [0] * 1488]
    with pytest.raises(ValueError, match="share their axis"):
        replace(usage, export=usage_over(JULY, LONDON, 1, 60))
    with pytest.raises(ValueError, match="not negative"):
        solar(1, -1)


@pytest.mark.parametrize(
    ("charge", "refusal"),
    [
        (paid(netting="month"), "netting: 'month' is not one of interval"),
        (net(price="0.05"), "net.price: credit is paid at the end of a year"),
        (net(year_ends="smarch", price="0.05", label="x"), "net.year_ends: 'smarch' is not one of"),
        (net(year_ends="may", price="-0.05", label="x"), "net.price: what is paid for credit is not below 0"),
        (
            {**net(), "tiers": {"by": "month", "fill": "time"},
             "periods": [{"label": "a", "tiers": [{"up_to": "1", "price": "1"}, {"price": "2"}]}]},
            "tiers: net energy has no order of time",
        ),
        (
            {**net(), "tiers": {"by": "day", "fill": "each"},
             "periods": [{"label": "a", "tiers": [{"up_to": "1", "price": "1"}, {"price": "2"}]}]},
            "tiers: fill by the day, but import and export are set off by the month",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(charge: dict[str, Any], refusal: str) -> None:
    with pytest.raises(TariffRefused) as caught:
        tariff_of(document(version(charge)))
    assert refusal in str(caught.value)


def test_net_energy_keeps_its_meaning_over_all_versions() -> None:
    with pytest.raises(TariffRefused, match="'net' is net energy in an earlier version and energy here"):
        tariff_of(document(version(net()), version(flat("0.2", "net"), starts_on="2014-01-01")))


@settings(deadline=None, max_examples=10)
@given(solar_documents(), solar_documents(), periods(7), periods(7), st.integers(0, 2**32 - 1), st.data())
def test_effects_of_any_two_bills_add_up(
    first: dict[str, Any], second: dict[str, Any], one: Period, other: Period, seed: int, data: st.DataObject
) -> None:
    second = {**second, "decimals": first["decimals"]}
    sides = [
        Side(solar_usage(period, LONDON, seed + number), priced_of(found), period, LONDON, None, state)
        for number, (found, period) in enumerate(((first, one), (second, other)))
        for state in (data.draw(credit_states(period.starts_on)),)
    ]
    found = compare(*sides)
    assert sum(found.effects_minor) == found.difference_minor
    for row in found.rows:
        assert sum(row.effects_minor) == row.after_minor - row.before_minor
    same = compare(sides[0], sides[0])
    assert (same.factors, same.difference_minor) == ((), 0)
    waterfall(found)


@pytest.mark.parametrize("charges", [[paid()], [paid(netting="interval")], [net()]])
def test_only_what_was_given_back(charges: list[dict[str, Any]]) -> None:
    subject = tariff(version(flat("0.20"), *charges))
    less, more = (Side(solar(200_000, given), subject, JULY, LONDON) for given in (50_000, 90_000))
    found = compare(less, more)
    assert found.factors == ("export_volume",)
    assert found.effects_minor == (found.difference_minor,)
    assert found.difference_minor < 0
    (row,) = (row for row in waterfall(found) if row.evidence)
    assert (row.noun, row.evidence and row.evidence.text) == (
        "giving back more a day",
        "4.3 kWh a day given back, was 2.4",
    )
    moved_days(found)


def test_credit_that_a_bill_began_with_is_a_cause_of_its_own() -> None:
    subject = tariff(version(net()))
    credit = (KwhCredit("net", "energy", 0, np.array([50_000_000])),)
    sides = [
        Side(solar(200_000, 50_000), subject, JULY, LONDON, None, SupplyState(credits=kept))
        for kept in ((), credit)
    ]
    found = compare(*sides)
    assert (found.factors, found.effects_minor) == (("credit",), (-1_000,))
