from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_bill import PlainBill
from rating_cases import (
    SERIES,
    WORKED,
    document,
    documents,
    fixed,
    flat,
    london_usage,
    periods,
    priced_of,
    random_usage,
    states,
    tariff,
    tax,
    three_rates,
    usage_over,
    version,
)

from billing.domain.errors import NotRateable
from billing.domain.rating.rate import period_mask, rate, rate_bill
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.file import tariff_of


@settings(deadline=None, max_examples=60)
@given(documents(), periods(1, 8), st.integers(0, 2**32 - 1), st.sampled_from([15, 30, 60]), st.data())
def test_bill_equals_the_rules_read_one_interval_at_a_time(
    found: dict[str, Any], period: Period, seed: int, minutes: int, data: st.DataObject
) -> None:
    usage = random_usage(period, found["timezone"], seed, minutes=minutes)
    state = data.draw(states(period.starts_on))
    bill = rate_bill(usage, priced_of(found), period, state=state)
    plain = PlainBill(found, usage, period, state, SERIES)
    got: dict[str, list[int]] = defaultdict(list)
    for line in bill.lines:
        got[line.code].append(line.amount_minor)
    expected: dict[str, list[int]] = defaultdict(list)
    for key, amount in plain.amounts.items():
        expected[key[1]].append(amount)
    assert {code: sorted(found) for code, found in got.items()} == {
        code: sorted(found) for code, found in expected.items()
    }
    assert bill.total_minor == sum(plain.amounts.values())


@settings(deadline=None, max_examples=40)
@given(documents(), periods(), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4))
def test_a_bill_is_a_batch_of_one(found: dict[str, Any], period: Period, seeds: list[int]) -> None:
    subject = priced_of(found)
    usages = []
    for seed in seeds:
        usage = random_usage(period, found["timezone"], seed)
        holes = np.random.default_rng(seed).random(usage.micro_kwh.size) < 0.05
        usages.append(
            Usage.of(usage.starts_at, 30, usage.micro_kwh, holes, ~holes & (usage.micro_kwh % 7 == 0))
        )
    batch = rate(UsageMatrix.of(usages), subject, period)
    assert len(batch) == len(seeds)
    for index, usage in enumerate(usages):
        alone = rate_bill(usage, subject, period)
        assert batch.bill(index) == alone
        assert (
            int(batch.total_minor[index])
            == alone.total_minor
            == sum(line.amount_minor for line in alone.lines)
        )
        assert alone.missing_count == np.count_nonzero(usage.missing)
        assert alone.estimated_count == np.count_nonzero(usage.estimated)
        per_charge: dict[str, int] = defaultdict(int)
        for line in alone.lines:
            per_charge[line.code] += line.estimated_micro_kwh
        assert alone.estimated_micro_kwh == usage.micro_kwh[usage.estimated].sum() == per_charge["energy"]


@settings(deadline=None, max_examples=40)
@given(documents(), periods(2), st.integers(0, 2**32 - 1), st.integers(1, 39))
def test_energy_of_parts_adds_up_to_the_whole(
    found: dict[str, Any], period: Period, seed: int, cut: int
) -> None:
    """Determinants of parts add exactly; which tier they fall in depends on what the part counts from."""
    middle = period.starts_on + timedelta(days=min(cut, period.days - 1))
    usage = random_usage(period, found["timezone"], seed)
    subject = priced_of(found)
    whole = rate_bill(usage, subject, period)
    parts = [
        rate_bill(usage, subject, part)
        for part in (Period(period.starts_on, middle), Period(middle, period.ends_before))
    ]
    assert sum(part.intervals for part in parts) == whole.intervals == usage.micro_kwh.size
    assert sum(part.micro_kwh for part in parts) == whole.micro_kwh == int(usage.micro_kwh.sum())

    def energy(*bills: Any) -> dict[tuple[str, str, int], int]:
        sums: dict[tuple[str, str, int], int] = defaultdict(int)
        for bill in bills:
            for line in bill.lines:
                if line.kind == "energy" and line.quantity_micro:
                    label, of_tier, _words = line.label.partition(", ")
                    sums[(line.code, label, 0 if of_tier else line.price_micro)] += line.quantity_micro
        return sums

    assert energy(*parts) == energy(whole)

    def most(*bills: Any) -> dict[tuple[str, str], int]:
        highest: dict[tuple[str, str], int] = defaultdict(int)
        for bill in bills:
            for one in bill.demands:
                highest[one.code, one.label] = max(highest[one.code, one.label], one.micro_kw)
        return highest

    assert most(*parts) == most(whole)


JULY = Period(date(2013, 7, 1), date(2013, 8, 1))


def rows(bill: Any) -> list[tuple[str, int, int, str, str]]:
    return [
        (
            line.label,
            line.quantity_micro,
            line.amount_minor,
            line.starts_on.isoformat(),
            line.ends_before.isoformat(),
        )
        for line in bill.lines
    ]


