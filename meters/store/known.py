"""Days as they are stored, out of the database into arrays, without a Python object a reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from meters.domain.decimals import MISSING, IntArray
from meters.store.rows import Codes, DayTable, keys
from utility_crm.kit.driver import driver_cursor

_GAP = 3
"""Days between two that are asked for, up to which those in between are fetched rather than asked around."""

# Each stretch is looked up through the key, whatever the server thinks of a table that grew a moment ago. The
# bounds let it leave out the partitions that cannot hold any.
_KNOWN = f"""
copy (
    select b.channel_id, b.day - date '0001-01-01' + 1, cardinality(b.micro),
           coalesce(b.quality, -1::smallint), array_replace(b.micro, null, {MISSING}), b.qualities
    from unnest(%(channels)s::bigint[], %(firsts)s::date[], %(lasts)s::date[]) as asked(channel, first, last)
    cross join lateral (
        select * from blocks
        where channel_id = asked.channel and day between asked.first and asked.last
          and day between %(first)s::date and %(last)s::date
        offset 0
    ) b
) to stdout (format binary)
"""
_SIGNATURE = 19  # bytes before the first row
_ARRAY = [(name, ">i4") for name in ("length", "dimensions", "nulls", "element", "size", "lower")]


@dataclass(frozen=True, slots=True, eq=False)
class KnownDays:
    """Stored days of one shape, by key. micro: int64 (r, n), MISSING in holes; quality: int16 (r,), MIXED
    where `codes`, uint8 (r, n), tells it."""

    key: IntArray
    micro: IntArray
    quality: npt.NDArray[np.int16]
    codes: Codes | None

    @property
    def size(self) -> int:
        """Intervals of a day."""
        return int(self.micro.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is stored, of all shapes: key: int64 (k,), rising; group, row: where in `groups` each lies."""

    groups: Sequence[KnownDays]
    key: IntArray
    group: IntArray
    row: IntArray
    size: IntArray

    def places(self, key: IntArray) -> IntArray:
        """Where in these columns each key is, -1 where it is not."""
        if not self.key.size:
            return np.full(key.size, -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.key, key), self.key.size - 1)
        return np.where(self.key[place] == key, place, -1)


def known_days(session: Session, tables: Sequence[DayTable]) -> Known:
    """The stored days of the tables' channels and days, and perhaps some between. Their channels must be
    locked."""
    asked = asked_stretches(tables)
    if asked is None:
        return _together([])
    shapes: dict[tuple[int, bytes], list[bytes]] = {}
    with driver_cursor(session) as cursor, cursor.copy(_KNOWN, asked) as copy:
        begun = _SIGNATURE
        for sent in copy:
            row = bytes(sent)[begun:]
            begun = 0
            if len(row) > 2:  # the last word is none
                shapes.setdefault((len(row), row[26:30]), []).append(row)
    return _together([_parsed(rows) for rows in shapes.values()])


def asked_stretches(tables: Sequence[DayTable]) -> dict[str, Any] | None:
    """What a query of stored days is asked with: stretches of days of the tables' channels, and the first and
    last of all; None for no day."""
    channel = np.concatenate([np.zeros(0, dtype=np.int64), *(table.channel_id for table in tables)])
    day = np.concatenate([np.zeros(0, dtype=np.int64), *(table.day for table in tables)])
    if not channel.size:
        return None
    order = np.argsort(keys(channel, day), kind="stable")
    channel, day = channel[order], day[order]
    begins = np.ones(channel.size, dtype=np.bool_)
    begins[1:] = (np.diff(channel) != 0) | (np.diff(day) > _GAP)
    first = np.flatnonzero(begins)
    last = np.append(first[1:], channel.size) - 1
    return {
        "channels": channel[first].tolist(),
        "firsts": [date.fromordinal(one) for one in day[first].tolist()],
        "lasts": [date.fromordinal(one) for one in day[last].tolist()],
        "first": date.fromordinal(int(day.min())),
        "last": date.fromordinal(int(day.max())),
    }


def _together(groups: Sequence[KnownDays]) -> Known:
    none = np.zeros(0, dtype=np.int64)
    key = np.concatenate([none, *(one.key for one in groups)])
    order = np.argsort(key)
    group = np.concatenate([none, *(np.full(one.key.size, place) for place, one in enumerate(groups))])
    row = np.concatenate([none, *(np.arange(one.key.size) for one in groups)])
    size = np.concatenate([none, *(np.full(one.key.size, one.size) for one in groups)])
    return Known(groups, key[order], group[order], row[order], size[order])


def _parsed(rows: Sequence[bytes]) -> KnownDays:
    """Rows of one shape, as COPY (format binary) writes them."""
    size = int.from_bytes(rows[0][26:30], "big")
    uniform = len(rows[0]) == 36 + 24 + 12 * size + 4
    fields: list[Any] = [
        ("fields", ">i2"), ("l1", ">i4"), ("channel", ">i8"), ("l2", ">i4"), ("day", ">i4"),
        ("l3", ">i4"), ("size", ">i4"), ("l4", ">i4"), ("quality", ">i2"),
        ("micro_head", _ARRAY), ("micro", [("length", ">i4"), ("value", ">i8")], (size,)),
    ]  # fmt: skip
    if uniform:
        fields.append(("l6", ">i4"))
    else:
        fields += [("codes_head", _ARRAY), ("codes", [("length", ">i4"), ("value", ">i2")], (size,))]
    table = np.frombuffer(b"".join(rows), dtype=np.dtype(fields))
    return KnownDays(
        keys(table["channel"].astype(np.int64), table["day"].astype(np.int64)),
        table["micro"]["value"].astype(np.int64),
        table["quality"].astype(np.int16),
        None if uniform else table["codes"]["value"].astype(np.uint8),
    )
