"""CSV with a reading a row: many meters in one file, or a file a meter.

The first line names the columns. Stamps are ISO 8601, the start or the end of an interval; without an offset
they are a local clock's, whose zone has to be given. The interval is seen from the stamps. A row that cannot
be taken takes its day with it; a row of another width, a quote that does not close or bytes that are no text
refuse the file.

Text goes by a megabyte at a time. What is kept of a row is 41 bytes until the end of the file, since only
then is a channel's interval known and no second value for an hour to be expected; of a large file they wait
on disk (`meters.feeds.row_spool`).
"""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO

from meters.domain.problems import refusal
from meters.feeds.csv.columns import Layout, find_layout
from meters.feeds.csv.days import days_of
from meters.feeds.csv.gather import Gathered
from meters.feeds.csv.head import ROWS_LOOKED_AT, HeadRow, layout_of
from meters.feeds.csv.rows import bad_fields, split_rows, text_of
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.lines import LONGEST, Unreadable, line_chunks
from meters.feeds.registers.titles import bears_register_titles

CHUNK_BYTES = LONGEST
_DELIMITERS = ",;\t"
_DECLARED = re.compile(r"sep=.?\s*$", re.MULTILINE | re.IGNORECASE)
_OTHER_FORMATS = re.compile(r'\s*(?:[<{\[]|UN[ABH]|"?\d{3}"?,)')


def recognises(head: str) -> bool:
    """Whether the first line is a line of titles in columns, or one below it names a time and a value."""
    lines = head.lstrip().split("\n", ROWS_LOOKED_AT)[:ROWS_LOOKED_AT]
    if _OTHER_FORMATS.match(lines[0]) or bears_register_titles(lines[0]):
        return False
    if any(mark in lines[0] for mark in _DELIMITERS) or _DECLARED.match(lines[0]):
        return True
    return any(_names_columns(line) for line in lines[1:])


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:
    """Blocks by channel in the order of their service points' first rows, and problems by line after them."""
    gathered: Gathered | None = None
    delimiter = ","
    for line, chunk in line_chunks(stream, CHUNK_BYTES):
        data = text_of(chunk.removeprefix(BOM_UTF8) if line == 1 else chunk, line)
        if gathered is None:
            head = _head_lines(data, line)
            if not head:
                continue
            delimiter, layout = _titles(head, options)
            gathered = Gathered(layout, stem, delimiter != ",", options.zone is not None)
            skipped = head[0][0] - line + 1
            line, data = line + skipped, data.split(b"\n", skipped)[-1]
        if data:
            gathered.add(split_rows(data, line, delimiter, gathered.layout.width))
    if gathered is None or not (gathered.spool.rows or gathered.problems):
        yield refusal("no_readings", "There is no reading below the titles.", 1)
        return
    yield from days_of(gathered, options)


FORMAT = Format("csv", recognises, read)


def _head_lines(data: bytes, line: int) -> list[tuple[int, str]]:
    """The first lines that are not blank, from the titles on, with their numbers; a line `sep=;`, in which
    Excel says its delimiter, is none of them."""
    lines = enumerate(data.split(b"\n", 2 * ROWS_LOOKED_AT)[: 2 * ROWS_LOOKED_AT], line)
    texts = [(number, text.decode()) for number, text in lines if text.strip()]
    if texts and texts[0][0] == 1 and _DECLARED.match(texts[0][1]):
        texts.pop(0)
    return texts[:ROWS_LOOKED_AT]


def _titles(head: list[tuple[int, str]], options: ReadOptions) -> tuple[str, Layout]:
    """The delimiter and the layout. Raises Unreadable."""
    delimiter = _delimiter(head[0][1])
    rows = [HeadRow(line, _cells(text, delimiter, line)) for line, text in head[:2]]
    below = [HeadRow(line, _cells(text, _delimiter(text), line)) for line, text in head[1:]]
    return delimiter, layout_of(rows, options.columns, below)


def _delimiter(text: str) -> str:
    return max(_DELIMITERS, key=text.count)


def _cells(text: str, delimiter: str, line: int) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(bad_fields(error, line)) from error


def _names_columns(text: str) -> bool:
    cells = text.strip().split(_delimiter(text))
    return len(cells) > 1 and isinstance(find_layout([cell.strip('"') for cell in cells], {}), Layout)
