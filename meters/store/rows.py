"""Days on their way into the database: arrays of one shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray
from meters.domain.quality import Quality

Codes = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]

MIXED = -1
"""Stands for a day's one code where its intervals have different ones."""

_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class DayRow:
    """What a feed says of one channel's day. values: int64 (n,), MISSING in holes; quality: a code, or uint8
    (n,).

    `spoken`, bool (n,), are the intervals it speaks for; None: all where it `replaces`, else those present.
    """

    channel_id: int
    day: date
    values: IntArray
    quality: int | Codes
    replaces: bool
    spoken: BoolArray | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DayTable:
    """Days of one length. channel_id, day (its ordinal), line (0: none): int64 (r,); micro: int64 (r, n),
    MISSING in holes; spoken: bool (r, n).

    quality: int16 (r,), MIXED in all rows where `codes`, uint8 (r, n) with MISSING in holes, tells it.
    """

    channel_id: IntArray
    day: IntArray
    line: IntArray
    micro: IntArray
    spoken: BoolArray
    quality: npt.NDArray[np.int16]
    codes: Codes | None

    @property
    def size(self) -> int:
        """Intervals of a day."""
        return int(self.micro.shape[1])

    @property
    def readings(self) -> int:
        """Values present."""
        return int(np.count_nonzero(self.micro != MISSING))

    def chosen(self, rows: BoolArray) -> DayTable:
        """Some of its rows."""
        if rows.all():
            return self
        return DayTable(
            self.channel_id[rows],
            self.day[rows],
            self.line[rows],
            self.micro[rows],
            self.spoken[rows],
            self.quality[rows],
            None if self.codes is None else self.codes[rows],
        )

    def all_codes(self) -> Codes:
        """One code an interval, of no meaning in holes."""
        if self.codes is not None:
            return self.codes
        return np.broadcast_to(self.quality.astype(np.uint8)[:, None], self.micro.shape)


def tables(rows: Iterable[DayRow]) -> Iterator[DayTable]:
    """Rows as tables of one shape each, a few thousand at a time, in the order given within a shape."""
    shapes: dict[tuple[int, bool], list[DayRow]] = {}
    for row in rows:
        shape = (row.values.size, isinstance(row.quality, np.ndarray))
        waiting = shapes.setdefault(shape, [])
        waiting.append(row)
        if len(waiting) == _ROWS_AT_ONCE:
            yield _table(waiting, shape[1])
            waiting.clear()
    for (_size, mixed), waiting in shapes.items():
        if waiting:
            yield _table(waiting, mixed)


def with_one_code(table: DayTable, codes: Codes) -> Iterator[DayTable]:
    """The rows of a table under new codes, apart: those of one code, and those of several."""
    present = table.micro != MISSING
    least = np.where(present, codes, 255).min(axis=1)
    most = np.where(present, codes, 0).max(axis=1)
    empty = ~present.any(axis=1)
    quality = np.where(empty, int(Quality.MISSING), most).astype(np.int16)
    mixed = ~empty & (least != most)
    if not mixed.all():
        yield _coded(table, quality, None).chosen(~mixed)
    if mixed.any():
        held = np.where(present, codes, int(Quality.MISSING)).astype(np.uint8)
        yield _coded(table, np.full_like(quality, MIXED), held).chosen(mixed)


def _coded(table: DayTable, quality: npt.NDArray[np.int16], codes: Codes | None) -> DayTable:
    return DayTable(table.channel_id, table.day, table.line, table.micro, table.spoken, quality, codes)


def _table(rows: list[DayRow], mixed: bool) -> DayTable:
    micro = np.stack([row.values for row in rows])
    spoken = micro != MISSING
    spoken[[row.replaces for row in rows]] = True
    for place, row in enumerate(rows):
        if row.spoken is not None:
            spoken[place] = row.spoken
    return DayTable(
        np.array([row.channel_id for row in rows], dtype=np.int64),
        np.array([row.day.toordinal() for row in rows], dtype=np.int64),
        np.array([row.line or 0 for row in rows], dtype=np.int64),
        micro,
        spoken,
        np.array([MIXED if mixed else row.quality for row in rows], dtype=np.int16),
        np.stack([np.asarray(row.quality, dtype=np.uint8) for row in rows]) if mixed else None,
    )
