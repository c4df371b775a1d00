"""Consumption of a span divided at instants inside it, by a profile, exactly."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from meters.domain.accumulated import Consumption
from meters.domain.decimals import IntArray

MOST_WEIGHT = 2**40


@dataclass(frozen=True, slots=True, eq=False)
class LoadProfile:
    """How consumption usually runs: `weights` int64 (n,), none below zero, of intervals from `starts_at` on.

    Only their proportions matter. Within an interval consumption is even.
    """

    starts_at: datetime
    interval_minutes: int
    weights: IntArray
    _sums: IntArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.weights.size and not 0 <= int(self.weights.min()) <= int(self.weights.max()) <= MOST_WEIGHT:
            raise ValueError("a profile's weights lie between 0 and 2**40")
        sums = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self.weights, dtype=np.int64)])
        object.__setattr__(self, "_sums", sums)

    @property
    def ends_before(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.interval_minutes) * int(self.weights.size)

    def covers(self, starts_at: datetime, ends_before: datetime) -> bool:
        """Whether it says something of all of a span."""
        return self.starts_at <= starts_at and ends_before <= self.ends_before

    def before(self, instant: datetime) -> int:
        """The weight of all intervals before an instant inside the profile, times microseconds."""
        step = self.interval_minutes * 60_000_000
        place, rest = divmod((instant - self.starts_at) // timedelta(microseconds=1), step)
        whole = int(self._sums[place]) * step
        return whole + (int(self.weights[place]) * rest if rest else 0)


def micro_before(
    consumption: Consumption, instants: Sequence[datetime], profile: LoadProfile | None = None
) -> list[int]:
    """How much of a consumption had gone through at each instant of its span, in millionths.

    What had gone through is rounded, not each part: the parts between any instants sum to the whole, and two
    bills that share a boundary agree on it whatever other boundaries they have. Flat without a profile, and
    where the profile says nothing of some of the span or that nothing flows in it.
    """
    starts_at, ends_before = consumption.starts_at, consumption.ends_before
    if profile is not None and profile.covers(starts_at, ends_before):
        base = profile.before(starts_at)
        total = profile.before(ends_before) - base
        if total > 0:
            return [_share(consumption.micro, profile.before(at) - base, total) for at in instants]
    tick = timedelta(microseconds=1)
    total = (ends_before - starts_at) // tick
    return [_share(consumption.micro, (at - starts_at) // tick, total) for at in instants]


def spread(
    consumption: Consumption, boundaries: Sequence[datetime], profile: LoadProfile | None = None
) -> list[int]:
    """The millionths in each part of a consumption's span, cut at the boundaries inside it; len(inside) + 1.

    In proportion to the profile, each part within a millionth of its exact share, their sum exact.
    """
    inside = sorted({at for at in boundaries if consumption.starts_at < at < consumption.ends_before})
    gone = micro_before(consumption, [consumption.starts_at, *inside, consumption.ends_before], profile)
    return [later - earlier for earlier, later in pairwise(gone)]


def _share(micro: int, part: int, whole: int) -> int:
    """micro * part / whole, half up."""
    return (2 * micro * part + whole) // (2 * whole)


@dataclass(frozen=True, slots=True)
class Claim:
    """The part [starts_at, ends_before) of a consumption that it speaks for."""

    consumption: Consumption
    starts_at: datetime
    ends_before: datetime

    @property
    def whole(self) -> bool:
        """Whether nothing of it went to another."""
        told = self.consumption
        return (told.starts_at, told.ends_before) == (self.starts_at, self.ends_before)


def claimed(consumptions: Sequence[Consumption]) -> list[Claim]:
    """Consumptions of one register, the better ones first, as claims that overlap nowhere, by time.

    Each gets what those before it have left of its span.
    """
    taken: list[tuple[datetime, datetime]] = []
    claims = []
    for told in consumptions:
        for starts_at, ends_before in _left(told, taken):
            claims.append(Claim(told, starts_at, ends_before))
            place = bisect_left(taken, (starts_at, ends_before))
            taken.insert(place, (starts_at, ends_before))
    return sorted(claims, key=lambda claim: claim.starts_at)


def _left(told: Consumption, taken: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """What of a span is in none of the taken ones, which are in order and apart."""
    left, at = [], told.starts_at
    place = max(0, bisect_left(taken, (told.starts_at, told.starts_at)) - 1)
    for starts_at, ends_before in taken[place:]:
        if starts_at >= told.ends_before:
            break
        if at < starts_at:
            left.append((at, starts_at))
        at = max(at, ends_before)
    if at < told.ends_before:
        left.append((at, told.ends_before))
    return left
