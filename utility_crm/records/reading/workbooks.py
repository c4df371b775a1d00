"""Workbooks (.xlsx, ECMA-376), row by row: dates as dates, numbers by their digits, formulas by values."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from utility_crm.kit.errors import Invalid
from utility_crm.records.domain.seen import Cell
from utility_crm.web.words import mark

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
MOST_UNPACKED = 2 * 2**30
_DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""
Rows = Iterator[tuple[int, list[Cell]]]


def is_workbook(head: bytes) -> bool:
    """Whether a file begins as a workbook does: a ZIP archive."""
    return head.startswith(b"PK\x03\x04")


def refuse_old(head: bytes, where: str) -> None:
    """Raises Invalid for a workbook of Excel 97-2003, and for one behind a password, which begins alike."""
    if head.startswith(_OLE):
        words = mark(
            "This is a workbook of Excel 97-2003 (.xls), or one behind a password. "
            "Open it there and save it as .xlsx without a password, or as CSV UTF-8."
        )
        raise Invalid("old_workbook", words, where)


@contextmanager
def sheet_rows(path: Path, sheet: str, where: str) -> Iterator[tuple[str, Rows]]:
    """The sheet's name and its rows that are not blank, with their numbers. sheet: "" is the first visible.

    Raises Invalid: no workbook after all, damaged, too large unpacked, no such sheet.
    """
    has_formulas = _looked_at(path, where)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        formulas = load_workbook(path, read_only=True) if has_formulas else None
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise _damaged(where) from error
    try:
        name = _chosen(book, sheet, where)
        yield name, _rows(book[name], formulas[name] if formulas is not None else None, where)
    finally:
        book.close()
        if formulas is not None:
            formulas.close()


def _damaged(where: str) -> Invalid:
    return Invalid("workbook", mark("The workbook is damaged, or it is none."), where)


def _looked_at(path: Path, where: str) -> bool:
    """Whether any sheet has formulas."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_UNPACKED:
                words = mark("The workbook is larger than %(most)s GB unpacked. Save it as CSV.")
                raise Invalid("too_large", words, where, most=MOST_UNPACKED >> 30)
            names = [one for one in archive.namelist() if one.startswith("xl/worksheets/")]
            return any(_has_formula(archive, one) for one in names if one.endswith(".xml"))
    except (zipfile.BadZipFile, OSError) as error:
        raise _damaged(where) from error


def _has_formula(archive: zipfile.ZipFile, name: str) -> bool:
    rest = b""
    with archive.open(name) as opened:
        for piece in iter(lambda: opened.read(2**20), b""):
            if b"<f>" in rest + piece or b"<f " in rest + piece:
                return True
            rest = piece[-2:]
    return False


def _chosen(book: Any, sheet: str, where: str) -> str:
    if sheet:
        if sheet not in book.sheetnames:
            words = mark("There is no sheet %(sheet)s; there are %(names)s.")
            raise Invalid("sheet", words, where, sheet=sheet, names=", ".join(book.sheetnames))
        return sheet
    seen = [one.title for one in book.worksheets if one.sheet_state == "visible"]
    if not seen and not book.sheetnames:
        raise Invalid("empty", mark("The file is empty."), where)
    return str((seen or book.sheetnames)[0])


def _rows(values: Any, formulas: Any, where: str) -> Rows:
    try:
        values.reset_dimensions()  # what writers say of the size is often wrong
        if formulas is None:
            for number, row in enumerate(values.iter_rows(), 1):
                cells = [_cell(one, None) for one in row]
                if any(cell is not None for cell in cells):
                    yield number, cells
            return
        formulas.reset_dimensions()
        for number, (row, told) in enumerate(zip(values.iter_rows(), formulas.iter_rows(), strict=True), 1):
            cells = [_cell(one, other) for one, other in zip(row, told, strict=True)]
            if any(cell is not None for cell in cells):
                yield number, cells
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        raise _damaged(where) from error


def _cell(cell: Any, formula: Any) -> Cell:
    value = cell.value
    if value is None:
        if formula is not None and formula.data_type == "f":
            return {"f": str(formula.value)[:80]}
        return None
    if cell.data_type == "e":
        return {"e": str(value)}
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        value = _to_the_second(value)
        return {"d": value.date().isoformat() if value.time() == time() else value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, int | float):
        return {"n": _digits(value)}
    return str(value).replace("\0", "").strip() or None


def _to_the_second(value: datetime) -> datetime:
    """Days are kept as fractions: what is short of a second is the fraction's error."""
    return (value + timedelta(milliseconds=500)).replace(microsecond=0)


def _digits(value: int | float) -> str:
    """The digits that the spreadsheet shows: 0.1+0.2 is 0.3, a long number is no 1e+20."""
    if isinstance(value, int):
        return str(value)
    short = format(value, f".{_DIGITS}g")
    if "e" in short:
        short = format(Decimal(short), "f")
    return short
