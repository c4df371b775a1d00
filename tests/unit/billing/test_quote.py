from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rating_cases import (
    WORKED,
    documents,
    fixed,
    flat,
    periods,
    priced_of,
    random_usage,
    tariff,
    tax,
    usage_over,
    version,
)

from billing.domain.errors import NotRateable
from billing.domain.plans.carrying import state_after
from billing.domain.plans.supply_state import SupplyState
from billing.domain.rating.quote import quote, quote_document, split, touched_dates
from billing.domain.rating.rate import rate
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix


@settings(deadline=None, max_examples=50)
@given(documents(), periods(1, 90), st.integers(0, 2**32 - 1), st.sampled_from(["month", "year", "whole"]))
def test_a_quote_on_the_own_tariff_is_the_bill(
    found: dict[str, Any], period: Period, seed: int, by: Any
) -> None:
    subject = priced_of(found)
    usage = random_usage(period, found["timezone"], seed)
    document = quote_document(quote(usage, subject, by=by))
    bills, state = [], SupplyState()
    for part in split(period, by):
        batch = rate(UsageMatrix.of([usage]), subject, part, state=state)
        bills.append(batch.bill(0))
        state = state_after(state, batch)
    unit = Decimal(10) ** subject.decimals
    assert [Decimal(part["total"]) * unit for part in document["periods"]] == [
        bill.total_minor for bill in bills
    ]
    assert [len(part["lines"]) for part in document["periods"]] == [len(bill.lines) for bill in bills]
    assert Decimal(document["total"]) * unit == sum(bill.total_minor for bill in bills)
    assert document["usage"] == {"readings": usage.micro_kwh.size, "missing": 0}
    for part in document["periods"]:
        assert Decimal(part["total"]) == sum(Decimal(line["amount"]) for line in part["lines"])
        for line in part["lines"]:
            exact = Decimal(line["quantity"]) * Decimal(line["price"])
            if not line["unit"].endswith(("month", "year")):
                # A mean of prices is itself rounded, to millionths; its amount is not made from it.
                mean = abs(Decimal(line["quantity"])) / 2_000_000 if "mean price" in line["label"] else 0
                assert abs(exact - Decimal(line["amount"])) <= Decimal("0.5") / unit + mean


@settings(deadline=None, max_examples=40)
@given(documents(), periods(32, 120), st.integers(0, 2**32 - 1))
def test_a_bill_looks_back_upon_bills_before_as_upon_its_own_months(
    found: dict[str, Any], period: Period, seed: int
) -> None:
    """Demand by the month is billed alike in one bill of several months and in a bill for each."""
    assume(period.ends_before <= date(2014, 1, 1))  # peaks and prices are known until then
    for each in found["versions"]:
        for charge in each["charges"]:
            charge.pop("by", None)
    subject = priced_of(found)
    usage = random_usage(period, found["timezone"], seed)
    demands = []
    for by in ("month", "whole"):
        bills = quote(usage, subject, by=by).bills
        key = attrgetter("code", "label", "starts_on", "billed_micro_kw")
        demands.append(sorted(key(one) for bill in bills for one in bill.demands))
    assert demands[0] == demands[1]


@given(periods(1, 300), st.sampled_from(["month", "year", "whole"]))
def test_parts_follow_each_other(period: Period, by: Any) -> None:
    parts = list(split(period, by))
    assert parts[0].starts_on == period.starts_on
    assert parts[-1].ends_before == period.ends_before
    assert all(a.ends_before == b.starts_on for a, b in pairwise(parts))
    if by == "month":
        assert all(part.starts_on.month == (part.ends_before - timedelta(days=1)).month for part in parts)


def written(*values: str) -> dict[str, str]:
    return dict(zip(("charge", "label", "quantity", "unit", "price", "amount"), values, strict=True))


def test_the_promised_document() -> None:
    subject = tariff(version(fixed("0.26"), flat("-0.05"), tax("5")), code="solar", currency="EUR")
    period = Period(date(2013, 12, 31), date(2014, 1, 2))
    usage = usage_over(period, "Europe/London", 500_000)
    document = quote_document(quote(usage, subject))
    assert json.loads(json.dumps(document)) == {
        "currency": "EUR",
        "total": "-1.98",
        "usage": {"readings": 96, "missing": 0},
        "periods": [
            {
                "starts_on": day,
                "ends_before": next_day,
                "total": "-0.99",
                "lines": [
                    written("fixed", "Standing", "1", "day", "0.26", "0.26"),
                    written("energy", "energy", "24", "kWh", "-0.05", "-1.20"),
                    written("tax", "VAT", "-0.94", "EUR", "0.05", "-0.05"),
                ],
            }
            for day, next_day in (("2013-12-31", "2014-01-01"), ("2014-01-01", "2014-01-02"))
        ],
    }


def test_every_date_a_reading_touches_counts_whole() -> None:
    usage = usage_over(Period(date(2013, 7, 1), date(2013, 7, 4)), "Europe/London", 1_000_000)
    missing = np.ones(usage.micro_kwh.size, dtype=bool)
    missing[47 : 48 + 1] = False  # 23:30 on the 1st, 00:00 on the 2nd
    found = quote(Usage.of(usage.starts_at, 30, usage.micro_kwh, missing), WORKED)
    assert found.bills[0].period == Period(date(2013, 7, 1), date(2013, 7, 3))
    assert (found.readings, found.missing_count) == (2, 94)


def test_a_day_is_not_touched_by_the_end_of_a_reading() -> None:
    usage = usage_over(Period(date(2013, 7, 1), date(2013, 7, 2)), "Europe/London", 1)
    assert touched_dates(usage, "Europe/London").ends_before == date(2013, 7, 2)
    assert touched_dates(usage, "UTC") == Period(date(2013, 6, 30), date(2013, 7, 2))


def test_given_dates_may_go_beyond_the_readings() -> None:
    usage = usage_over(Period(date(2013, 7, 1), date(2013, 7, 2)), "Europe/London", 1_000_000)
    found = quote(usage, WORKED, starts_on=date(2013, 6, 1), ends_before=date(2013, 9, 1), by="whole")
    assert found.readings == 48
    assert found.missing_count == 91 * 48
    late = quote(usage, WORKED, starts_on=date(2014, 6, 1), ends_before=date(2014, 6, 2))
    assert (late.readings, late.missing_count) == (0, 48)


def test_what_cannot_be_quoted() -> None:
    usage = usage_over(Period(date(2013, 7, 1), date(2013, 7, 2)), "Europe/London", 1)
    empty = Usage.of(usage.starts_at, 30, usage.micro_kwh, np.ones(48, dtype=bool))
    with pytest.raises(NotRateable, match="no reading"):
        quote(empty, WORKED)
    with pytest.raises(NotRateable, match="the span is empty"):
        quote(usage, WORKED, starts_on=date(2013, 7, 2), ends_before=date(2013, 7, 2))
    with pytest.raises(NotRateable, match="no version"):
        quote(usage, WORKED, starts_on=date(2009, 7, 2))
