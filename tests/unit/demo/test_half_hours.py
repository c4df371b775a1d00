"""Half-hours: the day's energy, spread as the home lives, the same each time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from meters.demo.faults import corrections, make_faults
from meters.demo.half_hours import HalfHours
from utility_crm.demo.calendar import BILLS
from utility_crm.demo.homes import INDUSTRY
from utility_crm.demo.plan import Plan
from utility_crm.demo.profiles import load_profiles

EVERYONE = slice(0, 60)


@pytest.fixture(scope="module")
def quiet_plan(small_plan: Plan) -> Plan:
    """Without noise from one half-hour to the next."""
    return replace(small_plan, homes=replace(small_plan.homes, jitter=np.zeros(small_plan.homes.count)))


def test_profiles_are_the_published_ones_on_londons_clock(plan: Plan) -> None:
    profiles = load_profiles(plan.calendar)
    assert profiles.household.shape == (plan.calendar.days + 1, 48)
    assert profiles.household.mean() == pytest.approx(1.0, abs=1e-3)
    evening, night = profiles.household[:, 36:40].mean(), profiles.household[:, 4:8].mean()
    assert evening > 2 * night
    sunday, monday = (plan.calendar.place(day) for day in (date(2026, 6, 7), date(2026, 6, 8)))
    assert profiles.business[monday, 20:30].mean() > 1.2 * profiles.business[sunday, 20:30].mean()


def test_half_hours_sum_to_the_days_energy(quiet_plan: Plan) -> None:
    energy = HalfHours(quiet_plan).energy(EVERYONE)
    usual = np.flatnonzero(quiet_plan.homes.solar_kw[EVERYONE] == 0)
    days = energy.imported[usual].sum(axis=2) / 1e6
    # Where the clock changes, a day of UTC has another set of local slots.
    even = np.array([len(set(slots)) == 48 for slots in quiet_plan.calendar.local[1]])
    expected = quiet_plan.energy.total[usual][:, even]
    # Each of 48 readings is rounded to a watt-hour; float32 carries seven digits.
    assert (np.abs(days[:, even] - expected) < 0.05 + 1e-5 * expected).all()
    assert even.sum() == quiet_plan.calendar.days - 3  # twice back, once forward


def test_storage_heating_runs_at_night(quiet_plan: Plan) -> None:
    stores = np.flatnonzero(quiet_plan.homes.night_heat)
    assert stores.size
    place = int(stores[0])
    micro = HalfHours(quiet_plan).energy(EVERYONE).imported[place]
    coldest = (
        int(np.argmin(quiet_plan.weather.celsius[90:150])) + 90
    )  # January or February: local time is UTC
    warmest = int(np.argmax(quiet_plan.weather.celsius))
    night = slice(1, 13)
    assert micro[coldest, night].sum() / micro[coldest].sum() > 0.5
    assert micro[warmest, night].sum() / micro[warmest].sum() < 0.45


def test_export_needs_panels_and_daylight(plan: Plan) -> None:
    chunk = slice(0, 100)
    energy = HalfHours(plan).energy(chunk)
    assert np.array_equal(energy.solar, np.flatnonzero(plan.homes.solar_kw[chunk] > 0))
    assert energy.exported.shape[0] == energy.solar.size > 0
    assert energy.exported[:, :, :6].sum() == 0
    assert energy.exported[:, :, 44:].sum() == 0
    assert energy.exported[:, :, 22:28].sum() > 0
    # A half-hour is bought or sold, never both.
    assert (np.minimum(energy.exported, energy.imported[energy.solar]) == 0).all()


def test_a_chunk_is_the_same_energy_each_time(plan: Plan) -> None:
    made = HalfHours(plan)
    made.energy(slice(0, 10))
    again = HalfHours(plan).energy(slice(100, 120))
    assert np.array_equal(made.energy(slice(100, 120)).imported, again.imported)
    assert again.imported.dtype == np.int64
    assert (again.imported >= 0).all() and (again.imported % 1000 == 0).all()


def test_no_period_but_the_latest_misses_more_than_a_day(plan: Plan) -> None:
    waiting = 0
    for place, faults in enumerate(make_faults(plan)):
        supply = plan.supplies[place]
        for turn, (start, end) in enumerate(plan.calendar.periods(supply.cycle_day)):
            days = range(plan.calendar.place(start) - 1, plan.calendar.place(end))
            missing = sum(size for day, (_, size) in faults.holes.items() if day in days)
            missing += 48 * sum(day in days for day in faults.absent)
            waiting += missing > 48
            assert missing <= 48 or turn == BILLS - 1
            assert all(first + size <= 48 for first, size in faults.holes.values())
    assert 5 <= waiting <= 20


def test_only_moorsides_industry_is_silent(plan: Plan) -> None:
    silent = [place for place, faults in enumerate(make_faults(plan)) if faults.silent]
    assert silent
    assert all(
        plan.homes.kind[place] == INDUSTRY and plan.supplies[place].address.area == 1 for place in silent
    )


def test_the_first_customers_guess_was_put_right_after_the_bill(plan: Plan) -> None:
    faults = make_faults(plan)
    (guess,) = faults[0].guesses
    _, end = plan.calendar.periods(plan.supplies[0].cycle_day)[BILLS - 2]
    assert plan.calendar.day(guess.first + guess.days) < end
    assert guess.read_on is not None and plan.calendar.day(guess.read_on) > end
    assert (0, guess) in list(corrections(plan, faults))
    assert sum(1 for _ in corrections(plan, faults)) > 5
    assert sum(len(one.guesses) for one in faults) > 30
