"""Cells of a sheet as text: what a spreadsheet shows, without its rounding for the eye."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from meters.domain.problems import refusal
from meters.feeds.lines import Unreadable
from meters.feeds.xlsx.book import Book, Sheet, text_in
from meters.feeds.xml_stream import Element, local_name

_PLAIN = re.compile(r"-?\d{1,15}|(?=[\d.-]{1,16}$)-?\d+\.\d+", re.ASCII)
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})", re.ASCII)
_DAYS_1900 = datetime(1899, 12, 30)  # noqa: DTZ001  a sheet's time has no zone
_DAYS_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_DAY = 2_958_465  # 9999-12-31
_NEAR_SECOND = 0.1
_MOST_COLUMNS = 16_384


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that is not blank. `odd` are the columns whose cell is an error or was never calculated, or whose
    number has more digits than a spreadsheet keeps."""

    line: int
    cells: list[str]
    odd: frozenset[int]


def sheet_rows(book: Book, sheet: Sheet) -> Iterator[SheetRow]:
    """The rows of a sheet, in order. Raises Unreadable."""
    line = 0
    for element in book.elements(sheet.part, "row", "sheetData"):
        if local_name(element) == "sheetData":
            return
        said = element.get("r", "")
        line = int(said) if said.isascii() and said.isdigit() and len(said) < 8 else line + 1
        row = _row(book, element, line)
        if row is not None:
            yield row


def _row(book: Book, element: Element, line: int) -> SheetRow | None:
    cells: list[str] = []
    odd = set()
    for cell in element:
        if local_name(cell) != "c":
            continue
        place = _place(cell.get("r", ""), len(cells))
        if place >= _MOST_COLUMNS:
            raise Unreadable(refusal("bad_workbook", "A row has more cells than a sheet can have.", line))
        text, is_odd = _text(book, cell, line)
        if not text.strip():
            continue
        cells.extend([""] * (place + 1 - len(cells)))
        cells[place] = text
        if is_odd:
            odd.add(place)
    return SheetRow(line, cells, frozenset(odd)) if cells else None


def _place(reference: str, following: int) -> int:
    """The column of a cell, counted from 0; without a reference it follows the one before."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return following
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _text(book: Book, cell: Element, line: int) -> tuple[str, bool]:
    """What a cell says, and whether that is no value of its own."""
    kind, value, formula = cell.get("t", "n"), None, None
    for child in cell:
        name = local_name(child)
        if name == "v":
            value = child.text or ""
        elif name == "f":
            formula = child.text or ""
        elif name == "is":
            return text_in(child), False
    if formula is not None and not value and kind != "str":
        return f"={formula[:40]} (not calculated)", True
    if value is None:
        return "", False
    if kind == "s":
        try:
            return book.texts[int(value)], False
        except (ValueError, IndexError) as error:
            words = f"A cell names a text that the workbook does not have: {value[:20]!r}."
            raise Unreadable(refusal("damaged_workbook", words, line)) from error
    if kind == "b":
        return ("TRUE" if value == "1" else "FALSE"), False
    if kind == "d":
        return value.replace("T", " "), False
    if kind != "n":
        return value, kind == "e"
    style = cell.get("s", "0")
    return _number(book, value, int(style) if style.isdigit() and len(style) < 7 else 0)


def _number(book: Book, value: str, style: int) -> tuple[str, bool]:
    """A number as its style shows it: a date, leading noughts, or plain digits, of which a spreadsheet keeps
    fifteen."""
    if style in book.dates:
        return _date(value, book.from_1904), False
    if _PLAIN.fullmatch(value):
        text = value
    else:
        try:
            rounded = Decimal(f"{float(value):.15g}")
        except (ValueError, ArithmeticError):
            return value, False
        if not rounded.is_finite() or abs(rounded.adjusted()) > 30:
            return value, False
        text = format(rounded, "f")
    digits = len(text.lstrip("-").partition(".")[0])
    if style in book.padded and text.isdigit():
        text = text.zfill(book.padded[style])
    return text, digits > 15


def _date(value: str, from_1904: bool) -> str:
    """A day's number and part as a stamp. What is a second but for the errors of adding parts of days is that
    second."""
    try:
        days = float(value)
    except ValueError:
        return value
    if not 61 <= days < _LAST_DAY:
        return value
    seconds = days * 86_400
    if abs(seconds - round(seconds)) < _NEAR_SECOND:
        seconds = round(seconds)
    shown = (_DAYS_1904 if from_1904 else _DAYS_1900) + timedelta(seconds=seconds)
    return shown.isoformat(" ")
