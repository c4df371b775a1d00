"""Blocks out of the database into numpy, without a Python object a reading.

PostgreSQL's binary COPY sends a bigint[] as a header and (length, value) pairs, so rows of one shape are
one structured array: 2,000 channels x 31 days of half-hours load in a fraction of a second. Rows with holes
have their own lengths and are taken one by one; they are few.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg.sql import SQL, Composable
from sqlalchemy.orm import Session

from meters.domain.quality import Quality

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_SIGNATURE = 19  # "PGCOPY\n\377\r\n\0", flags, length of an empty extension
_TRAILER = b"\xff\xff"
_MICRO_AT = 2 + (4 + 8) + (4 + 4) + (4 + 2) + (4 + 2)
_VALUES_AT = _MICRO_AT + 4 + 20
_DAYS_TO_2000 = 10957
_NO_CODE = -1


@dataclass(frozen=True, slots=True, eq=False)
class BlockRows:
    """Rows of one interval length: r days, each with n readings.

    channel_id, first_minute (epoch minutes of the day's start in UTC): int64 (r,).
    micro: int64 (r, n), zero where not present. present, estimated: bool (r, n).
    """

    channel_id: IntArray
    first_minute: IntArray
    micro: IntArray
    present: BoolArray
    estimated: BoolArray

    @property
    def interval_minutes(self) -> int:
        return 1440 // int(self.micro.shape[1])


COLUMNS = "b.channel_id, b.day, c.offset_minutes, coalesce(b.quality, -1::smallint), b.micro, b.qualities"
"""What the stream must select, in this order, of blocks `b` and their channels `c`."""


def stream_blocks(session: Session, select: Composable, values: dict[str, Any]) -> list[BlockRows]:
    """Run a select of COLUMNS in the session's transaction. Rows come back grouped by shape, in no order."""
    connection = session.connection().connection.driver_connection
    assert connection is not None
    shapes: dict[bytes, list[bytes]] = {}
    with connection.cursor() as cursor, cursor.copy(_copying(select), values) as copy:
        for row in _rows(copy):
            head = row[_MICRO_AT:_VALUES_AT]
            shapes.setdefault(head + len(row).to_bytes(4, "big"), []).append(row)
    return [_parsed(rows) for rows in shapes.values()]


def _copying(select: Composable) -> Composable:
    return SQL("copy ({}) to stdout (format binary)").format(select)


def _rows(copy: Any) -> Iterator[bytes]:
    first = True
    for message in copy:
        row = bytes(message)
        if first:
            row, first = row[_SIGNATURE:], False
        if row and row != _TRAILER:
            yield row


def _parsed(rows: list[bytes]) -> BlockRows:
    """Rows of one length whose micro arrays have the same byte length and header."""
    sample = rows[0]
    has_holes, size = struct.unpack(">i", sample[_MICRO_AT + 8 : _MICRO_AT + 12])[0], _dimension(sample)
    if has_holes:
        return _with_holes(rows, size)
    fields: list[Any] = [
        ("fields", ">i2"),
        ("l1", ">i4"), ("channel", ">i8"),
        ("l2", ">i4"), ("day", ">i4"),
        ("l3", ">i4"), ("offset", ">i2"),
        ("l4", ">i4"), ("quality", ">i2"),
        ("l5", ">i4"), ("header", "S20"),
        ("micro", [("length", ">i4"), ("value", ">i8")], (size,)),
        ("l6", ">i4"),
    ]  # fmt: skip
    if len(sample) > _VALUES_AT + 12 * size + 4:
        fields += [("header6", "S20"), ("codes", [("length", ">i4"), ("value", ">i2")], (size,))]
    table = np.frombuffer(b"".join(rows), dtype=np.dtype(fields))
    codes: npt.NDArray[np.int16]
    if "codes" in (table.dtype.names or ()):
        codes = table["codes"]["value"].astype(np.int16)
    else:
        codes = np.broadcast_to(table["quality"].astype(np.int16)[:, None], (len(rows), size))
    return BlockRows(
        table["channel"].astype(np.int64),
        _first_minute(table["day"], table["offset"]),
        table["micro"]["value"].astype(np.int64),
        np.broadcast_to(np.True_, (len(rows), size)),
        _guessed(codes),
    )


def _with_holes(rows: list[bytes], size: int) -> BlockRows:
    micro = np.zeros((len(rows), size), dtype=np.int64)
    present = np.zeros((len(rows), size), dtype=bool)
    codes = np.zeros((len(rows), size), dtype=np.int16)
    heads = np.zeros((len(rows), 3), dtype=np.int64)
    for index, row in enumerate(rows):
        channel, day, offset, code = struct.unpack(">2x4xq4xi4xh4xh", row[:_MICRO_AT])
        heads[index] = channel, day, offset
        at = _VALUES_AT
        for place in range(size):
            length = int.from_bytes(row[at : at + 4], "big", signed=True)
            at += 4
            if length == 8:
                micro[index, place] = int.from_bytes(row[at : at + 8], "big", signed=True)
                present[index, place] = True
                at += 8
        if code == _NO_CODE:
            pairs = np.frombuffer(row[at + 4 + 20 :], dtype=np.dtype([("length", ">i4"), ("value", ">i2")]))
            codes[index] = pairs["value"]
        else:
            codes[index] = code
    first_minute = _first_minute(heads[:, 1], heads[:, 2])
    return BlockRows(heads[:, 0].copy(), first_minute, micro, present, _guessed(codes) & present)


def _dimension(row: bytes) -> int:
    size: int = struct.unpack(">i", row[_MICRO_AT + 16 : _MICRO_AT + 20])[0]
    return size


def _first_minute(day: npt.NDArray[Any], offset: npt.NDArray[Any]) -> IntArray:
    return (day.astype(np.int64) + _DAYS_TO_2000) * 1440 - offset.astype(np.int64)


def _guessed(codes: npt.NDArray[np.int16]) -> BoolArray:
    """Everything that was not measured, whatever its grade: an estimate, a forecast, a substitute."""
    guessed: BoolArray = (codes != Quality.ACTUAL) & (codes != Quality.MISSING)
    return guessed
