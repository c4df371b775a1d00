"""Days that a feed brings in part, laid over what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from meters.domain.decimals import MISSING, IntArray
from meters.store.rows import DayTable, with_one_code
from utility_crm.kit.driver import driver_cursor

_ROWS_AT_ONCE = 10_000

# The bounds let the server leave out the partitions that cannot hold any.
_KNOWN = """
select asked.place, cardinality(b.micro), array_replace(b.micro, null, %(missing)s::bigint),
       b.quality, b.qualities
from unnest(%(channels)s::bigint[], %(days)s::date[]) with ordinality as asked(channel_id, day, place)
join blocks b on b.channel_id = asked.channel_id and b.day = asked.day
where b.day between %(first)s and %(last)s
"""


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """Whole days made of partial ones; and those that could not be, because they are known at another length:
    `misfits` has, for each table, its rows and the known number of intervals."""

    tables: tuple[DayTable, ...]
    misfits: tuple[tuple[DayTable, IntArray], ...]


def merged(session: Session, partial: Sequence[DayTable]) -> Merged:
    """Every partial day with what is stored of it. Their channels must be locked."""
    made, misfits = list[DayTable](), list[tuple[DayTable, IntArray]]()
    for table in partial:
        known = _known(session, table)
        fits = (known.size == 0) | (known.size == table.size)
        if not fits.all():
            misfits.append((table.chosen(~fits), known.size[~fits]))
        if fits.any():
            micro = np.where(table.spoken, table.micro, known.micro)
            codes = np.where(table.spoken, table.all_codes(), known.codes).astype(np.uint8)
            whole = replace(table, micro=micro)
            made.extend(with_one_code(whole.chosen(fits), codes[fits]))
    return Merged(tuple(made), tuple(misfits))


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """The stored days of a table's rows. size: int64 (r,), intervals of the stored day, 0 where there is
    none; micro: int64 (r, n), MISSING where nothing is known; codes: uint8 (r, n)."""

    size: IntArray
    micro: IntArray
    codes: npt.NDArray[np.uint8]


def _known(session: Session, table: DayTable) -> _Known:
    known = _Known(
        np.zeros(table.channel_id.size, dtype=np.int64),
        np.full(table.micro.shape, MISSING, dtype=np.int64),
        np.zeros(table.micro.shape, dtype=np.uint8),
    )
    days = [date.fromordinal(day) for day in table.day.tolist()]
    for start in range(0, len(days), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        for place, size, micro, quality, qualities in _rows(
            session, table.channel_id[part].tolist(), days[part]
        ):
            row = start + place - 1
            known.size[row] = size
            if size == table.size:
                known.micro[row] = micro
                known.codes[row] = quality if qualities is None else qualities
    return known


def _rows(
    session: Session, channels: list[int], days: list[date]
) -> Iterator[tuple[int, int, list[int], int, list[int] | None]]:
    bounds = {"first": min(days), "last": max(days)}
    with driver_cursor(session, binary=True) as cursor:
        cursor.execute(_KNOWN, {"channels": channels, "days": days, "missing": MISSING, **bounds})
        yield from cursor
