"""By when customers have to hear of a thing: each place's rule, by the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.lead_time import (
    LEAD_TIMES,
    OWN,
    LeadTime,
    Matter,
    days_late,
    lead_time,
    tell_by,
    tell_from,
)

FRIDAY = date(2026, 11, 27)
NEW_YEAR = frozenset(date(2027, 1, day) for day in range(1, 9))


@pytest.mark.parametrize(
    ("matter", "country", "subdivision", "segment", "on", "free", "last"),
    [
        ("planned_outage", "GB", "", "household", FRIDAY, (), date(2026, 11, 25)),
        # four business days before a Friday is the Monday; a holiday among them, the Friday before
        ("planned_outage", "AU", "VIC", "household", FRIDAY, (), date(2026, 11, 23)),
        ("planned_outage", "AU", "VIC", "household", FRIDAY, (date(2026, 11, 24),), date(2026, 11, 20)),
        ("planned_outage", "RU", "", "household", FRIDAY, (), date(2026, 11, 13)),
        # the Russian New Year holidays push it into December
        ("planned_outage", "RU", "", "household", date(2027, 1, 13), NEW_YEAR, date(2026, 12, 22)),
        ("planned_outage", "FI", "", "household", FRIDAY, (), date(2026, 11, 24)),
        ("tariff_change", "GB", "", "household", date(2027, 1, 1), (), date(2026, 12, 2)),
        ("tariff_change", "US", "TX", "small_business", date(2027, 1, 1), (), date(2026, 12, 18)),
        ("tariff_change", "US", "TX", "industry", date(2027, 1, 1), (), date(2026, 12, 2)),
        ("contract_ending", "GB", "", "household", date(2027, 1, 31), (), date(2026, 12, 20)),
        ("contract_ending", "US", "TX", "household", date(2027, 1, 31), (), date(2027, 1, 1)),
    ],
)
def test_the_last_day_in_time(
    matter: Matter, country: str, subdivision: str, segment: str, on: date, free: tuple[date, ...], last: date
) -> None:
    rule = lead_time(matter, country, subdivision, segment)
    assert tell_by(rule, on, free) == last
    assert days_late(rule, on, last, free) == 0
    assert days_late(rule, on, last + timedelta(days=3), free) == 3


def test_a_contract_is_told_of_in_a_window() -> None:
    rule = lead_time("contract_ending", "GB")
    assert tell_from(rule, date(2027, 1, 31), spare=7) == date(2026, 12, 13)
    assert tell_from(rule, date(2027, 1, 31), spare=90) == date(2026, 12, 13)


def test_every_rule_says_whose_it_is_and_every_matter_has_one_for_everybody() -> None:
    assert all(rule.source for rule in LEAD_TIMES)
    for matter in {rule.matter for rule in LEAD_TIMES}:
        for segment in ("household", "small_business", "industry"):
            rule = lead_time(matter, "ZZ", "", segment)
            assert rule.source == OWN and not rule.is_law
    assert lead_time("planned_outage", "GB").is_law
    assert not lead_time("tariff_change", "GB").is_law


@given(
    st.sampled_from(LEAD_TIMES),
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.sets(st.integers(1, 40), max_size=12),
    st.integers(0, 30),
)
def test_it_is_begun_in_time_and_counts_the_days_that_it_says(
    rule: LeadTime, on: date, holidays: set[int], spare: int
) -> None:
    free = {on - timedelta(days=back) for back in holidays}
    last = tell_by(rule, on, free)
    between = [last + timedelta(days=number) for number in range((on - last).days)]
    counted = [day for day in between if not rule.working or (day.weekday() < 5 and day not in free)]
    assert len(counted) == rule.days
    first = tell_from(rule, on, free, spare=spare)
    assert first <= last < on
    assert rule.earliest is None or (on - first).days <= max(rule.earliest, (on - last).days)
