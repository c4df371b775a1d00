"""Many whole days into the blocks table: binary COPY of numpy arrays, without a Python object a reading."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import Connection

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

_HEAD = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_INT8_OID = 20
_FIELDS = 6
_EPOCH = np.datetime64("2000-01-01", "D")


class BlockCopy:
    """An open COPY into `blocks`. Days are numpy datetime64[D]; micro is int64 in millionths of the unit."""

    def __init__(self, copy: Any) -> None:
        self._copy = copy
        self.blocks = 0

    def write(
        self,
        channel_id: Int64,
        day: npt.NDArray[np.datetime64],
        micro: Int64,
        quality: Int64,
        feed_id: Int64,
    ) -> None:
        """Rows without a hole. channel_id, day, quality, feed_id: (rows,); micro: (rows, readings of a
        day)."""
        rows, size = micro.shape
        table = np.zeros(rows, dtype=_row_type(size))
        table["fields"], table["l1"], table["l2"], table["l4"] = _FIELDS, 8, 4, 2
        table["l5"], table["l6"] = -1, 8
        table["l3"], table["ndim"], table["oid"] = 20 + 12 * size, 1, _INT8_OID
        table["dim"], table["lower"] = size, 1
        table["channel"], table["quality"], table["feed"] = channel_id, quality, feed_id
        table["day"] = (day - _EPOCH).astype(np.int64)
        table["micro"]["length"] = 8
        table["micro"]["value"] = micro
        self._copy.write(table.tobytes())
        self.blocks += rows

    def write_with_holes(
        self, channel_id: int, day: np.datetime64, micro: Int64, present: Bool, quality: int, feed_id: int
    ) -> None:
        """One row whose absent readings are NULL."""
        cells = [
            struct.pack(">iq", 8, value) if there else struct.pack(">i", -1)
            for value, there in zip(micro.tolist(), present.tolist(), strict=True)
        ]
        array = struct.pack(">iiiii", 1, 1, _INT8_OID, len(cells), 1) + b"".join(cells)
        date = int((day - _EPOCH).astype(np.int64))
        head = struct.pack(">hiqii", _FIELDS, 8, channel_id, 4, date)
        tail = struct.pack(">ihiiq", 2, quality, -1, 8, feed_id)
        self._copy.write(head + struct.pack(">i", len(array)) + array + tail)
        self.blocks += 1


@contextmanager
def copying_blocks(connection: Connection[Any]) -> Iterator[BlockCopy]:
    """COPY into blocks in the connection's transaction. The months' partitions must be there."""
    statement = "copy blocks (channel_id, day, micro, quality, qualities, feed_id) from stdin (format binary)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_HEAD)
        yield BlockCopy(copy)
        copy.write(_TRAILER)


def _row_type(size: int) -> np.dtype[Any]:
    fields: list[Any] = [
        ("fields", ">i2"),
        ("l1", ">i4"), ("channel", ">i8"),
        ("l2", ">i4"), ("day", ">i4"),
        ("l3", ">i4"), ("ndim", ">i4"), ("nulls", ">i4"), ("oid", ">i4"), ("dim", ">i4"), ("lower", ">i4"),
        ("micro", [("length", ">i4"), ("value", ">i8")], (size,)),
        ("l4", ">i4"), ("quality", ">i2"),
        ("l5", ">i4"),
        ("l6", ">i4"), ("feed", ">i8"),
    ]  # fmt: skip
    return np.dtype(fields)
