"""Rows of a CSV as columns of text, a few megabytes at a time, with every row's line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.problems import Problem, refusal
from meters.feeds.format import NOT_UTF8

CHUNK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Rows:
    """`columns[i][j]` is the text of field i in row j, which stands in line `lines[j]`."""

    columns: Sequence[Sequence[str]]
    lines: IntArray


def text_chunks(stream: BinaryIO) -> Iterator[tuple[int, str] | Problem]:
    """Whole lines with the number of their first, line ends made alike; a line that is no UTF-8 text
    refuses."""
    line, rest = 1, b""
    while True:
        read = stream.read(CHUNK_BYTES)
        data = rest + read
        if not data:
            return
        if not read:
            rest = b""
        else:
            cut = data.rfind(b"\n") + 1
            if not cut:
                if len(data) > 4 * CHUNK_BYTES:
                    yield refusal("no_lines", "The file has no line ends where lines are expected.", line)
                    return
                rest = data
                continue
            data, rest = data[:cut], data[cut:]
        text = _decoded(data, line)
        if isinstance(text, Problem):
            yield text
            return
        yield line, text
        line += text.count("\n")


def _decoded(data: bytes, line: int) -> str | Problem:
    try:
        text = data.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        at = line + data.count(b"\n", 0, error.start)
        return refusal("encoding", NOT_UTF8, at)
    if "\0" in text:
        at = line + text.count("\n", 0, text.index("\0"))
        return refusal("binary", "This line holds binary data.", at)
    return text.replace("\r\n", "\n") if "\r" in text else text


def split_rows(text: str, line: int, delimiter: str, width: int) -> Rows | Problem:
    """The rows of whole lines that begin at `line`; a row of another width refuses the file."""
    if not text.endswith("\n"):
        text += "\n"
    if '"' not in text and _is_even(text, delimiter, width):
        flat = text.replace("\n", delimiter).split(delimiter)
        flat.pop()
        columns = [flat[place::width] for place in range(width)]
        return Rows(columns, np.arange(line, line + len(columns[0]), dtype=np.int64))
    return _split_slowly(text, line, delimiter, width)


def _is_even(text: str, delimiter: str, width: int) -> bool:
    """Whether every line has exactly the width, seen from the places of delimiters and line ends alone."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    ends = data == 10
    marks = data[ends | (data == ord(delimiter))] == 10
    if marks.size % width or (width == 1 and "\n\n" in text):
        return False
    table = marks.reshape(-1, width)
    return bool(table[:, -1].all()) and not table[:, :-1].any()


def _split_slowly(text: str, line: int, delimiter: str, width: int) -> Rows | Problem:
    """Row by row: for quoted fields, blank lines, and to find the line that is wrong."""
    rows, lines = [], []
    reader = csv.reader(text.splitlines(), delimiter=delimiter, strict=True)
    before = 0
    try:
        for row in reader:
            at, lengthened = line + before, reader.line_num - before > 1
            before = reader.line_num
            if not row or not any(field.strip() for field in row):
                continue
            if lengthened:
                return refusal("open_quote", "A quoted field runs over the end of this line.", at)
            if len(row) != width:
                message = f"This line has {len(row)} fields, where the first line names {width} columns."
                return refusal("uneven_row", message, at)
            rows.append(row)
            lines.append(at)
    except csv.Error as error:
        at = line + before
        return refusal("bad_quoting", f"The quotes in this line do not close: {error}.", at)
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
    return Rows(columns, np.array(lines, dtype=np.int64))
