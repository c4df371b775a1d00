"""What is missing: filled by the rule from the days around, or a reason to hold the account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
from sqlalchemy.orm import Session

from billing.domain.accounts.gaps import GapFill, fill_gaps
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import HOLIDAY, Period, day_kind
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.drafting.groups import rated_group
from billing.drafting.parts import (
    Fill,
    Hold,
    Placed,
    RatedSupply,
    hold,
    rated_supplies,
    usage_row,
    with_exports,
)
from billing.drafting.reactive import reactive_axis
from billing.queries.supplies import Supply
from meters.usage import UsageTable, usage

NEAR = timedelta(days=35)
"""How far either side of a period there are always four days of one weekday."""
FAR = timedelta(days=400)
"""How far there are public holidays."""
_Alike = tuple[int, str, Period, datetime, int, bool, tuple[int, int] | None]
"""Tariff, zone, days, axis of the readings, whether the supply ends, axis of its reactive energy."""


def no_readings(supply: Supply) -> Hold:
    """Nothing was read in all its days, nor near them: nothing to bill, and nothing to guess from."""
    point = supply.service_point
    words = f"Service point {point} has no reading in these days, and no whole days near to fill them from."
    return hold(supply, "no_readings", words)


@dataclass(frozen=True, slots=True)
class Gap:
    """How many of a supply's intervals have no reading; none of them is a gap, too."""

    item: Placed
    missing: int
    intervals: int


def judged(gaps: Sequence[Gap]) -> tuple[list[Placed], list[Placed], list[Hold]]:
    """What has gaps, what has no reading at all, and what somebody must answer for: a service point that
    lacks more than one day of a period, however many tariffs share it. A day of 25 hours is one day too."""
    of_point: dict[tuple[int, str], list[Gap]] = {}
    for gap in gaps:
        of_point.setdefault((gap.item.supply.account_id, gap.item.supply.service_point), []).append(gap)
    to_fill: list[Placed] = []
    unread: list[Placed] = []
    asks: list[Hold] = []
    for mine in of_point.values():
        lacking = [gap.item for gap in mine if gap.missing]
        if not _more_than_a_day(mine):
            to_fill += lacking
        elif all(gap.missing == gap.intervals for gap in mine):
            unread += lacking
        else:
            to_fill += lacking
            asks.append(_too_long(mine))
    return to_fill, unread, asks


def _more_than_a_day(mine: Sequence[Gap]) -> bool:
    minutes = sum(gap.missing * gap.item.table.interval_minutes for gap in mine)
    return minutes > max(longest_day_minutes(gap.item.period, gap.item.zone) for gap in mine)


def _too_long(mine: Sequence[Gap]) -> Hold:
    """Why a service point's gaps are not filled by themselves."""
    supply = mine[0].item.supply
    missing, intervals = sum(gap.missing for gap in mine), sum(gap.intervals for gap in mine)
    reason = (
        f"{missing:,} of {intervals:,} readings are missing at service point {supply.service_point}, "
        "more than one day."
    )
    return hold(supply, "missing", reason)


@lru_cache(maxsize=512)
def longest_day_minutes(period: Period, zone: str) -> int:
    """Minutes of the longest local day of a period."""
    midnights = [day_starts_at(day, zone) for day in (*period.dates(), period.ends_before)]
    return max(int((b - a) / timedelta(minutes=1)) for a, b in pairwise(midnights))


@dataclass(frozen=True, slots=True)
class Filled:
    """Supplies priced with what was filled; asks: those somebody must answer for, holds: those that could not
    be filled."""

    rated: list[RatedSupply]
    asks: list[Hold]
    holds: list[Hold]


def filled_supplies(session: Session, items: Sequence[Placed], known_at: datetime | None) -> Filled:
    """Fill the gaps of each, and rate what came of it; at most two statements, whatever their number.

    A gap on a public holiday looks for the nearest holidays, a year away if need be. Where there is none, the
    holiday is filled like the weekday that it falls on, if somebody answers for it.
    """
    on_holidays = [item for item in items if _misses_a_holiday(item)]
    others = [item for item in items if item not in on_holidays]
    gaps = _gaps(session, others, known_at, NEAR) + _gaps(session, on_holidays, known_at, FAR)
    filled: list[tuple[Placed, GapFill]] = []
    done = Filled([], [], [])
    for item, usage_around in gaps:
        gap = fill_gaps(usage_around, item.period, item.zone, item.tariff.holidays)
        if gap.not_fillable:
            count = len(gap.not_fillable)
            reason = f"{count} missing readings have no whole day like theirs to be taken from."
            gap = fill_gaps(usage_around, item.period, item.zone, None)
            (done.holds if gap.not_fillable else done.asks).append(hold(item.supply, "not_fillable", reason))
        if not gap.not_fillable:
            filled.append((item, gap))
    rated, refused = _rated(filled)
    done.rated.extend(rated)
    done.holds.extend(refused)
    return done


