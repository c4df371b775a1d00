"""Rows of a CSV as columns of bytes, a megabyte at a time, with every row's line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.problems import Problem, refusal
from meters.feeds.csv.cells import PAD, Cells
from meters.feeds.format import NOT_UTF8
from meters.feeds.lines import Unreadable


@dataclass(frozen=True, slots=True)
class Rows:
    """`columns[i]` is field i of all rows, of which row j stands in line `lines[j]`."""

    columns: Sequence[Cells]
    lines: IntArray


def text_of(data: bytes, line: int) -> bytes:
    """Whole lines that begin at `line`, line ends made alike. Raises Unreadable where they are no text in
    UTF-8."""
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            at = line + data.count(b"\n", 0, error.start)
            raise Unreadable(refusal("encoding", NOT_UTF8, at)) from error
    if b"\0" in data:
        at = line + data.count(b"\n", 0, data.index(b"\0"))
        raise Unreadable(refusal("binary", "This line holds binary data.", at))
    return data.replace(b"\r\n", b"\n") if b"\r" in data else data


def split_rows(data: bytes, line: int, delimiter: str, width: int) -> Rows:
    """The rows of whole lines that begin at `line`. Raises Unreadable at a row of another width, and where
    quotes do not close."""
    if not data.endswith(b"\n"):
        data += b"\n"
    return _split_evenly(data, line, delimiter, width) or _split_slowly(data, line, delimiter, width)


def bad_fields(error: csv.Error, line: int) -> Problem:
    """What the library finds wrong with a line."""
    if "field limit" in str(error):
        words = f"A field in this line is longer than {csv.field_size_limit():,} characters."
        return refusal("field_too_long", words, line)
    return refusal("bad_quoting", f"The quotes in this line do not close: {error}.", line)


def _split_evenly(data: bytes, line: int, delimiter: str, width: int) -> Rows | None:
    """The rows, where every line has exactly the width, seen from the places of delimiters and line ends;
    else None. Fields may stand in quotes if all quotes do nothing but that."""
    content = PAD + data + PAD
    padded = np.frombuffer(content, dtype=np.uint8)
    ends = np.flatnonzero((padded == ord("\n")) | (padded == ord(delimiter)))
    if ends.size % width or (width == 1 and b"\n\n" in data):
        return None
    table = ends.reshape(-1, width)
    last = padded[table] == ord("\n")
    if not last[:, -1].all() or last[:, :-1].any():
        return None
    starts = np.empty_like(ends)
    starts[0], starts[1:] = len(PAD), ends[:-1] + 1
    columns = [
        Cells(
            content, *(np.ascontiguousarray(bounds.reshape(-1, width)[:, place]) for bounds in (starts, ends))
        )
        for place in range(width)
    ]
    if b'"' in data:
        columns, quotes = _unquoted(columns)
        if quotes != data.count(b'"'):
            return None
    return Rows(columns, np.arange(line, line + len(table), dtype=np.int64))


def _unquoted(columns: Sequence[Cells]) -> tuple[list[Cells], int]:
    """The columns without the quotes around fields, and how many quotes that were. If a file has no others,
    no quote stands inside a field and no delimiter between two."""
    bare, quotes = [], 0
    for cells in columns:
        quoted = (cells.data[cells.starts] == ord('"')) & (cells.data[cells.ends - 1] == ord('"'))
        quoted &= cells.lengths > 1
        quotes += 2 * int(np.count_nonzero(quoted))
        bare.append(Cells(cells.content, cells.starts + quoted, cells.ends - quoted))
    return bare, quotes


def _split_slowly(data: bytes, line: int, delimiter: str, width: int) -> Rows:
    """Row by row: for quoted fields, blank lines, and to find the line that is wrong."""
    rows, lines = [], []
    reader = csv.reader(data.decode().split("\n")[:-1], delimiter=delimiter, strict=True)
    before = 0
    try:
        for row in reader:
            at, lengthened = line + before, reader.line_num - before > 1
            before = reader.line_num
            if not row or not any(field.strip() for field in row):
                continue
            if lengthened:
                words = "A quoted field runs over the end of this line."
                raise Unreadable(refusal("open_quote", words, at))
            if len(row) != width:
                message = f"This line has {len(row)} fields, where the first line names {width} columns."
                raise Unreadable(refusal("uneven_row", message, at))
            rows.append(row)
            lines.append(at)
    except csv.Error as error:
        raise Unreadable(bad_fields(error, line + before)) from error
    columns = [Cells.of(column) for column in zip(*rows, strict=True)] if rows else [Cells.of([])] * width
    return Rows(columns, np.array(lines, dtype=np.int64))
