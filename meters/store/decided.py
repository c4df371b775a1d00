"""What people decided about readings, kept from feeds that only say again what was replaced.

A meter reads 9,000 kWh, ops puts 0.25 there, and the next morning's file brings the last seven days once
more. Such a file says nothing new of that half-hour: its value is the one that was looked at and replaced. So
an interval of a day that stands by an edit or an estimate stays, where a feed says of it what the last feed
before the decision said. Any other value is news, and replaces it as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from sqlalchemy.orm import Session

from meters.domain.decimals import MISSING, IntArray
from meters.store.rows import Codes, DayTable, with_one_code
from utility_crm.kit.driver import driver_cursor

_DECIDED = """
select b.channel_id, b.day, b.micro, b.quality, b.qualities, before.micro, before.quality, before.qualities
from unnest(%(channels)s::bigint[], %(days)s::date[]) as asked(channel_id, day)
join blocks b on b.channel_id = asked.channel_id and b.day = asked.day
             and b.day between %(first)s::date and %(last)s::date
join feeds f on f.id = b.feed_id and f.source in ('edit', 'estimate')
left join lateral (
    select h.micro, h.quality, h.qualities from block_history h
    join feeds g on g.id = h.feed_id and g.source not in ('edit', 'estimate')
    where h.channel_id = b.channel_id and h.day = b.day
    order by h.replaced_at desc, h.id desc limit 1
) before on true
"""


@dataclass(frozen=True, slots=True, eq=False)
class _Day:
    """A day as it was decided, and as a feed said it last before. All (n,), MISSING and 0 in holes."""

    micro: IntArray
    codes: Codes
    before: IntArray
    before_codes: Codes


def undecided(session: Session, changed: Sequence[DayTable]) -> tuple[list[DayTable], int]:
    """Days that a feed is about to change, without what repeats readings that a person replaced; and how many
    days say nothing else. Their channels must be locked."""
    decided = _decided(session, changed)
    if not decided:
        return list(changed), 0
    left: list[DayTable] = []
    repeated = 0
    for table in changed:
        days = [decided.get(key) for key in _keys(table)]
        mine = np.array([day is not None and day.micro.size == table.size for day in days], dtype=np.bool_)
        if not mine.all():
            left.append(table.chosen(~mine))
        if mine.any():
            held = [day for day, here in zip(days, mine.tolist(), strict=True) if here and day is not None]
            made, same = _kept(table.chosen(mine), held)
            left += made
            repeated += same
    return left, repeated


def _kept(table: DayTable, days: Sequence[_Day]) -> tuple[list[DayTable], int]:
    """The days with what was decided where the table only repeats; those that then stand already are
    counted."""
    missing = table.micro == MISSING
    codes = np.where(missing, 0, table.all_codes()).astype(np.uint8)
    before = np.stack([day.before for day in days])
    repeats = (table.micro == before) & (missing | (codes == np.stack([day.before_codes for day in days])))
    held, held_codes = np.stack([day.micro for day in days]), np.stack([day.codes for day in days])
    micro = np.where(repeats, held, table.micro)
    codes = np.where(repeats, held_codes, codes).astype(np.uint8)
    same = (micro == held).all(axis=1) & (codes == held_codes).all(axis=1)
    if same.all():
        return [], int(same.size)
    rest = replace(table.chosen(~same), micro=micro[~same])
    return list(with_one_code(rest, codes[~same])), int(np.count_nonzero(same))


def _decided(session: Session, tables: Sequence[DayTable]) -> dict[tuple[int, int], _Day]:
    keys = [key for table in tables for key in _keys(table)]
    if not keys:
        return {}
    days = [date.fromordinal(day) for _channel, day in keys]
    asked = {
        "channels": [channel for channel, _day in keys],
        "days": days,
        "first": min(days),
        "last": max(days),
    }
    with driver_cursor(session) as cursor:
        rows = cursor.execute(_DECIDED, asked).fetchall()
    return {(row[0], row[1].toordinal()): _day(*row[2:]) for row in rows}


def _day(
    micro: list[int | None],
    quality: int | None,
    qualities: list[int] | None,
    before: list[int | None] | None,
    before_quality: int | None,
    before_qualities: list[int] | None,
) -> _Day:
    """Where no feed spoke before, or with another number of intervals, it is as if all had been missing."""
    values = _values(micro)
    if before is None or len(before) != len(micro):
        before, before_quality, before_qualities = [None] * len(micro), 0, None
    was = _values(before)
    return _Day(
        values, _codes(values, quality, qualities), was, _codes(was, before_quality, before_qualities)
    )


def _values(micro: Sequence[int | None]) -> IntArray:
    return np.array([MISSING if value is None else value for value in micro], dtype=np.int64)


def _codes(values: IntArray, quality: int | None, qualities: list[int] | None) -> Codes:
    told = np.full(values.size, quality or 0) if qualities is None else np.array(qualities)
    return np.where(values == MISSING, 0, told).astype(np.uint8)


def _keys(table: DayTable) -> Iterator[tuple[int, int]]:
    return zip(table.channel_id.tolist(), table.day.tolist(), strict=True)
