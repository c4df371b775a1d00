"""A file opened as a table: its titles, its rows with their places, whatever it is made of."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from utility_crm.kit.errors import Invalid
from utility_crm.kit.formulas import unguarded
from utility_crm.records.domain.seen import Cell
from utility_crm.records.reading.encodings import letters_of
from utility_crm.records.reading.workbooks import is_workbook, refuse_old, sheet_rows
from utility_crm.web.words import mark

DELIMITERS = (",", ";", "\t", "|")
_LINES_LOOKED_AT = 50
MOST_COLUMNS = 500
Rows = Iterator[tuple[int, list[Cell]]]


@dataclass(frozen=True, slots=True)
class Opened:
    """encoding, delimiter: of text; sheet: of a workbook. others: encodings that fit as well as the one that
    was taken. rows: (line in the file or row of the sheet, cells), each as many cells as there are titles or
    not, blank ones left out."""

    titles: tuple[str, ...]
    rows: Rows
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    others: tuple[str, ...] = ()


@contextmanager
def open_table(path: Path, *, encoding: str = "", delimiter: str = "", sheet: str = "") -> Iterator[Opened]:
    """The table in a file: CSV or a workbook (.xlsx), known by its content. What is "" is found out.

    Raises Invalid: an old or protected workbook, an encoding that is wrong, no title line, too many columns;
    the rows raise it where the framing breaks.
    """
    where = path.name
    with path.open("rb") as opened:
        head = opened.read(8)
    refuse_old(head, where)
    if is_workbook(head):
        with sheet_rows(path, sheet, where) as (name, rows):
            rows = _bare(rows)
            titles = _titles(next(rows, None), where)
            yield Opened(titles, rows, sheet=name)
        return
    letters = letters_of(path, encoding, where)
    mark_ = delimiter or _delimiter(path, letters.name)
    with path.open(encoding=letters.name, newline="") as text:
        rows = _bare(_lines(text, mark_, where))
        titles = _titles(next(rows, None), where)
        yield Opened(titles, rows, letters.name, mark_, others=letters.others)


def _lines(text: Iterator[str], delimiter: str, where: str) -> Rows:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if any(cell.strip() for cell in cells) and not (line == 1 and cells[0].startswith("sep=")):
                yield line, [cell.replace("\0", "").strip() or None for cell in cells]
    except csv.Error as error:
        words = mark("The table breaks off: %(why)s.")
        raise Invalid("framing", words, f"{where}, line {reader.line_num}", why=str(error)) from error


def _bare(rows: Rows) -> Rows:
    """Of a file of refused rows, the cells as they were."""
    for line, cells in rows:
        yield line, [unguarded(cell) if isinstance(cell, str) else cell for cell in cells]


def _delimiter(path: Path, encoding: str) -> str:
    """The sign that parts the first lines into equally many cells, the most of them."""
    lines: list[str] = []
    with path.open(encoding=encoding, newline="") as text:
        for line in text:
            if line.startswith("sep=") and len(line.strip()) == 5:
                return line[4]
            lines.append(line)
            if len(lines) == _LINES_LOOKED_AT:
                break

    def fitness(sign: str) -> tuple[float, int]:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=sign) if cells]
        if not widths or widths[0] < 2:
            return 0.0, 0
        return widths.count(widths[0]) / len(widths), widths[0]

    return max(DELIMITERS, key=fitness)


def _titles(first: tuple[int, Sequence[Cell]] | None, where: str) -> tuple[str, ...]:
    if first is None:
        raise Invalid("empty", mark("The file is empty."), where)
    cells = list(first[1])
    while cells and cells[-1] is None:
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise Invalid("columns", mark("The table has more than %(most)s columns."), where, most=MOST_COLUMNS)
    titles: list[str] = []
    for place, cell in enumerate(cells, 1):
        told = "" if cell is None else cell if isinstance(cell, str) else next(iter(cell.values()))
        title, again = " ".join(told.split()) or f"({place})", 2
        name = title
        while name in titles:
            name, again = f"{title} ({again})", again + 1
        titles.append(name)
    return tuple(titles)
