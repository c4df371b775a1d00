"""XLSX: a sheet with a reading a row, by the rules of `meters.feeds.csv.table`.

The sheet is the one told, else the first that is not empty; others that hold readings are named. Cells are
read as they stand in the file (ECMA-376), row by row: formulas by the value the spreadsheet stored, dates by
their format, numbers by the fifteen digits that it keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO

import numpy as np

from meters.domain.problems import Problem, refusal
from meters.feeds.csv.cells import Cells
from meters.feeds.csv.columns import Layout, find_layout
from meters.feeds.csv.days import days_of
from meters.feeds.csv.gather import Gathered
from meters.feeds.csv.head import ROWS_LOOKED_AT, HeadRow, layout_of
from meters.feeds.csv.rows import Rows
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.heads import WORKBOOK
from meters.feeds.lines import Unreadable
from meters.feeds.xlsx.book import Book, Sheet, opened_book
from meters.feeds.xlsx.cells import SheetRow, sheet_rows

_ROWS_AT_ONCE = 20_000


def recognises(head: str) -> bool:
    """Whether it is a workbook."""
    return head == WORKBOOK


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:
    """Blocks by channel in the order of their service points' first rows, and problems by row after them.
    Raises Unreadable with the problem that refuses the file."""
    with opened_book(stream) as book:
        sheet = _chosen(book, options.sheet)
        rows = sheet_rows(book, sheet)
        head = list(islice(rows, ROWS_LOOKED_AT))
        told = [HeadRow(row.line, row.cells) for row in head]
        layout = layout_of(told[:2], options.columns, told[1:])
        gathered = Gathered(layout, stem, False, options.zone is not None)
        following = chain(head[1:], rows)
        while some := list(islice(following, _ROWS_AT_ONCE)):
            gathered.add(_columns(some, layout))
        others = [] if options.sheet else list(_left_out(book, sheet, options))
    if not (gathered.spool.rows or gathered.problems):
        yield refusal("no_readings", f"There is no reading below the titles of the sheet {sheet.name!r}.", 1)
        return
    yield from others
    yield from days_of(gathered, options)


FORMAT = Format("xlsx", recognises, read)


def _chosen(book: Book, name: str | None) -> Sheet:
    """The sheet told, else the first that is not empty, one that is seen before one that is hidden."""
    names = ", ".join(sheet.name for sheet in book.sheets[:30])
    if name is not None:
        for sheet in book.sheets:
            if sheet.name == name:
                if next(sheet_rows(book, sheet), None) is None:
                    raise Unreadable(refusal("no_readings", f"The sheet {name!r} is empty."))
                return sheet
        raise Unreadable(refusal("no_such_sheet", f"There is no sheet {name[:60]!r}; there are: {names}."))
    for sheet in sorted(book.sheets, key=lambda sheet: sheet.hidden):
        if next(sheet_rows(book, sheet), None) is not None:
            return sheet
    raise Unreadable(refusal("empty", "The workbook holds no sheet with anything in it."))


def _left_out(book: Book, chosen: Sheet, options: ReadOptions) -> Iterator[Problem]:
    """Other sheets whose first row names a time and a value."""
    for sheet in book.sheets:
        first = next(sheet_rows(book, sheet), None) if sheet is not chosen else None
        if first is not None and isinstance(find_layout(first.cells, options.columns), Layout):
            words = (
                f"The sheet {sheet.name!r} holds readings, too, and is left out; take it with --sheet "
                f"{sheet.name!r}."
            )
            yield Problem("sheet_left_out", words, first.line)


def _columns(rows: Sequence[SheetRow], layout: Layout) -> Rows:
    """Rows as columns of text. Raises Unreadable at one with more cells than titles, and at a name that is an
    error."""
    names = {place for place in (layout.service_point, layout.channel) if place is not None}
    for row in rows:
        if len(row.cells) > layout.width:
            words = f"This row has a cell in column {len(row.cells)}; there are titles over {layout.width}."
            raise Unreadable(refusal("uneven_row", words, row.line))
        for place in names & row.odd:
            words = _odd_name(row.cells[place])
            raise Unreadable(refusal("bad_name", words, row.line))
        row.cells.extend([""] * (layout.width - len(row.cells)))
    columns = [Cells.of(texts) for texts in zip(*(row.cells for row in rows), strict=True)]
    return Rows(columns, np.array([row.line for row in rows], dtype=np.int64))


def _odd_name(text: str) -> str:
    if text.lstrip("-").isdigit():
        return (
            f"The number {text} is longer than a spreadsheet can keep (15 digits), so its last digits are "
            "lost; make the column one of text and enter it anew."
        )
    return f"A meter or channel is named by {text[:60]!r}, which is no value."