def test_only_what_changes_price_is_split() -> None:
    subject = tariff(
        version(fixed("0.26"), three_rates(), tax()),
        version(fixed("0.26"), three_rates(night="0.13"), tax(), starts_on="2013-07-11"),
    )
    bill = rate_bill(usage_over(JULY, "Europe/London", 1_000_000), subject, JULY)
    assert rows(bill) == [
        ("Standing", 31_000_000, 806, "2013-07-01", "2013-08-01"),
        ("night", 140_000_000, 1680, "2013-07-01", "2013-07-11"),
        ("peak", 184_000_000, 6624, "2013-07-01", "2013-08-01"),
        ("day", 870_000_000, 20880, "2013-07-01", "2013-08-01"),
        ("night", 294_000_000, 3822, "2013-07-11", "2013-08-01"),
        ("VAT", 33_812_000_000 // 100, 1691, "2013-07-01", "2013-08-01"),
    ]


def test_a_version_that_changes_nothing_splits_nothing() -> None:
    usage = random_usage(JULY, "Europe/London", 1)
    one = tariff(version(fixed(), three_rates(), tax()))
    two = tariff(
        version(fixed(), three_rates(), tax()), version(fixed(), three_rates(), tax(), starts_on="2013-07-11")
    )
    assert rate_bill(usage, one, JULY) == rate_bill(usage, two, JULY)


def test_a_change_of_tax_splits_the_lines_it_falls_on() -> None:
    subject = tariff(
        version(fixed("1"), tax("5")),
        version(fixed("1"), tax("20"), starts_on="2013-07-11"),
    )
    bill = rate_bill(usage_over(JULY, "Europe/London", 0), subject, JULY)
    assert rows(bill) == [
        ("Standing", 10_000_000, 1000, "2013-07-01", "2013-07-11"),
        ("Standing", 21_000_000, 2100, "2013-07-11", "2013-08-01"),
        ("VAT", 10_000_000, 50, "2013-07-01", "2013-07-11"),
        ("VAT", 21_000_000, 420, "2013-07-11", "2013-08-01"),
    ]


def test_part_of_a_month_counts_by_its_days() -> None:
    subject = tariff(version(fixed("9.30", "month"), flat("0")))
    period = Period(date(2013, 7, 22), date(2013, 9, 11))
    bill = rate_bill(usage_over(period, "Europe/London", 0), subject, period)
    # 10/31 of July, the whole of August, 10/30 of September
    assert rows(bill)[0][1:3] == (
        1_655_914,
        floor(Fraction("9.30") * (Fraction(10, 31) + 1 + Fraction(1, 3)) * 100),
    )


def test_holidays_are_a_day_type_of_their_own() -> None:
    days = {
        "kind": "energy",
        "code": "energy",
        "periods": [
            {"label": "work", "price": "1", "days": ["weekday"]},
            {"label": "rest", "price": "1", "days": ["weekend"]},
            {"label": "feast", "price": "1", "days": ["holiday"]},
        ],
    }
    subject = tariff(version(days), holidays={"country": "GB", "subdivision": "ENG"})
    may = Period(date(2013, 5, 1), date(2013, 6, 1))  # bank holidays on the 6th and the 27th
    bill = rate_bill(usage_over(may, "Europe/London", 1_000_000), subject, may)
    assert {line.label: line.quantity_micro // 48_000_000 for line in bill.lines} == {
        "work": 21,
        "rest": 8,
        "feast": 2,
    }


def test_the_days_of_46_and_50_half_hours() -> None:
    subject = tariff(version(three_rates()))
    for day, night in ((date(2013, 3, 31), 12), (date(2013, 10, 27), 16)):
        period = Period(day, day + timedelta(days=1))
        bill = rate_bill(usage_over(period, "Europe/London", 1_000_000), subject, period)
        assert {line.label: line.quantity_micro // 1_000_000 for line in bill.lines} == {
            "night": night,
            "day": 34,
        }


def test_the_tariffs_own_zone_decides_the_hours() -> None:
    own = tariff(version(three_rates()), timezone="Europe/Moscow")
    document_without = document(version(three_rates()))
    del document_without["timezone"]
    without = tariff_of(document_without)
    period = Period(date(2013, 7, 1), date(2013, 7, 2))
    usage = random_usage(Period(date(2013, 6, 30), date(2013, 7, 3)), "UTC", 5)
    assert rate_bill(usage, own, period, timezone="UTC") == rate_bill(
        usage, without, period, timezone="Europe/Moscow"
    )
    with pytest.raises(NotRateable, match="no time zone"):
        rate_bill(usage, without, period)


@settings(deadline=None, max_examples=30)
@given(periods(1, 20), st.integers(-500, 500), st.integers(-500, 500))
def test_what_lies_outside_the_readings_is_missing(period: Period, early: int, late: int) -> None:
    """Readings that begin or end elsewhere than the period: nothing is counted twice, nothing lost."""
    whole = usage_over(period, "Europe/London", 1_000_000)
    count = max(1, whole.micro_kwh.size + late - early)
    usage = Usage.of(
        whole.starts_at + timedelta(minutes=30 * early), 30, np.full(count, 1_000_000, dtype=np.int64)
    )
    bill = rate_bill(usage, tariff(version(flat("1"))), period)
    inside = max(0, min(whole.micro_kwh.size, early + count) - max(0, early))
    assert bill.micro_kwh == inside * 1_000_000
    assert bill.missing_count == whole.micro_kwh.size - inside
    assert bill.intervals == whole.micro_kwh.size


def test_before_the_first_version_nothing_is_priced() -> None:
    subject = tariff(version(flat(), starts_on="2013-07-02"))
    with pytest.raises(NotRateable, match="no version on 2013-07-01: its first starts on 2013-07-02"):
        rate_bill(usage_over(JULY, "Europe/London", 0), subject, JULY)


def test_a_missing_reading_holds_no_energy() -> None:
    usage = usage_over(JULY, "Europe/London", 1)
    with pytest.raises(ValueError, match="missing reading must hold zero"):
        Usage(usage.starts_at, 30, usage.micro_kwh, np.ones_like(usage.missing), usage.estimated)


@pytest.mark.shared
def test_worked_example_bills(shared_data: Path) -> None:
    usage = london_usage(shared_data, "MAC000003")
    october = rate_bill(usage, WORKED, Period(date(2013, 10, 1), date(2013, 11, 1)))
    november = rate_bill(usage, WORKED, Period(date(2013, 11, 1), date(2013, 12, 1)))
    for bill, micro_kwh, total, amounts in (
        (october, 347_114_000, 7766, [806, 2073, 993, 3524, 370]),
        (november, 535_686_000, 10154, [780, 4339, 1115, 3436, 484]),
    ):
        assert bill.micro_kwh == micro_kwh
        assert [line.amount_minor for line in bill.lines] == amounts
        assert bill.total_minor == total


@pytest.mark.shared
def test_london_flat_rate(shared_data: Path) -> None:
    """All 19 households at 14.228 p: the trial's own tariff, priced by plain arithmetic beside the files."""
    import csv

    subject = tariff(version(flat("0.14228")), timezone="UTC")
    year = Period(date(2013, 1, 1), date(2014, 1, 1))
    with (shared_data / "readings" / "london" / "expected_2013.csv").open(newline="") as lines:
        expected = list(csv.DictReader(lines))
    assert len(expected) == 19
    for row in expected:
        bill = rate_bill(london_usage(shared_data, row["LCLid"]), subject, year)
        assert abs(Decimal(bill.total_minor) - Decimal(row["bill_flat_gbp_14_228p"]) * 100) <= Decimal("0.51")
        assert bill.intervals - bill.missing_count == int(row["rows"])
        assert abs(Decimal(bill.micro_kwh) / 1_000_000 - Decimal(row["kwh_2013"])) <= Decimal("0.0005")


def test_day_start_matches_the_axis() -> None:
    usage = usage_over(JULY, "Europe/London", 1)
    assert usage.starts_at == day_starts_at(JULY.starts_on, "Europe/London")
    assert usage.ends_before == datetime.fromisoformat("2013-07-31T23:00:00+00:00")


def test_a_tariff_travels_between_processes() -> None:
    """The kept hash stays behind, as text hashes to something else over there."""
    subject = tariff(version(fixed(), three_rates(), tax()))
    kept = hash(subject)
    packed = pickle.dumps(subject)
    assert str(kept).encode() not in packed
    assert b"_hash_once" not in packed
    assert pickle.loads(packed) == subject
    program = "import pickle, sys; t = pickle.load(sys.stdin.buffer); print({t: 'found'}[t], hash(t))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=packed,
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )
    found, other = done.stdout.decode().split()
    assert found == "found"
    assert int(other) != kept


def test_a_mask_of_a_period_is_what_is_rated() -> None:
    usage = random_usage(JULY, "Europe/London", 9)
    for part in (
        JULY,
        Period(date(2013, 6, 1), date(2013, 7, 3)),
        Period(date(2013, 7, 30), date(2013, 9, 1)),
    ):
        mask = period_mask(usage, part, "Europe/London")
        assert usage.micro_kwh[mask].sum() == rate_bill(usage, WORKED, part).micro_kwh
    assert not period_mask(usage, Period(date(2013, 9, 1), date(2013, 9, 2)), "Europe/London").any()


def test_no_readings_at_all() -> None:
    empty = Usage.of(day_starts_at(JULY.starts_on, "Europe/London"), 30, np.zeros(0, dtype=np.int64))
    bill = rate_bill(empty, WORKED, JULY)
    assert bill.missing_count == bill.intervals == 31 * 48
    assert bill.total_minor == 846
