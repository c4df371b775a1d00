"""Consumption of a register in the parts of a span: what was read, what was estimated, what was spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from meters.domain.accumulated import Consumption
from meters.domain.quality import Quality
from meters.domain.registers.spreading import Claim, LoadProfile, claimed, micro_before

ProfileOf = Callable[[datetime, datetime], LoadProfile | None]
"""(starts_at, ends_before) of a consumption -> how it runs, None for evenly."""


@dataclass(frozen=True, slots=True)
class Part:
    """[starts_at, ends_before) of one register. `micro` counts millionths of the register's unit.

    `estimated_micro` of it rests on an estimated, deemed or substituted read; `spread_micro` of it was cut
    out of a longer consumption by a profile, since nothing was read at the part's ends. `unknown` is how much
    of the part's time no read and no told consumption covers.
    """

    starts_at: datetime
    ends_before: datetime
    micro: int
    estimated_micro: int
    spread_micro: int
    unknown: timedelta

    @property
    def known(self) -> bool:
        """Whether all of its time is covered."""
        return not self.unknown

    @property
    def estimated(self) -> bool:
        """Whether any of it was not read: an estimate, or a share by profile."""
        return bool(self.estimated_micro or self.spread_micro or self.unknown)


def parts(
    consumptions: Sequence[Consumption], instants: Sequence[datetime], profile_of: ProfileOf | None = None
) -> tuple[Part, ...]:
    """A part between each two neighbours of `instants` (two or more, rising), of one register's consumptions,
    the better ones first where they overlap."""
    claims = claimed(consumptions)
    return tuple(
        _part(claims, starts_at, ends_before, profile_of) for starts_at, ends_before in pairwise(instants)
    )


def _part(
    claims: Sequence[Claim], starts_at: datetime, ends_before: datetime, profile_of: ProfileOf | None
) -> Part:
    micro = estimated = spread = 0
    unknown = ends_before - starts_at
    for claim in claims:
        first, last = max(starts_at, claim.starts_at), min(ends_before, claim.ends_before)
        if first >= last:
            continue
        told = claim.consumption
        unknown -= last - first
        whole = (first, last) == (told.starts_at, told.ends_before)
        if whole:
            amount = told.micro
        else:
            profile = profile_of(told.starts_at, told.ends_before) if profile_of else None
            gone = micro_before(told, [first, last], profile)
            amount = gone[1] - gone[0]
        micro += amount
        estimated += amount if told.quality != Quality.ACTUAL else 0
        spread += 0 if whole else amount
    return Part(starts_at, ends_before, micro, estimated, spread, unknown)
