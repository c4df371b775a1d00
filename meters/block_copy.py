"""Rows as COPY sends them in binary, into arrays: no Python object a reading.

A row is its number of columns, then each column with its length before it. The first piece of a stream holds
the stream's header, too, and the last is two bytes that are no row. Rows laid out alike are one structured
array; what tells layouts apart is whether a day has one grade or many, how many readings, how many holes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import Copy, Cursor
from psycopg.abc import Buffer

Rows = npt.NDArray[np.void]

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00"
_HEADER_BYTES = len(_SIGNATURE) + 8
_TRAILER_BYTES = 2
_LAST = (_TRAILER_BYTES, _HEADER_BYTES + _TRAILER_BYTES)
"""Lengths of a last piece: where there is no row it is the first, too."""
_ARRAY_HEAD = [
    ("dimensions", ">i4"),
    ("has_holes", ">i4"),
    ("type", ">i4"),
    ("size", ">i4"),
    ("lower", ">i4"),
]
ARRAY_HEADER = 4 * len(_ARRAY_HEAD)


def pieces(cursor: Cursor[Any], copy: Copy) -> dict[int, list[Buffer]]:
    """All that a COPY in binary sends, by its length; the first piece stands first. What has come already is
    taken from the driver at once, with no step through its waiting for each row, which would cost more than
    the row."""
    taken = cursor.connection.pgconn.get_copy_data
    found: defaultdict[int, list[Buffer]] = defaultdict(list)
    while piece := copy.read():
        length = len(piece)
        found[length].append(piece)
        # The last piece of all is told by its length: to ask beyond it is the driver's own affair.
        while length not in _LAST:
            length, piece = taken(1)
            if length <= 0:
                break
            found[length].append(piece)
    return found


def layouts(by_length: dict[int, list[Buffer]]) -> Iterator[Rows]:
    """Rows of (bigint, integer, smallint, bigint[], smallint[]), those laid out alike at once.

    The integer may be a bigint; of the grade and the grades, one is null. Fields: `channel`, `minute`,
    `grade` where there is one; `head` of the array, whose `size` is the number of readings; `micro`, (rows,
    readings) of (length, value), or `raw` bytes where there are holes; `grades`, (rows, readings), where
    there are many.
    """
    for place, (length, rows) in enumerate(by_length.items()):
        first = bytes(rows[0]) if place == 0 else b""
        if first.startswith(_SIGNATURE):
            if len(first) not in _LAST:
                yield from _alike([first[_HEADER_BYTES:]])
            rows = rows[1:]
        if rows and length > _TRAILER_BYTES:
            yield from _alike(rows)


def _alike(rows: Sequence[Buffer]) -> Iterator[Rows]:
    """Rows of one length, by layout: as many again as the first one's, until none is left."""
    length = len(rows[0])
    left = np.frombuffer(b"".join(rows), dtype=np.uint8)
    while left.size:
        found = left.view(_layout(bytes(left[:length])))
        same = (found["l3"] == found["l3"][0]) & (found["l4"] == found["l4"][0])  # the grade's, the array's
        same &= found["head"]["size"] == found["head"]["size"][0]
        yield found if same.all() else found[same]
        left = np.ascontiguousarray(left.reshape(-1, length)[~same]).reshape(-1)


def _layout(row: bytes) -> np.dtype[np.void]:
    minute = int.from_bytes(row[14:18], "big")
    at = 18 + minute
    many = row[at : at + 4] == b"\xff\xff\xff\xff"
    at += 4 if many else 6
    length, size = (int.from_bytes(row[place : place + 4], "big") for place in (at, at + 16))
    micro: list[Any] = [("raw", f"V{length - ARRAY_HEADER}")]
    if length == ARRAY_HEADER + 12 * size:
        micro = [("micro", [("length", ">i4"), ("value", ">i8")], (size,))]
    one_grade: list[Any] = [] if many else [("grade", ">i2")]
    of_each = [("length", ">i4"), ("value", ">i2")]
    grades: list[Any] = [("grades_head", _ARRAY_HEAD), ("grades", of_each, (size,))] if many else []
    fields = [
        ("columns", ">i2"), ("l1", ">i4"), ("channel", ">i8"), ("l2", ">i4"), ("minute", f">i{minute}"),
        ("l3", ">i4"), *one_grade, ("l4", ">i4"), ("head", _ARRAY_HEAD), *micro, ("l5", ">i4"), *grades,
    ]  # fmt: skip
    return np.dtype(fields)
