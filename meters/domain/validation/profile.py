"""A channel's own history in short: what its days look like, and how much it ever used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.validation.days import BoolArray
from meters.domain.validation.stuck import longest_zero_run, run_lengths

OUTLIER = 3
"""A day whose peak is so many times the usual high peak does not tell how much a meter uses."""
HIGH_PEAK = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Of c channels. days, most, median_day, longest_run, zero_days: int64 (c,); shape: int64 (c, n), zero
    where there is no day."""

    days: IntArray
    shape: IntArray
    most: IntArray
    median_day: IntArray
    longest_run: IntArray
    zero_days: IntArray


def profiles_of(micro: IntArray, usable: BoolArray, trusted: BoolArray, settled: int) -> Profiles:
    """micro: int64 (c, d, n), zero in holes; usable: bool (c, d), whole measured days that nothing is said
    against; trusted: bool (c, d), days a person has accepted as they are: their peaks count, however high.

    Runs are looked for in the first `settled` days only, so that a meter that has just stopped does not
    excuse itself. Means and medians are rounded half-even.
    """
    count = usable.sum(axis=1)
    peaks = np.where(usable, micro.max(axis=2), -1)
    ordinary = usable & (trusted | (peaks <= OUTLIER * _high_peak(peaks, count)[:, None]))
    days = ordinary.sum(axis=1, dtype=np.int64)
    weights = ordinary.astype(np.float64)
    shape = np.einsum("cdn,cd->cn", micro.astype(np.float64), weights) / np.maximum(days, 1)[:, None]
    totals = micro.sum(axis=2)
    early = usable.copy()
    early[:, settled:] = False
    return Profiles(
        days,
        np.rint(shape).astype(np.int64),
        np.where(ordinary, peaks, 0).max(axis=1, initial=0),
        _median(totals, ordinary),
        _longest_run(micro[:, :settled], early[:, :settled]),
        longest_zero_run(totals[:, :settled], early[:, :settled]),
    )


def _high_peak(peaks: IntArray, count: IntArray) -> IntArray:
    """int64 (c,): the peak that HIGH_PEAK of the usable days do not exceed; those that are not usable are
    below 0."""
    ordered = np.sort(peaks, axis=1)
    unusable = peaks.shape[1] - count
    place = unusable + np.ceil(HIGH_PEAK * count).astype(np.int64) - 1
    place = np.clip(place, 0, peaks.shape[1] - 1)
    found: IntArray = np.take_along_axis(ordered, place[:, None], axis=1)[:, 0]
    return np.maximum(found, 0)


def _median(totals: IntArray, chosen: BoolArray) -> IntArray:
    """int64 (c,): the middle of the chosen days' sums; 0 without any."""
    held = np.where(chosen, totals.astype(np.float64), np.nan)
    middle = np.zeros(totals.shape[0])
    some = chosen.any(axis=1)
    if some.any():
        middle[some] = np.nanmedian(held[some], axis=1)
    return np.rint(middle).astype(np.int64)


def _longest_run(micro: IntArray, usable: BoolArray) -> IntArray:
    """int64 (c,): the longest run of one value above zero, over midnights too."""
    channels = micro.shape[0]
    values = np.where(usable[:, :, None], micro, 0).reshape(channels, -1)
    if not values.size:
        return np.zeros(channels, dtype=np.int64)
    longest: IntArray = np.where(values > 0, run_lengths(values), 0).max(axis=1)
    return longest