def _rated(filled: Sequence[tuple[Placed, GapFill]]) -> tuple[list[RatedSupply], list[Hold]]:
    """One pass for those that share tariff, zone, days and axes."""
    alike: dict[_Alike, list[tuple[Placed, GapFill]]] = {}
    for item, gap in filled:
        axis = gap.usage.starts_at, gap.usage.interval_minutes, item.state.ends, reactive_axis(item)
        alike.setdefault((item.supply.tariff_id, item.zone, item.period, *axis), []).append((item, gap))
    rated: list[RatedSupply] = []
    holds: list[Hold] = []
    for found in alike.values():
        gap_of = {item.supply: gap for item, gap in found}

        def matrix(items: Sequence[Placed], gap_of: dict[Supply, GapFill] = gap_of) -> UsageMatrix:
            return with_exports(UsageMatrix.of([gap_of[item.supply].usage for item in items]), items)

        group, batch, refused = rated_group([item for item, _ in found], matrix)
        holds += refused
        if batch is not None:
            fills = [_fill(item, gap_of[item.supply]) for item in group]
            rated += rated_supplies(group, batch, range(len(group)), fills)
    return rated, holds


def unread_supplies(session: Session, items: Sequence[Placed], known_at: datetime | None) -> Filled:
    """Supplies without any reading, which somebody must answer for where the days around them suffice.

    The filling is tried before anybody is asked, so that a release is offered only where it will do.
    """
    found = filled_supplies(session, items, known_at)
    done = {part.supply for part in found.rated}
    asks: list[Hold] = []
    # What could be filled and yet not be priced has a reason of its own.
    holds = [one for one in found.holds if one.code != "not_fillable"]
    unpriced = {one.account_id for one in holds}
    for item in items:
        supply = item.supply
        if supply not in done:
            holds += [] if supply.account_id in unpriced else [no_readings(supply)]
        else:
            point = supply.service_point
            words = f"Service point {point} has no reading in these days; days near could fill them."
            asks.append(hold(supply, "missing", words))
    return Filled(found.rated, asks, holds)


def _misses_a_holiday(item: Placed) -> bool:
    """Whether one of the period's holidays lacks a reading."""
    holidays = item.tariff.holidays
    if holidays is None:
        return False
    table, step = item.table, timedelta(minutes=item.table.interval_minutes)
    for day in item.period.dates():
        if day_kind(day, holidays) == HOLIDAY:
            begin, end = (day_starts_at(one, item.zone) for one in (day, day + timedelta(days=1)))
            first, last = (max(0, -((table.starts_at - at) // step)) for at in (begin, end))
            known = ~table.missing[item.row, first:last]
            if not known.all() or known.size < (end - begin) // step:
                return True
    return False


def _gaps(
    session: Session, items: Sequence[Placed], known_at: datetime | None, around: timedelta
) -> list[tuple[Placed, Usage]]:
    """Each with its readings of the period and of the days around it."""
    if not items:
        return []
    starts_at = min(day_starts_at(item.period.starts_on, item.zone) for item in items) - around
    ends_before = max(day_starts_at(item.period.ends_before, item.zone) for item in items) + around
    channels = list(dict.fromkeys(item.channel_id for item in items))
    wide = {
        channel: (table, row)
        for table in usage(session, channels, starts_at, ends_before, known_at)
        for row, channel in enumerate(table.channel_ids)
    }
    return [(item, _around(item, *wide[item.channel_id])) for item in items]


def _around(item: Placed, table: UsageTable, row: int) -> Usage:
    """The readings around the period, unless the channel's interval was another there."""
    if table.interval_minutes != item.table.interval_minutes:
        return usage_row(item.table, item.row)
    return usage_row(table, row)


def _fill(item: Placed, gap: GapFill) -> Fill:
    """Which intervals were filled: those of the period that the table does not know."""
    table, found = item.table, gap.usage
    step = timedelta(minutes=table.interval_minutes)
    offset = (found.starts_at - table.starts_at) // step
    known = np.zeros(found.micro_kwh.size, dtype=bool)
    begin, end = max(0, -offset), min(known.size, table.missing.shape[1] - offset)
    known[begin:end] = ~table.missing[item.row, begin + offset : end + offset]
    places = np.flatnonzero(~known)
    return Fill(
        item.channel_id,
        tuple(found.starts_at + int(place) * step for place in places),
        tuple(found.micro_kwh[places].tolist()),
    )
