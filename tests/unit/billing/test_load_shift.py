"""Moving use to the night: nothing is made or lost, on no day, whatever the clock does."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.rating.load_shift import NIGHT, PEAK, Shift, shifted
from billing.domain.reckoning.axis import axis_of, day_starts_at, epoch_minute
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage

LONDON = "Europe/London"
PERIOD = Period(date(2026, 10, 20), date(2026, 10, 30))  # holds the day of 25 hours


def made(seed: int, gaps: float) -> Usage:
    start, end = day_starts_at(PERIOD.starts_on, LONDON), day_starts_at(PERIOD.ends_before, LONDON)
    size = int((end - start).total_seconds()) // 1800
    rng = np.random.default_rng(seed)
    return Usage.of(start, 30, rng.integers(0, 2_000_000, size), rng.random(size) < gaps)


@given(st.integers(0, 10**6), st.integers(0, 100), st.sampled_from([0.0, 0.3, 0.95]))
def test_each_day_keeps_its_energy(seed: int, percent: int, gaps: float) -> None:
    usage = made(seed, gaps)
    found = shifted(usage, PERIOD, LONDON, Shift(percent))
    axis = axis_of(LONDON, 30, epoch_minute(usage.starts_at), PERIOD)
    before, after = (
        np.bincount(axis.day_index, weights=one.micro_kwh, minlength=10).astype(np.int64)
        for one in (usage, found)
    )
    assert (before == after).all() and (found.micro_kwh >= 0).all()
    assert not found.micro_kwh[found.missing].any() and (found.missing == usage.missing).all()
    peak = (axis.clock_minute >= PEAK[0]) & (axis.clock_minute < PEAK[1])
    night = (axis.clock_minute >= NIGHT[0]) & (axis.clock_minute < NIGHT[1])
    assert (found.micro_kwh[peak] <= usage.micro_kwh[peak]).all()
    assert (found.micro_kwh[night] >= usage.micro_kwh[night]).all()
    other = ~(peak | night)
    assert (found.micro_kwh[other] == usage.micro_kwh[other]).all()


def test_the_share_asked_for_is_moved() -> None:
    usage = made(1, 0)
    found = shifted(usage, PERIOD, LONDON, Shift(100))
    axis = axis_of(LONDON, 30, epoch_minute(usage.starts_at), PERIOD)
    peak = (axis.clock_minute >= PEAK[0]) & (axis.clock_minute < PEAK[1])
    assert not found.micro_kwh[peak].any() and usage.micro_kwh[peak].all()
    half = shifted(usage, PERIOD, LONDON, Shift(50))
    assert (half.micro_kwh[peak] == usage.micro_kwh[peak] - usage.micro_kwh[peak] // 2).all()


def test_days_outside_the_period_stay() -> None:
    usage, inner = made(2, 0), Period(date(2026, 10, 22), date(2026, 10, 23))
    changed = shifted(usage, inner, LONDON, Shift(40)).micro_kwh != usage.micro_kwh
    assert changed[96:144].any() and not changed[:96].any() and not changed[144:].any()
