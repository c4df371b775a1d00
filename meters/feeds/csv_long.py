"""CSV with a reading a row: many meters in one file, or a file a meter.

The first line names the columns. Stamps are ISO 8601, the start or the end of an interval; without an offset
they are a local clock's, whose zone has to be given. The interval is seen from the stamps. A row that cannot
be taken takes its day with it; a row of another width, a quote that does not close or bytes that are no text
refuse the file.

Text goes by a megabyte at a time. What is kept of a row is 35 bytes until the end of the file, since only
then is a channel's interval known and no second value for an hour to be expected; of a large file they wait
on disk (`meters.feeds.row_spool`).
"""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO

from meters.domain.problems import Problem, refusal
from meters.feeds.csv_columns import Layout, find_layout
from meters.feeds.csv_days import days_of
from meters.feeds.csv_gather import Gathered
from meters.feeds.csv_rows import split_rows, text_of
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.lines import LONGEST, Unreadable, line_chunks

CHUNK_BYTES = LONGEST
_DELIMITERS = ",;\t"
_OTHER_FORMATS = re.compile(r'\s*(?:[<{\[]|UN[ABH]|"?\d{3}"?,)')


def recognises(head: str) -> bool:
    """Whether the first line is a line of titles in columns."""
    first = head.lstrip().split("\n", 1)[0]
    return any(mark in first for mark in _DELIMITERS) and not _OTHER_FORMATS.match(first)


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:
    """Blocks by channel in the order of their service points' first rows, and problems by line after them."""
    gathered: Gathered | None = None
    delimiter = ","
    for line, chunk in line_chunks(stream, CHUNK_BYTES):
        data = text_of(chunk.removeprefix(BOM_UTF8) if line == 1 else chunk, line)
        if gathered is None:
            blank = len(data) - len(data.lstrip(b"\n"))
            line, data = line + blank, data[blank:]
            if not data:
                continue
            titles, _, data = data.partition(b"\n")
            delimiter = max(_DELIMITERS, key=titles.decode().count)
            layout = _layout(titles.decode(), delimiter, options)
            gathered = Gathered(layout, stem, delimiter != ",", options.zone is not None)
            line += 1
        if data:
            gathered.add(split_rows(data, line, delimiter, gathered.layout.width))
    if gathered is None or not (gathered.spool.rows or gathered.problems):
        yield refusal("no_readings", "There is no reading below the titles.", 1)
        return
    yield from days_of(gathered, options)


FORMAT = Format("csv", recognises, read)


def _layout(title_line: str, delimiter: str, options: ReadOptions) -> Layout:
    try:
        titles = next(csv.reader([title_line], delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(refusal("bad_quoting", f"The titles cannot be read: {error}.", 1)) from error
    layout = find_layout(titles, options.columns)
    if isinstance(layout, Problem):
        raise Unreadable(layout)
    return layout
