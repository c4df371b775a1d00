"""The bytes of a binary COPY, without a Python object a reading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING
from meters.store.rows import BoolArray, DayTable

HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
COLUMNS = ("channel_id", "day", "feed_id", "line", "member", "quality", "qualities", "micro")
"""The columns in the order in which their bytes come."""

_INT8, _INT2 = 20, 21
_DAY_2000 = date(2000, 1, 1).toordinal()
_MOST = {"line": 2**31 - 1, "member": 2**15 - 1}
_ROWS_AT_ONCE = 4096


def copy_bytes(table: DayTable, feed_id: int) -> Iterator[bytes]:
    """The rows of a table as COPY (format binary) reads them, in the order of COLUMNS, a few thousand at a
    time; those that have a line, or a member, apart from those without."""
    lined, inside = (
        (column > 0) & (column <= _MOST[name])
        for name, column in (("line", table.line), ("member", table.member))
    )
    for has_line in (True, False):
        for has_member in (True, False):
            rows = np.flatnonzero((lined == has_line) & (inside == has_member))
            for start in range(0, rows.size, _ROWS_AT_ONCE):
                some = table.ordered(rows[start : start + _ROWS_AT_ONCE])
                yield _packed(some, feed_id, has_line, has_member)


def _packed(table: DayTable, feed_id: int, has_line: bool, has_member: bool) -> bytes:
    packed = np.zeros(
        table.channel_id.size, dtype=_row_type(table.size, table.codes is not None, has_line, has_member)
    )
    packed["fields"], packed["l1"], packed["l2"], packed["l3"] = len(COLUMNS), 8, 4, 8
    packed["channel"], packed["day"], packed["feed"] = table.channel_id, table.day - _DAY_2000, feed_id
    packed["l4"], packed["l5"] = 4 if has_line else -1, 2 if has_member else -1
    if has_line:
        packed["line"] = table.line
    if has_member:
        packed["member"] = table.member
    if table.codes is None:
        packed["l6"], packed["quality"], packed["l7"] = 2, table.quality, -1
    else:
        packed["l6"], packed["l7"] = -1, 20 + 6 * table.size
        _array_head(packed["codes_head"], _INT2, table.size)
        packed["codes"]["length"], packed["codes"]["value"] = 2, table.codes
    _array_head(packed["micro_head"], _INT8, table.size)
    missing = table.micro == MISSING
    holes = missing.sum(axis=1)
    packed["l8"] = 20 + 12 * table.size - 8 * holes
    packed["micro_head"]["nulls"] = holes > 0
    packed["micro"]["length"] = np.where(missing, -1, 8) if holes.any() else 8
    packed["micro"]["value"] = table.micro
    if not holes.any():
        return packed.tobytes()
    return _without_holes(packed, missing)


def _without_holes(packed: npt.NDArray[Any], missing: BoolArray) -> bytes:
    """A NULL in an array is its length alone: the eight bytes of a value are left out."""
    plain = packed.view(np.uint8).reshape(packed.size, packed.itemsize)
    keep = np.ones(plain.shape, dtype=np.bool_)
    values = keep[:, packed.itemsize - 12 * missing.shape[1] :].reshape(*missing.shape, 12)
    values[:, :, 4:] = ~missing[:, :, None]
    keep[:, packed.itemsize - 12 * missing.shape[1] :] = values.reshape(packed.size, -1)
    return plain[keep].tobytes()


def _array_head(head: npt.NDArray[Any], element: int, size: int) -> None:
    head["dimensions"], head["element"], head["size"], head["lower"] = 1, element, size, 1


def _row_type(size: int, mixed: bool, has_line: bool, has_member: bool) -> np.dtype[Any]:
    head = np.dtype([(name, ">i4") for name in ("dimensions", "nulls", "element", "size", "lower")])
    quality: list[Any] = [("l6", ">i4"), ("quality", ">i2"), ("l7", ">i4")]
    if mixed:
        codes = ("codes", [("length", ">i4"), ("value", ">i2")], (size,))
        quality = [("l6", ">i4"), ("l7", ">i4"), ("codes_head", head), codes]
    fields: list[Any] = [
        ("fields", ">i2"),
        ("l1", ">i4"), ("channel", ">i8"),
        ("l2", ">i4"), ("day", ">i4"),
        ("l3", ">i4"), ("feed", ">i8"),
        ("l4", ">i4"), *([("line", ">i4")] if has_line else []),
        ("l5", ">i4"), *([("member", ">i2")] if has_member else []),
        *quality,
        ("l8", ">i4"), ("micro_head", head), ("micro", [("length", ">i4"), ("value", ">i8")], (size,)),
    ]  # fmt: skip
    return np.dtype(fields)
