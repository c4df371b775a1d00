"""Capacity in the grid's own peak hours, by hand (docs/tariffs.md)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
from rating_cases import document, flat, tariff, tax, usage_over, version

from billing.domain.errors import NotRateable, TariffRefused
from billing.domain.rating.rate import rate_bill
from billing.domain.rating.rated import Line, RatedBill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.file import tariff_of

MOSCOW = "Europe/Moscow"
JUNE = Period(date(2013, 6, 1), date(2013, 7, 1))


def capacity(*peaks: dict[str, Any], **more: Any) -> dict[str, Any]:
    head = {"kind": "capacity", "code": "network", "label": "Network", "price": "100", "window": 60}
    return {**head, "peaks": list(peaks), **more}


def planned(month: str, *hours: str) -> dict[str, Any]:
    return {"month": month, "hours": list(hours)}


def hourly(period: Period, of: Any, zone: str = MOSCOW) -> Usage:
    """kW of each hour, a function of its local time."""
    usage = usage_over(period, zone, 0, minutes=60)
    start = datetime.combine(period.starts_on, datetime.min.time())
    hours = [
        start.fromordinal(start.toordinal() + n // 24).replace(hour=n % 24)
        for n in range(usage.micro_kwh.size)
    ]
    return Usage.of(
        usage.starts_at, 60, np.array([round(of(at) * 1_000_000) for at in hours], dtype=np.int64)
    )


def line(bill: RatedBill) -> Line:
    (found,) = [one for one in bill.lines if one.code == "network"]
    return found


def test_the_mean_of_working_days_highest_in_planned_hours() -> None:
    """Twenty working days in June 2013 but for the 12th, a holiday in Russia: 19 days. The highest planned
    hour is the day's number in kW; higher hours that are not planned, and weekends, do not count."""

    def of(at: datetime) -> float:
        if at.hour == 9:
            return at.day
        return 99 if at.hour == 13 or at.weekday() >= 5 else 0.5

    subject = tariff(
        version(flat(), capacity(planned("2013-06", "08:00-11:00", "16:00-20:00"))),
        timezone=MOSCOW,
        holidays={"country": "RU"},
    )
    days = [day.day for day in JUNE.dates() if day.weekday() < 5 and day.day != 12]
    assert len(days) == 19
    found = line(rate_bill(hourly(JUNE, of), subject, JUNE))
    mean = round(sum(days) * 1_000_000 / 19)
    assert (found.quantity_micro, found.unit, found.kind) == (mean, "kW month", "demand")
    assert found.amount_minor == round(mean * 100 * 100 / 1_000_000)


def test_the_mean_over_system_peaks() -> None:
    at = {"month": "2013-06", "at": ["2013-06-03T17:00", "2013-06-20T18:00", "2013-06-30T12:00"]}
    subject = tariff(version(flat(), capacity(at)), timezone=MOSCOW)
    bill = rate_bill(hourly(JUNE, lambda at: at.day if at.hour in (12, 17, 18) else 50), subject, JUNE)
    assert line(bill).quantity_micro == round((3 + 20 + 30) * 1_000_000 / 3)


def test_a_month_without_a_system_peak_costs_nothing_and_one_not_given_is_refused() -> None:
    subject = tariff(version(flat(), capacity({"month": "2013-06", "at": []})), timezone=MOSCOW)
    bill = rate_bill(hourly(JUNE, lambda at: 5), subject, JUNE)
    assert (line(bill).quantity_micro, line(bill).amount_minor) == (0, 0)
    july = Period(date(2013, 7, 1), date(2013, 8, 1))
    with pytest.raises(NotRateable, match="'network' has no peak hours of 2013-07"):
        rate_bill(hourly(july, lambda at: 5), subject, july)


def test_a_part_of_a_month_has_its_days_and_a_tax_splits_the_money_alone() -> None:
    charge = capacity(planned("2013-06", "08:00-10:00"))
    usage = hourly(JUNE, lambda at: 10)
    part = Period(date(2013, 6, 1), date(2013, 6, 11))
    whole = tariff(version(flat(), charge), timezone=MOSCOW)
    assert line(rate_bill(usage, whole, part)).amount_minor == 10 * 100_00 * 10 // 30
    split = tariff(
        version(flat(), charge, tax("5")),
        version(flat(), charge, tax("20"), starts_on="2013-06-11"),
        timezone=MOSCOW,
    )
    found = [one for one in rate_bill(usage, split, JUNE).lines if one.code == "network"]
    assert [one.amount_minor for one in found] == [333_33, 666_67]


def test_readings_longer_than_the_window_are_said() -> None:
    subject = tariff(version(flat(), capacity(planned("2013-06", "08:00-10:00"), window=15)), timezone=MOSCOW)
    bill = rate_bill(hourly(JUNE, lambda at: 10), subject, JUNE)
    assert [note.code for note in bill.notes] == ["coarse_demand"]


@pytest.mark.parametrize(
    ("charge", "place", "reason"),
    [
        (
            capacity({"month": "2013-13", "at": []}),
            "peaks[0].month",
            "'2013-13' is not a month written YYYY-MM",
        ),
        (capacity(planned("2013-06", "8-10")), "peaks[0].hours[0]", "expected hours such as 07:00-16:30"),
        (capacity(planned("2013-06")), "peaks[0].hours", "expected a list of at least 1"),
        (capacity({"month": "2013-06", "at": ["2013-07-01T10:00"]}), "peaks[0].at[0]", "is not in 2013-06"),
        (capacity({"month": "2013-06", "at": ["2013-06-31T10:00"]}), "peaks[0].at[0]", "is not an instant"),
        (capacity({"month": "2013-06", "at": ["2013-06-01T10:30"]}), "peaks[0].at[0]", "where 60 minutes of"),
        (capacity(planned("2013-06", "08:00-10:00") | {"at": []}), "peaks[0].at", "not both"),
        (capacity(*[planned("2013-06", "08:00-10:00")] * 2), "peaks[1].month", "stands there twice"),
        (capacity({"month": "2013-06", "at": []}, days=["monday"]), "days", "only planned hours are of days"),
        (capacity(), "peaks", "expected a list of at least 1"),
    ],
)
def test_bad_peaks_are_refused_by_place(charge: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(TariffRefused) as refusal:
        tariff_of(document(version(flat(), charge)))
    assert refusal.value.place == f"versions[0].charges[1].{place}"
    assert reason in refusal.value.reason
