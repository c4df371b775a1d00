"""Blocks out of the database into numpy, without a Python object a reading.

In PostgreSQL's binary form a bigint[] is a header and (length, value) pairs, so rows of one length are one
structured array: 2,000 channels x 31 days of half-hours load in a quarter of a second, by COPY. Rows with
holes have lengths of their own and are taken one by one; they are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg.sql import SQL, Composed
from psycopg.types.string import ByteaBinaryLoader
from sqlalchemy.orm import Session

from meters.block_copy import ARRAY_HEADER, Rows, layouts, pieces
from meters.domain.quality import Quality
from utility_crm.kit.driver import driver_cursor

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
_Row = tuple[int, int, int | None, bytes, bytes | None]

_BIGINT_ARRAY, _SMALLINT_ARRAY = 1016, 1005  # type codes of pg_type, fixed for all servers

COLUMNS = (
    "b.channel_id, (b.day - date '1970-01-01') * 1440 - c.offset_minutes, b.quality, b.micro, b.qualities"
)
"""What the select must name, in this order, of blocks `b` and their channels `c`."""


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


def stream_blocks(session: Session, select: SQL | Composed, values: dict[str, Any]) -> list[BlockRows]:
    """Run a select of COLUMNS in the session's transaction. Rows come back grouped by shape, in no order."""
    copied = SQL("copy ({}) to stdout (format binary)").format(select)
    with driver_cursor(session) as cursor, cursor.copy(copied, values) as copy:
        return [_of_layout(rows) for rows in layouts(pieces(cursor, copy))]


def _of_layout(rows: Rows) -> BlockRows:
    size = int(rows["head"]["size"][0])
    names = rows.dtype.names or ()
    if "micro" in names:
        micro: IntArray = rows["micro"]["value"].astype(np.int64)
        present: BoolArray = np.broadcast_to(np.array(True), micro.shape)
    else:
        micro, present = _with_holes([row.tobytes() for row in rows["raw"]], size, 0)
    if "grade" in names:
        codes = np.broadcast_to(rows["grade"].astype(np.int16)[:, None], micro.shape)
    else:
        codes = rows["grades"]["value"].astype(np.int16)
    ids, minutes = rows["channel"].astype(np.int64), rows["minute"].astype(np.int64)
    return BlockRows(ids, minutes, micro, present, _guessed(codes, present))


def stream_versions(
    session: Session, select: SQL | Composed, values: dict[str, Any]
) -> dict[int, list[BlockRows]]:
    """The same of a select that names a number after COLUMNS: the rows of each number by themselves."""
    versions: dict[int, list[_Row]] = {}
    for row in _fetched(session, select, values):
        versions.setdefault(row[5], []).append(row[:5])
    return {number: _grouped(rows) for number, rows in versions.items()}


def _fetched(session: Session, select: SQL | Composed, values: dict[str, Any]) -> list[Any]:
    with driver_cursor(session, binary=True) as cursor:
        for array in (_BIGINT_ARRAY, _SMALLINT_ARRAY):
            cursor.adapters.register_loader(array, ByteaBinaryLoader)
        rows: list[Any] = cursor.execute(select, values).fetchall()
        return rows


def _grouped(rows: Iterable[_Row]) -> list[BlockRows]:
    return [_parsed(group, size) for size, group in _by_shape(rows)]


def _by_shape(rows: Iterable[_Row]) -> Iterable[tuple[int, list[_Row]]]:
    """(readings a day, rows): those without a hole and with one grade together, the others by themselves."""
    shapes: dict[tuple[int, bytes, bool], list[_Row]] = {}
    for row in rows:
        array = row[3]
        shapes.setdefault((len(array), array[12:16], row[4] is None), []).append(row)
    for (_, size, _), group in shapes.items():
        yield int.from_bytes(size, "big"), group


def _parsed(rows: Sequence[_Row], size: int) -> BlockRows:
    """Rows of one byte length and `size` readings a day, so with the same number of holes."""
    channels, minutes, grades, arrays, graded = zip(*rows, strict=True)
    if len(arrays[0]) == ARRAY_HEADER + 12 * size:
        fields = np.dtype(
            [("header", f"S{ARRAY_HEADER}"), ("pairs", [("n", ">i4"), ("value", ">i8")], (size,))]
        )
        micro = np.frombuffer(b"".join(arrays), dtype=fields)["pairs"]["value"].astype(np.int64)
        present: BoolArray = np.broadcast_to(np.array(True), micro.shape)
    else:
        micro, present = _with_holes(arrays, size)
    codes: npt.NDArray[np.int16]
    if graded[0] is None:
        column = np.array(grades, dtype=np.int16)
        codes = np.broadcast_to(column[:, None], micro.shape)
    else:
        fields = np.dtype(
            [("header", f"S{ARRAY_HEADER}"), ("pairs", [("n", ">i4"), ("value", ">i2")], (size,))]
        )
        codes = np.frombuffer(b"".join(graded), dtype=fields)["pairs"]["value"].astype(np.int16)
    ids = np.array(channels, dtype=np.int64)
    return BlockRows(ids, np.array(minutes, dtype=np.int64), micro, present, _guessed(codes, present))


def _guessed(codes: npt.NDArray[np.int16], present: BoolArray) -> BoolArray:
    """Everything that was not measured, whatever its grade: an estimate, a forecast, a substitute."""
    found: BoolArray = (codes != Quality.ACTUAL) & (codes != Quality.MISSING) & present
    return found


def _with_holes(arrays: Sequence[bytes], size: int, header: int = ARRAY_HEADER) -> tuple[IntArray, BoolArray]:
    micro = np.zeros((len(arrays), size), dtype=np.int64)
    present = np.zeros((len(arrays), size), dtype=bool)
    for index, array in enumerate(arrays):
        at = header
        for place in range(size):
            length = int.from_bytes(array[at : at + 4], "big", signed=True)
            at += 4
            if length == 8:
                micro[index, place] = int.from_bytes(array[at : at + 8], "big", signed=True)
                present[index, place] = True
                at += 8
    return micro, present
